"""The fields of an enrollment in a form of the page: what was typed, and a value in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from notifier.db.tables import Enrollment
from notifier.domain.instants import read_instant
from notifier.domain.own_lengths import parse_own_lengths
from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import Refused
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.field_values import stored
from notifier.enrollments.fields import CHANGEABLE, Field, Kind
from notifier.web.widgets.formats import city, language, moment, number, typed
from schedules.protocol import CareProtocol

ANSWER = "answer."
"""Opens the name of an answer's field."""
ASKS = "asks_"
"""Opens the name of what says that a form has a box: an unticked box is not sent."""


def change_request(
    sent: Iterable[tuple[str, str]], enrollment: Enrollment, zone: ZoneInfo, protocols: Mapping[str, CareProtocol]
) -> ChangeRequest:
    """What a form says differently from what is stored; times are on the clock of `zone`.

    Raises Refused for a time that cannot be read, for an unknown protocol, and where nothing differs.
    """
    form = {name: value.strip() for name, value in sent}
    said: dict[str, Any] = {one.name: _difference(one, form, enrollment, zone) for one in CHANGEABLE}
    if said["protocol"] is not None:
        said["protocol"] = find_protocol(said["protocol"], protocols)
    changes = ChangeRequest(**said)
    if changes == ChangeRequest():
        raise Refused("nothing was changed in the form; change a field first")
    return changes


def typed_value(one: Field, form: Mapping[str, str], zone: ZoneInfo) -> Any:
    """What a form says of a field; None where it says nothing. Raises Refused for a time that cannot be read."""
    text = form.get(one.name, "")
    match one.kind:
        case Kind.ANSWERS:
            given = {name.removeprefix(ANSWER): value for name, value in form.items() if name.startswith(ANSWER)}
            return {question: answer for question, answer in given.items() if answer} or None
        case Kind.FLAG:
            return text == "yes" if f"{ASKS}{one.name}" in form else None
        case Kind.INSTANT:
            return read_instant(text, zone.key, one.name, clinic_zone=zone.key) if text else None
        case Kind.LENGTHS:
            return parse_own_lengths([text]) if one.name in form else None
        case Kind.TEXT:
            return text if one.name in form else None
    return text or None


def in_words(one: Field, value: Any, zone: ZoneInfo, protocols: Mapping[str, CareProtocol]) -> str:
    """A value as the page says it; empty where there is none."""
    match one.kind:
        case Kind.FLAG:
            return "yes" if value else "no"
        case _ if value is None:
            return ""
        case Kind.INSTANT:
            return moment(value, zone)
        case Kind.PHONE:
            return number(value)
        case Kind.LENGTHS:
            return "; ".join(f"{topic}={length}" for topic, length in value.items())
        case Kind.ZONE | Kind.LANGUAGE:
            return city(value) if one.kind is Kind.ZONE else language(value)
        case Kind.PROTOCOL:
            return protocols[value].title if value in protocols else str(value)
    return one.in_words(value)


def _difference(one: Field, form: Mapping[str, str], enrollment: Enrollment, zone: ZoneInfo) -> Any:
    value, known = typed_value(one, form, zone), stored(one, enrollment)
    match one.kind:
        case Kind.PROTOCOL:
            return value  # its present version may be another one
        case Kind.ANSWERS:
            return {key: answer for key, answer in (value or {}).items() if known.get(key) != answer} or None
        case Kind.LENGTHS:
            taken_back = dict.fromkeys(known.keys() - (value or {}).keys(), "")
            new = {topic: length for topic, length in (value or {}).items() if known.get(topic) != length}
            return ({**new, **taken_back} or None) if value is not None else None
        case Kind.INSTANT if form.get(one.name) == typed(known, zone):
            return None  # a field has no seconds, so a time that nobody touched is the same to the minute
        case Kind.PHONE if value == number(known):
            return None
    return None if value == (known or "" if one.kind in (Kind.TEXT, Kind.OFFICE) else known) else value
