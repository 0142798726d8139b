"""What staff change about an enrollment, and the checks of it that need no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from notifier.domain.cleared import Said, with_cleared
from notifier.domain.instants import check_appointment_at, check_treated_at, zone_called
from notifier.domain.names import Name, check_name
from notifier.domain.own_lengths import check_own_lengths
from notifier.domain.phone import parse_phone
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.protocol_choice import check_field, check_words
from notifier.domain.refused import Refused
from notifier.domain.series_answers import with_series
from notifier.domain.states import EnrollmentState
from notifier.enrollments.field_values import read_choice, read_text
from notifier.enrollments.fields import BY_NAME, CHANGEABLE, PLANNED, Kind
from notifier.enrollments.requests import fits_question
from schedules.protocol import CareProtocol

_NOT_TREATED = frozenset({EnrollmentState.BOOKED, EnrollmentState.NO_SHOW})
"""A treatment, or another appointment, says that the patient came after all, or will come."""

_PLAIN = frozenset({Kind.ZONE, Kind.FLAG, Kind.OFFICE, Kind.TEXT})
"""What is changed by itself; the others hang on each other, or on the patient."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """New values, as typed; None leaves a thing as it is. Both instants are aware."""

    name: str | None = None
    phone: str | None = None
    timezone: str | None = None
    language: str | None = None
    answers: Mapping[str, str] | None = None
    """Answers that are new or different; the others stay."""
    session: str | None = None
    """Which session of a series this is; an answer, too."""
    sessions: str | None = None
    """How many the series has."""
    treated_at: datetime | None = None
    appointment_at: datetime | None = None
    protocol: CareProtocol | None = None
    """Pins this version, also where it is the same protocol."""
    rebook_consent: bool | None = None
    second: bool | None = None
    """Whether it is a second treatment of the same day, on the same protocol."""
    separate_areas: bool | None = None
    """Whether this treatment is on other areas of skin than the earlier ones."""
    external_id: str | None = None
    """The id that the clinic's own system uses; empty: none any more."""
    office: str | None = None
    """Whose name, phone, hours and sender the texts have from now on."""
    provider: str | None = None
    """Who treated the patient; empty: nobody says."""
    new_area_code: bool | None = None
    """A person vouches for the new number, whose area code the library does not know yet."""
    restrictions: Mapping[str, str] | None = None
    """Lengths for this patient that are new or different; an empty one takes it back, the others stay."""
    decided_by: str | None = None
    """Who decided that one of them is shorter than the protocol's; empty: nobody says."""
    quiet_days: str | None = None
    """Weekdays and dates on which the patient wishes no text; empty: none any more."""
    informed: str | None = None
    """Somebody told the patient every rule: `yes`, or `card` where it was in writing."""
    cleared: Said | None = None


def changed(facts: EnrollmentFacts, changes: ChangeRequest, now: datetime) -> EnrollmentFacts:
    """The enrollment after the changes; raises Refused with a sentence."""
    after = facts
    if changes.name is not None:
        name: Name = check_field("name", check_name, changes.name)
        after = replace(after, first_name=name.first, folded_name=name.folded)
    if changes.phone is not None:
        read = partial(parse_phone, vouched=bool(changes.new_area_code))
        after = replace(after, phone=check_field("phone", read, changes.phone).e164)
    if changes.timezone is not None:
        check_field("timezone", zone_called, changes.timezone)
    for one in CHANGEABLE:
        value: Any = getattr(changes, one.name)
        if one.name in PLANNED and value is not None and one.kind in _PLAIN:
            value = read_text(one, value) if one.kind is Kind.TEXT else value
            after = replace(after, **{one.name: value})
    after = _with_words(after, changes)
    if informed := read_choice(BY_NAME["informed"], changes.informed):
        after = replace(after, informed={**after.informed, **dict.fromkeys(after.protocol.restrictions, informed)})
    return with_cleared(_with_lengths(_with_time(after, changes, now), changes), changes.cleared or {}, now)


def names_of(changes: ChangeRequest) -> str:
    """What is changed, in words and without the values: events name no patient data."""
    said = [name.replace("_", " ") for name in ChangeRequest.__slots__ if getattr(changes, name) is not None]
    return ", ".join(said) or "nothing"


def _with_words(facts: EnrollmentFacts, changes: ChangeRequest) -> EnrollmentFacts:
    protocol = changes.protocol or facts.protocol
    # An answer that the new protocol has no question for is of no use to it; a new answer is checked.
    kept = {question: one for question, one in facts.answers.items() if fits_question(protocol, question, one)}
    answers = {**kept, **with_series(changes.answers or {}, changes.session, changes.sessions)}
    language = changes.language or facts.language
    check_words(protocol, language, answers)
    return replace(facts, protocol=protocol, answers=answers, language=language)


def _with_lengths(facts: EnrollmentFacts, changes: ChangeRequest) -> EnrollmentFacts:
    """What is said now is checked by who is named now: a name from before stands behind what was said then."""
    said = changes.restrictions or {}
    kept = {topic: one for topic, one in facts.restrictions.items() if topic in facts.protocol.restrictions}
    new = {topic: one for topic, one in said.items() if one and one != kept.get(topic)}
    checked = check_own_lengths(
        new, facts.protocol, facts.anchor, facts.timezone, decided_by=changes.decided_by or None
    )
    lengths = {topic: one for topic, one in {**kept, **checked}.items() if said.get(topic) != ""}
    return replace(facts, restrictions=lengths)


def _with_time(facts: EnrollmentFacts, changes: ChangeRequest, now: datetime) -> EnrollmentFacts:
    if changes.treated_at is not None:
        if changes.treated_at != facts.treated_at:
            check_treated_at(changes.treated_at, now, facts.timezone)
        state = EnrollmentState.ACTIVE if facts.state in _NOT_TREATED else facts.state
        return replace(facts, treated_at=changes.treated_at, state=state)
    if changes.appointment_at is not None and changes.appointment_at != facts.appointment_at:
        if facts.treated_at is not None:
            raise Refused(
                "the patient has been treated: change the END of the treatment, or enroll the next appointment",
                "appointment_at",
            )
        check_appointment_at(changes.appointment_at, now, facts.timezone)
        state = EnrollmentState.BOOKED if facts.state in _NOT_TREATED else facts.state
        return replace(facts, appointment_at=changes.appointment_at, state=state)
    return facts
