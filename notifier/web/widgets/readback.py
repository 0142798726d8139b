"""What a change of a patient asks for, read back beside what is known: a wrong digit is seen before it is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from notifier.db.tables import Enrollment
from notifier.domain.phone import parse_phone
from notifier.enrollments.field_values import read_text, stored
from notifier.enrollments.fields import CHANGEABLE, Kind
from notifier.web.widgets.formats import plain
from notifier.web.widgets.typed_fields import in_words, typed_value
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One fact that changes, in words."""

    what: str
    was: str
    becomes: str


def read_back(
    sent: Sequence[tuple[str, str]], enrollment: Enrollment, zone: ZoneInfo, protocols: Mapping[str, CareProtocol]
) -> list[ReadBack]:
    """What a form that was found to be good would change; times are on the clinic's clock, `zone`."""
    form = {name: value.strip() for name, value in sent}
    if form.get("what") != "change":
        return []
    said = _said(form, enrollment, zone, protocols)
    return [ReadBack(what, was or "none", becomes or "none") for what, was, becomes in said if becomes != was]


def _said(
    form: Mapping[str, str], enrollment: Enrollment, zone: ZoneInfo, protocols: Mapping[str, CareProtocol]
) -> Iterator[tuple[str, str, str]]:
    for one in CHANGEABLE:
        known, value = stored(one, enrollment), typed_value(one, form, zone)
        if value is None:
            continue
        match one.kind:
            case Kind.ANSWERS:
                for question, answer in value.items():
                    yield plain(question).capitalize(), plain(known.get(question, "not asked")), plain(answer)
                continue
            case Kind.PHONE:
                value = parse_phone(value, vouched=True).e164
            case Kind.TEXT:
                value = read_text(one, value)
        yield one.label, in_words(one, known, zone, protocols), in_words(one, value, zone, protocols)
