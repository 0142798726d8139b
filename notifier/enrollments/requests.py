"""What staff ask for when they enroll a patient, and the checks of it that need no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from notifier.domain.instants import check_appointment_at, check_treated_at, zone_called
from notifier.domain.names import Name, check_name
from notifier.domain.offices import choose_office
from notifier.domain.own_lengths import check_own_lengths
from notifier.domain.phone import parse_phone
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.protocol_choice import approved_words, check_allowed, check_field, check_words, find_protocol
from notifier.domain.refused import Refused
from notifier.domain.series_answers import with_series
from notifier.domain.states import EnrollmentState
from notifier.enrollments.field_values import read_choice, read_text
from notifier.enrollments.fields import BY_NAME, CHANGEABLE, FIELDS, PLANNED, TEXTS, Field, Kind
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
    session: str | None = None
    """Which session of a series this is; an answer, too."""
    sessions: str | None = None
    """How many the series has."""
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
    quiet_days: str | None = None
    """Weekdays and dates on which the patient wishes no text."""
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
        return self.texts[name] if name in self.texts else self._other(name)

    def _other(self, name: str) -> Any:
        match name:
            case "name":
                return self.name.full
            case "protocol":
                return self.facts.protocol.id
            case "answers" | "restrictions":
                return dict(getattr(self.facts, name))
            case "second":
                return self.second
            case "session" | "sessions":
                return self.facts.answers.get(name)
            case "new_area_code":
                return self.vouched
            case "informed":
                return next(iter(self.facts.informed.values()), None)
        return getattr(self.facts, name)

    def digest(self) -> str:
        """The same for the same content; what an import compares with the row it read last time."""
        content: list[object] = []
        for one in CHANGEABLE:
            if one.whole:
                value = self.value(one.name)
                if value or one.kind is not Kind.OFFICE:
                    content.append(value.isoformat() if isinstance(value, datetime) else value)
            elif one.name in self.given and _is_content(one) and not one.is_key:
                content.append([one.name, self.value(one.name)])
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
    answers = with_series(request.answers, request.session, request.sessions)
    check_words(protocol, language, answers)
    words = approved_words(protocol, language, protocols)
    if words is not protocol:
        answers = {question: answer for question, answer in answers.items() if fits_question(words, question, answer)}
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
    if lengths:
        facts = replace(facts, restrictions=lengths)
    return Checked(facts, name, texts, bool(request.second), vouched, given)


def check_when(wanted: Checked, now: datetime) -> None:
    """Refuse a treatment in the future and an appointment in the past."""
    if wanted.facts.treated_at is not None:
        check_treated_at(wanted.facts.treated_at, now, wanted.facts.timezone)
    elif wanted.facts.appointment_at is not None:
        check_appointment_at(wanted.facts.appointment_at, now, wanted.facts.timezone)


def fits_question(protocol: CareProtocol, question: str, answer: str) -> bool:
    """Whether the protocol asks that, and knows the answer."""
    if question in SERIES:
        return True
    return question in protocol.questions and answer in protocol.questions[question].answers
