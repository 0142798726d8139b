"""What staff may change about an enrollment, and what it then is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.instants import check_appointment_at, check_treated_at, zone_called
from notifier.domain.names import Name, check_name
from notifier.domain.phone import parse_phone
from notifier.domain.planning.plan import Facts
from notifier.domain.protocol_choice import check_words, said_of
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState
from schedules.protocol import CareProtocol

_NOT_TREATED = frozenset({EnrollmentState.BOOKED, EnrollmentState.NO_SHOW})
"""A treatment, or another appointment, says that she came after all, or will come."""


@dataclass(frozen=True, slots=True)
class Changes:
    """New values, as typed; None leaves a thing as it is. Both instants are aware."""

    name: str | None = None
    phone: str | None = None
    timezone: str | None = None
    language: str | None = None
    answers: Mapping[str, str] | None = None
    """Answers that are new or different; the others stay."""
    treated_at: datetime | None = None
    appointment_at: datetime | None = None
    protocol: CareProtocol | None = None
    """Pins this version, also where it is the same protocol."""
    rebook_consent: bool | None = None
    separate_areas: bool | None = None
    """Whether this treatment is on other areas of skin than her earlier ones."""
    office: str | None = None
    """Whose name, phone, hours and sender her texts have from now on."""
    resumed: bool | None = None
    """True takes back a hold, a no-show or a cancellation."""


def changed(facts: Facts, changes: Changes, now: datetime) -> Facts:
    """The enrollment after the changes; raises Refused with a sentence."""
    after = facts
    if changes.name is not None:
        name: Name = said_of("name", check_name, changes.name)
        after = replace(after, first_name=name.first, folded_name=name.folded)
    if changes.phone is not None:
        after = replace(after, phone=said_of("phone", parse_phone, changes.phone).e164)
    if changes.timezone is not None:
        said_of("timezone", zone_called, changes.timezone)
        after = replace(after, timezone=changes.timezone)
    if changes.rebook_consent is not None:
        after = replace(after, rebook_consent=changes.rebook_consent)
    if changes.separate_areas is not None:
        after = replace(after, separate_areas=changes.separate_areas)
    if changes.office is not None:
        after = replace(after, office=changes.office)
    after = _with_words(after, changes)
    return _with_time(after, changes, now)


def names_of(changes: Changes) -> str:
    """What is changed, in words and without the values: events name no patient data."""
    said = [name.replace("_", " ") for name in Changes.__slots__ if getattr(changes, name) is not None]
    return ", ".join(said) or "nothing"


def _with_words(facts: Facts, changes: Changes) -> Facts:
    protocol = changes.protocol or facts.protocol
    # An answer that the new protocol has no question for is of no use to it; a new answer is checked.
    kept = {question: answer for question, answer in facts.answers.items() if _fits(protocol, question, answer)}
    answers = {**kept, **(changes.answers or {})}
    language = changes.language or facts.language
    check_words(protocol, language, answers)
    return replace(facts, protocol=protocol, answers=answers, language=language)


def _fits(protocol: CareProtocol, question: str, answer: str) -> bool:
    return question in protocol.questions and answer in protocol.questions[question].answers


def _with_time(facts: Facts, changes: Changes, now: datetime) -> Facts:
    if changes.resumed:
        facts = replace(facts, state=EnrollmentState.BOOKED if facts.treated_at is None else EnrollmentState.ACTIVE)
    if changes.treated_at is not None:
        if changes.treated_at != facts.treated_at:
            check_treated_at(changes.treated_at, now, facts.timezone)
        state = EnrollmentState.ACTIVE if facts.state in _NOT_TREATED else facts.state
        return replace(facts, treated_at=changes.treated_at, state=state)
    if changes.appointment_at is not None and changes.appointment_at != facts.appointment_at:
        if facts.treated_at is not None:
            raise Refused("she has been treated: change treated_at, or enroll the next appointment", "appointment_at")
        check_appointment_at(changes.appointment_at, now, facts.timezone)
        state = EnrollmentState.BOOKED if facts.state in _NOT_TREATED else facts.state
        return replace(facts, appointment_at=changes.appointment_at, state=state)
    return facts
