"""What an Appointment or a Procedure says of a visit: which one, what became of it, when, on what, where, by whom."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.procedure import Procedure

from notifier.domain.refused import Refused
from notifier.web.fhir.resources import words_of

PROTOCOL_URL: Final = "urn:aftercare-notifier:protocol:"
ANSWER_URL: Final = "urn:aftercare-notifier:answer:"
_CARE_PLAN: Final = re.compile(r"(?:.*/)?CarePlan/([0-9]{1,9})")


class Became(Enum):
    """What became of a visit."""

    BOOKED = "is booked"
    TREATED = "was treated"
    CALLED_OFF = "was called off"
    NEVER_WAS = "was entered in error"
    NO_SHOW = "did not come"
    NOTHING_YET = "has not ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentVisit:
    """As it was sent."""

    kind: str
    ids: tuple[str, ...]
    """The clinic's own ids of it: an enrollment is found by any, and made with the first."""
    enrollment: int | None = None
    """Where it names our number."""
    became: Became
    at: datetime | None
    """The appointment, or the END of the treatment."""
    protocol: tuple[str, ...]
    """Words that may name it."""
    subjects: tuple[Any, ...]
    """References, of which one is to the patient."""
    office: str | None
    provider: str | None
    answers: dict[str, str]
    """To the protocol's questions, by the extensions that say them."""


_OF_APPOINTMENT: Final = {
    "pending": Became.BOOKED,
    "booked": Became.BOOKED,
    "arrived": Became.BOOKED,
    "checked-in": Became.BOOKED,
    "fulfilled": Became.BOOKED,  # that the patient came does not say when the treatment ended
    "proposed": Became.NOTHING_YET,
    "waitlist": Became.NOTHING_YET,
    "cancelled": Became.CALLED_OFF,
    "noshow": Became.NO_SHOW,
    "entered-in-error": Became.NEVER_WAS,
}
_OF_PROCEDURE: Final = {
    "completed": Became.TREATED,
    "preparation": Became.NOTHING_YET,
    "in-progress": Became.NOTHING_YET,
    "on-hold": Became.NOTHING_YET,
    "not-done": Became.CALLED_OFF,
    "entered-in-error": Became.NEVER_WAS,
}


def visit_of(resource: Appointment | Procedure) -> SentVisit:
    """What it says. Raises Refused with a sentence."""
    return _of_appointment(resource) if isinstance(resource, Appointment) else _of_procedure(resource)


def _of_appointment(appointment: Appointment) -> SentVisit:
    actors = [one.actor for one in appointment.participant if one.actor]
    became = _became(_OF_APPOINTMENT, appointment.status, "Appointment")
    if became is Became.BOOKED and appointment.start is None:
        raise Refused("Appointment.start is missing", "appointment_at")
    return SentVisit(
        kind="Appointment",
        ids=_ids(appointment.identifier),
        became=became,
        at=appointment.start,
        protocol=tuple(words_of(appointment.serviceType)) or tuple(words_of(appointment.appointmentType)),
        subjects=tuple(actors),
        office=_office(actors),
        provider=_provider(actors),
        answers=_answers(appointment.extension),
    )


def _of_procedure(procedure: Procedure) -> SentVisit:
    based_on = procedure.basedOn or []
    plans = (_CARE_PLAN.fullmatch(one.reference or "") for one in based_on)
    named = [one.identifier for one in based_on if one.identifier]
    canonical = [one.partition("|")[0] for one in procedure.instantiatesCanonical or () if one]
    became = _became(_OF_PROCEDURE, procedure.status, "Procedure")
    actors = [one.actor for one in procedure.performer or ()]
    return SentVisit(
        kind="Procedure",
        ids=tuple(dict.fromkeys(_ids(named) + _ids(procedure.identifier))),
        enrollment=next((int(one[1]) for one in plans if one), None),
        became=became,
        at=_end_of(procedure) if became is Became.TREATED else None,
        protocol=(
            *(one.removeprefix(PROTOCOL_URL) for one in canonical if one.startswith(PROTOCOL_URL)),
            *words_of(procedure.code),
        ),
        subjects=(procedure.subject,),
        office=_office([procedure.location]),
        provider=_provider(actors),
        answers=_answers(procedure.extension),
    )


def _became(known: dict[str, Became], status: str | None, kind: str) -> Became:
    if status not in known:
        raise Refused(f"{kind}.status says nothing that can be done here; send one of {', '.join(known)}", "status")
    return known[status]


def _end_of(procedure: Procedure) -> datetime:
    """The end of the period; a single instant is taken for it."""
    period = procedure.performedPeriod
    end = period.end if period else procedure.performedDateTime
    if not isinstance(end, datetime) or end.tzinfo is None:
        raise Refused(
            "say when the treatment ENDED, to the minute and with the offset: Procedure.performedPeriod.end, or "
            "performedDateTime",
            "treated_at",
        )
    return end


def _ids(identifiers: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(one.value for one in identifiers or () if one.value and one.use != "old")


def _answers(extensions: Iterable[Any] | None) -> dict[str, str]:
    """An answer is a valueCode, valueString or valueBoolean, at the question's own address."""
    said: dict[str, str] = {}
    for one in extensions or ():
        if not (one.url or "").startswith(ANSWER_URL):
            continue
        answer = one.valueCode or one.valueString
        if answer is None and one.valueBoolean is not None:
            answer = "yes" if one.valueBoolean else "no"
        if answer is None:
            raise Refused(f"the extension {one.url[:80]} says no answer; send a valueCode, such as yes", "answers")
        said[one.url.removeprefix(ANSWER_URL)[:60]] = answer.casefold()
    return said


def _office(actors: Iterable[Any]) -> str | None:
    """A Location is an office: its id is the office's."""
    for one in actors:
        if one is not None and (one.reference or "").startswith("Location/"):
            return str(one.reference.removeprefix("Location/"))
    return None


def _provider(actors: Iterable[Any]) -> str | None:
    for one in actors:
        if one.type == "Practitioner" or (one.reference or "").startswith("Practitioner"):
            return one.display or None
    return None
