"""What a change of a patient asks for, read back beside what is known: a wrong digit is seen before it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.db.tables import Enrollment
from notifier.domain.instants import read_instant
from notifier.domain.phone import parse_phone
from notifier.web.widgets.formats import city, language, moment, number, plain
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True)
class Asked:
    """One fact that changes, in words."""

    what: str
    was: str
    becomes: str


def asked_for(
    sent: Sequence[tuple[str, str]], enrollment: Enrollment, zone: ZoneInfo, protocols: Mapping[str, CareProtocol]
) -> list[Asked]:
    """What a form that was found to be good would change; times are on the clinic's clock, `zone`."""
    typed = {name: value.strip() for name, value in sent}
    if typed.get("what") != "change":
        return []
    said = [*_facts(typed, enrollment, zone), *_choices(typed, enrollment, protocols), *_ticked(typed, enrollment)]
    return [Asked(what, was or "none", becomes) for what, was, becomes in said if becomes and becomes != was]


def _facts(typed: Mapping[str, str], known: Enrollment, zone: ZoneInfo) -> Iterator[tuple[str, str, str]]:
    phone, when = typed.get("phone"), ("appointment_at", "treated_at")
    yield "Name", known.name, typed.get("name", "")
    yield "Mobile", number(known.phone), number(parse_phone(phone).e164) if phone else ""
    for name, what in zip(when, ("Appointment", "Treatment ended"), strict=True):
        was: datetime | None = getattr(known, name)
        at = read_instant(typed[name], zone.key, name, clinic_zone=zone.key) if typed.get(name) else None
        # A field has no seconds, so a time that nobody touched is the same to the minute.
        yield what, moment(was, zone) if was else "", moment(at, zone) if at else ""


def _choices(
    typed: Mapping[str, str], known: Enrollment, protocols: Mapping[str, CareProtocol]
) -> Iterator[tuple[str, str, str]]:
    def title(protocol: str) -> str:
        return protocols[protocol].title if protocol in protocols else protocol

    yield "Lives in", city(known.timezone), city(typed.get("timezone", ""))
    yield "Texts in", language(known.language), language(typed.get("language", ""))
    yield "Office", known.office or "", typed.get("office", "")
    yield "Protocol", title(known.protocol), title(typed.get("protocol", ""))
    for name, answer in typed.items():
        if name.startswith("answer."):
            question = name.removeprefix("answer.")
            yield plain(question).capitalize(), plain((known.answers or {}).get(question, "not asked")), plain(answer)


def _ticked(typed: Mapping[str, str], known: Enrollment) -> Iterable[tuple[str, str, str]]:
    boxes = (
        ("asks_rebook", "rebook_consent", "Wants to hear of next visits"),
        ("asks_areas", "separate_areas", "On a separate area of skin"),
    )
    for asks, name, what in boxes:
        if asks in typed:
            yield what, _yes(bool(getattr(known, name))), _yes(typed.get(name) == "yes")


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
