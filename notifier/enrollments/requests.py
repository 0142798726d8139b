"""What staff ask for when they enroll a patient or change an enrollment, and the checks that need no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from notifier.domain.cleared import Said, with_cleared
from notifier.domain.instants import check_appointment_at, check_treated_at, zone_called
from notifier.domain.names import Name, check_name
from notifier.domain.offices import choose_office
from notifier.domain.own_lengths import check_own_lengths
from notifier.domain.phone import parse_phone
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.protocol_choice import approved_words, check_allowed, check_field, check_words, find_protocol
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState
from notifier.enrollments.fields import (
    BY_NAME,
    CHANGEABLE,
    FIELDS,
    PLANNED,
    TEXTS,
    Field,
    Kind,
    read_choice,
    read_text,
)
from schedules.protocol import CareProtocol
from schedules.series import SERIES


@dataclass(frozen=True, slots=True)
class EnrollRequest:
    """One patient on one protocol, as typed; `treated_at` and `appointment_at` are aware instants."""

    name: str
    phone: str
    protocol: str
    consent: str
    """How the patient agreed to texts, in staff's words: "signed form", "asked at the desk"."""
    treated_at: datetime | None = None
    """The END of the treatment."""
    appointment_at: datetime | None = None
    timezone: str | None = None
    """IANA name; the office's, or the clinic's, where it is None."""
    language: str | None = None
    """Where it is None, the office's, or the first language of the protocol."""
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rebook_consent: bool = False
    external_id: str | None = None
    second: bool | None = None
    """A second treatment of the same day, on the same protocol; None as False: nobody said."""
    separate_areas: bool | None = None
    """Staff say that the patient's earlier treatments were on other areas; None as False: nobody said."""
    office: str | None = None
    """The patient's office, where there are any; the only one where it is None."""
    provider: str | None = None
    """Who treated the patient."""
    new_area_code: bool | None = None
    """A person vouches for the number, whose area code the library does not know yet."""
    restrictions: Mapping[str, str] | None = None
    """By topic: how long it holds for this patient, such as `10d`."""
    decided_by: str | None = None
    """Who decided that one of them is shorter than the protocol's."""
    informed: str | None = None
    """Somebody told the patient every rule: `yes`, or `card` where it was in writing."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A request whose every field is good."""

    facts: EnrollmentFacts
    name: Name
    texts: Mapping[str, str | None]
    """The texts of the field table, as they are stored."""
    second: bool
    vouched: bool
    """A person says that the number is right, whatever is known of its area code."""
    given: frozenset[str]
    """The fields that somebody said; the others have what holds unless said."""

    @property
    def external_id(self) -> str | None:
        """The id that the clinic's own system uses."""
        return self.texts["external_id"]

    def value(self, name: str) -> Any:
        """What a field of the table has, as it is stored."""
        match name:
            case "name":
                return self.name.full
            case "protocol":
                return self.facts.protocol.id
            case "answers" | "restrictions":
                return dict(getattr(self.facts, name))
            case "second":
                return self.second
            case "new_area_code":
                return self.vouched
            case "informed":
                return next(iter(self.facts.informed.values()), None)
        return self.texts[name] if name in self.texts else getattr(self.facts, name)

    def digest(self) -> str:
        """The same for the same content; what an import compares with the row it read last time."""
        content: list[object] = []
        for one in CHANGEABLE:
            value = self.value(one.name)
            if one.whole and (value or one.kind is not Kind.OFFICE):
                content.append(value.isoformat() if isinstance(value, datetime) else value)
            elif one.name in self.given and _is_content(one) and not one.whole and not one.is_key:
                content.append([one.name, value])
        return hashlib.sha256(_canonical(content).encode()).hexdigest()[:16]


def _is_content(field: Field) -> bool:
    return field.is_kept or field.kind is Kind.CHOICE


_canonical = json.JSONEncoder(sort_keys=True).encode


def check_request(request: EnrollRequest, protocols: Mapping[str, CareProtocol], rules: PlanningRules) -> Checked:
    """Check what needs neither the clock nor the database; raises Refused with the field it is about."""
    name = check_field("name", check_name, request.name)
    vouched = bool(request.new_area_code)
    phone = check_field("phone", partial(parse_phone, vouched=vouched), request.phone)
    protocol = find_protocol(request.protocol, protocols)
    office = choose_office(request.office, rules.offices, rules.yours)
    check_allowed(protocol, office, rules)
    timezone = request.timezone or rules.at(office).timezone
    check_field("timezone", zone_called, timezone)
    if request.treated_at is None and request.appointment_at is None:
        raise Refused("say when the treatment ENDED, or when the appointment is", "treated_at")
    texts = {one.name: read_text(one, getattr(request, one.name)) for one in TEXTS}
    informed = read_choice(BY_NAME["informed"], request.informed)
    language = request.language or (rules.offices[office].language_of(protocol) if office else protocol.languages[0])
    check_words(protocol, language, request.answers)
    words, answers = approved_words(protocol, language, protocols), request.answers
    if words is not protocol:
        answers = {question: answer for question, answer in answers.items() if _fits(words, question, answer)}
    planned: dict[str, Any] = {one.name: texts[one.name] for one in TEXTS if one.name in PLANNED}
    facts = EnrollmentFacts(
        enrollment=0,
        protocol=words,
        phone=phone.e164,
        first_name=name.first,
        folded_name=name.folded,
        timezone=timezone,
        language=language,
        answers=answers,
        rebook_consent=request.rebook_consent,
        separate_areas=bool(request.separate_areas),
        state=EnrollmentState.ACTIVE if request.treated_at else EnrollmentState.BOOKED,
        treated_at=request.treated_at,
        appointment_at=request.appointment_at,
        office=office,
        informed=dict.fromkeys(words.restrictions, informed) if informed else {},
        **planned,
    )
    given = frozenset(one.name for one in FIELDS if getattr(request, one.name) is not None)
    wanted = {topic: length for topic, length in (request.restrictions or {}).items() if length}
    lengths = check_own_lengths(wanted, words, facts.anchor, timezone, decided_by=facts.decided_by)
    facts = replace(facts, restrictions=lengths)
    return Checked(facts, name, texts, bool(request.second), vouched, given)


def check_when(wanted: Checked, now: datetime) -> None:
    """Refuse a treatment in the future and an appointment in the past."""
    if wanted.facts.treated_at is not None:
        check_treated_at(wanted.facts.treated_at, now, wanted.facts.timezone)
    elif wanted.facts.appointment_at is not None:
        check_appointment_at(wanted.facts.appointment_at, now, wanted.facts.timezone)


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
    kept = {question: answer for question, answer in facts.answers.items() if _fits(protocol, question, answer)}
    answers = {**kept, **(changes.answers or {})}
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


def _fits(protocol: CareProtocol, question: str, answer: str) -> bool:
    if question in SERIES:
        return True
    return question in protocol.questions and answer in protocol.questions[question].answers


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
