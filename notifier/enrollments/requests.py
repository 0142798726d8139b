"""What staff ask for when they enroll a patient, and the checks that need no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from notifier.domain.instants import check_appointment_at, check_treated_at, zone_called
from notifier.domain.names import Name, check_name
from notifier.domain.offices import choose_office
from notifier.domain.phone import parse_phone
from notifier.domain.planning.plan import Facts, PlanningRules
from notifier.domain.protocol_choice import check_allowed, check_words, find_protocol, said_of
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState
from schedules.protocol import CareProtocol

LONGEST_CONSENT = 200
LONGEST_EXTERNAL_ID = 120


@dataclass(frozen=True, slots=True)
class EnrollRequest:
    """One patient on one protocol, as typed; `treated_at` and `appointment_at` are aware instants."""

    name: str
    phone: str
    protocol: str
    consent: str
    """How she agreed to texts, in staff's words: "signed form", "asked at the desk"."""
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
    second: bool = False
    """A second treatment of the same day, on the same protocol."""
    separate_areas: bool = False
    """Staff say that her earlier treatments were on other areas."""
    office: str | None = None
    """Where there are offices, hers; the only one where it is None."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A request whose every field is good."""

    facts: Facts
    name: Name
    consent: str
    external_id: str | None
    second: bool

    def digest(self) -> str:
        """The same for the same content; what an import compares with the row it read last time."""
        facts = self.facts
        content = [
            self.name.full,
            facts.phone,
            facts.protocol.id,
            facts.treated_at.isoformat() if facts.treated_at else None,
            facts.appointment_at.isoformat() if facts.appointment_at else None,
            facts.timezone,
            facts.language,
            dict(facts.answers),
            facts.rebook_consent,
            *([facts.office] if facts.office else []),
        ]
        return hashlib.sha256(_canonical(content).encode()).hexdigest()[:16]


_canonical = json.JSONEncoder(sort_keys=True).encode


def check_request(request: EnrollRequest, protocols: Mapping[str, CareProtocol], rules: PlanningRules) -> Checked:
    """Check what needs neither the clock nor the database; raises Refused with the field it is about."""
    name = said_of("name", check_name, request.name)
    phone = said_of("phone", parse_phone, request.phone)
    protocol = find_protocol(request.protocol, protocols)
    office = choose_office(request.office, rules.offices, rules.yours)
    check_allowed(protocol, office, rules)
    timezone = request.timezone or rules.at(office).timezone
    said_of("timezone", zone_called, timezone)
    if request.treated_at is None and request.appointment_at is None:
        raise Refused("say treated_at (the END of the treatment) or appointment_at", "treated_at")
    consent = " ".join(request.consent.split())
    if not consent:
        raise Refused("consent is empty; say how the patient agreed to texts, such as: signed form", "consent")
    if len(consent) > LONGEST_CONSENT:
        raise Refused(f"consent is {len(consent)} characters long; write at most {LONGEST_CONSENT}", "consent")
    external_id = (request.external_id or "").strip() or None
    if external_id and len(external_id) > LONGEST_EXTERNAL_ID:
        raise Refused(
            f"external_id is {len(external_id)} characters long; write at most {LONGEST_EXTERNAL_ID}", "external_id"
        )
    language = request.language or (rules.offices[office].language_of(protocol) if office else protocol.languages[0])
    check_words(protocol, language, request.answers)
    facts = Facts(
        enrollment=0,
        protocol=protocol,
        phone=phone.e164,
        first_name=name.first,
        folded_name=name.folded,
        timezone=timezone,
        language=language,
        answers=request.answers,
        rebook_consent=request.rebook_consent,
        separate_areas=request.separate_areas,
        state=EnrollmentState.ACTIVE if request.treated_at else EnrollmentState.BOOKED,
        treated_at=request.treated_at,
        appointment_at=request.appointment_at,
        office=office,
    )
    return Checked(facts, name, consent, external_id, request.second)


def check_when(wanted: Checked, now: datetime) -> None:
    """Refuse a treatment in the future and an appointment in the past."""
    if wanted.facts.treated_at is not None:
        check_treated_at(wanted.facts.treated_at, now, wanted.facts.timezone)
    elif wanted.facts.appointment_at is not None:
        check_appointment_at(wanted.facts.appointment_at, now, wanted.facts.timezone)
