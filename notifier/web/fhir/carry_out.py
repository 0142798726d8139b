"""A visit as it was sent, carried out: the patient is enrolled, or what is known of the visit follows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from fhir.resources.R4B.patient import Patient
from sqlalchemy.orm import Session

from notifier.access.idempotency import KeyedRequest, stored_response
from notifier.db.enrollments import by_external_id, by_id
from notifier.db.tables import Enrollment, Scope
from notifier.domain.names import check_name
from notifier.domain.phone import parse_phone
from notifier.domain.protocol_choice import check_field, find_protocol
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import RUNNING, EnrollmentState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.commands import Cancel, Change, ConsentWithdrawn, NoShow, Treated
from notifier.enrollments.enroll import enroll
from notifier.enrollments.identity import refuse_ended
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.plans import enrollments_on
from notifier.enrollments.requests import EnrollRequest
from notifier.web.api.callers import Caller
from notifier.web.api.problems import Problem
from notifier.web.fhir.patients import consent_of, person_of
from notifier.web.fhir.resources import Sent, read_resource
from notifier.web.fhir.visits import Became, SentVisit

_HELD: Final = "Consent was withdrawn: all texts to the number wait for a person"
_NUMBER: Final = re.compile(r"(?:.*/)?Patient/([0-9]{1,9})")
_KEPT: Final = re.compile(r"(?:.*/)?Patient/(kept-[0-9a-f]{24})")


@dataclass(frozen=True, slots=True)
class VisitResult:
    """What became of what was sent."""

    status: int
    """201: the patient is enrolled; 200: all else."""
    enrollment: int | None
    sentence: str


def carry_out(session: Session, caller: Caller, visit: SentVisit, sent: Sent) -> VisitResult:
    """Enroll, move, treat or end. Raises Refused, and Problem (403) where the key may not do that."""
    known = _known(session, caller, visit)
    subject = next((one for one in visit.subjects if _is_patient(one, sent)), None)
    said = consent_of(sent, subject)
    held = _hold(session, caller, known, subject, sent) if said.pop("withdrawn", False) else None
    if held is not None and (known is None or known.state not in RUNNING):
        return VisitResult(200, held, f"{_HELD}; the visit was not taken.")
    if visit.became is Became.NOTHING_YET:
        return VisitResult(200, known.id if known else None, f"The visit {visit.became.value}: nothing was changed.")
    if known is None and visit.became not in (Became.BOOKED, Became.TREATED):
        return VisitResult(200, None, "Nobody is enrolled by this identifier: there is nothing to end.")
    if known is None:
        caller.require(Scope.ENROLL)
        return _enroll(session, caller, visit, {**_person(session, caller, subject, sent), **said})
    caller.require(Scope.CHANGE)
    command = _command(visit, known, caller, _person_sent(subject, sent))
    if command is None:
        nothing = "This is known already: nothing was changed."
        return VisitResult(200, known.id, nothing if held is None else f"{_HELD}.")
    effect = apply(session, known.id or 0, command, rules=caller.context.rules, now=caller.now, by=caller.by)
    caller.note(session, "did", known.id)
    done = f"The enrollment is {command.past}{' already' if effect.already else ''}."
    return VisitResult(200, known.id, done if held is None else f"{done} {_HELD}.")


def _hold(session: Session, caller: Caller, known: Enrollment | None, subject: Any, sent: Sent) -> int:
    """Consent was withdrawn: all texts to the number wait for a person. What was said before holds nothing anew.

    The patient's visit runs, or another of the same name and number does. Raises Refused where nobody is enrolled.
    """
    caller.require(Scope.CHANGE)
    if known is None or known.state not in RUNNING:
        person = _person(session, caller, subject, sent)
        name, phone = (
            check_field("name", check_name, person["name"]),
            check_field("phone", parse_phone, person["phone"]),
        )
        on_phone = enrollments_on(session, [phone.e164])
        running = (one for one in on_phone if one.folded_name == name.folded and one.state in RUNNING)
        known = next(running, None)
    if known is None:
        raise Refused(
            "the Consent to texts says no, and nobody of that name and number is enrolled: leave the patient out, or "
            "send how consent was given",
            "consent",
        )
    if known.consent_withdrawn_at is None:
        command = ConsentWithdrawn("consent was withdrawn: a FHIR Consent says no")
        apply(session, known.id or 0, command, rules=caller.context.rules, now=caller.now, by=caller.by)
        caller.note(session, "did", known.id)
    return known.id or 0


def _known(session: Session, caller: Caller, visit: SentVisit) -> Enrollment | None:
    """The enrollment of this visit. What another office has is not there."""
    if visit.enrollment is not None:
        found = by_id(session, visit.enrollment)
        if found is None or not caller.context.rules.is_yours(found.office):
            raise Problem(404, f"There is no CarePlan {visit.enrollment}.")
        return found
    if not visit.ids:
        sentence = f"{visit.kind}.identifier is missing: without it, the same visit would enroll the patient twice."
        raise Problem(422, sentence, {f"{visit.kind}.identifier": sentence})
    every = (by_external_id(session, one) for one in visit.ids)
    return next((one for one in every if one is not None and caller.context.rules.is_yours(one.office)), None)


def _enroll(session: Session, caller: Caller, visit: SentVisit, said: dict[str, Any]) -> VisitResult:
    context = caller.context
    if context.missing:
        raise Problem(503, " ".join(context.missing))
    if "consent" not in said:
        sentence = "no Consent to texts came along: send one, active and OPTIN, in the Bundle or contained"
        raise Refused(sentence, "consent")
    request = EnrollRequest(
        **said,
        protocol=_protocol(visit, caller) or "",
        external_id=visit.ids[0],
        treated_at=visit.at if visit.became is Became.TREATED else None,
        appointment_at=visit.at if visit.became is Became.BOOKED else None,
        office=visit.office,
        provider=visit.provider,
        answers=visit.answers,
    )
    done = enroll(session, request, protocols=context.protocols, rules=context.rules, now=caller.now, by=caller.by)
    caller.note(session, "did", done.enrollment)
    sentence = "The patient was enrolled already." if done.already else "The patient is enrolled."
    return VisitResult(
        200 if done.already else 201, done.enrollment, " ".join([sentence, *map(_sentence, done.warnings)])
    )


def _command(visit: SentVisit, known: Enrollment, caller: Caller, person: dict[str, Any]) -> Command | None:
    """What is to be done to a known enrollment; None: nothing is different."""
    match visit.became:
        case Became.TREATED:
            assert visit.at is not None
            if answers := _news(visit, known):
                return Change(ChangeRequest(treated_at=visit.at, answers=answers))
            return None if known.treated_at == visit.at else Treated(visit.at)
        case Became.NO_SHOW:
            return None if known.state is EnrollmentState.NO_SHOW else NoShow()
        case Became.CALLED_OFF if known.treated_at is not None:
            raise Refused(
                f"enrollment {known.id} was treated, so its visit cannot be called off; where the treatment was "
                "entered in error, send entered-in-error",
                code=RefusalCode.TREATED_ALREADY,
                enrollment=known.id,
            )
        case Became.CALLED_OFF | Became.NEVER_WAS:
            return None if known.state not in RUNNING else Cancel(f"the visit {visit.became.value}")
    if known.treated_at is not None:
        return None  # whoever was treated has no appointment any more
    changes = _changes(visit, known, caller, person)
    if changes == ChangeRequest():
        refuse_ended(known)  # booked again after it was called off: a person takes that back
        return None
    return Change(changes)


def _changes(visit: SentVisit, known: Enrollment, caller: Caller, person: dict[str, Any]) -> ChangeRequest:
    """What is sent otherwise than it is stored."""
    said = {name: value for name, value in person.items() if value and value != getattr(known, name)}
    if "name" in said and check_field("name", check_name, said["name"]).full == known.name:
        del said["name"]
    if "phone" in said and check_field("phone", parse_phone, said["phone"]).e164 == known.phone:
        del said["phone"]
    protocol = _protocol(visit, caller)
    if protocol is not None and protocol != known.protocol:
        said["protocol"] = find_protocol(protocol, caller.context.protocols)
    about = {"appointment_at": visit.at, "office": visit.office, "provider": visit.provider}
    said |= {name: value for name, value in about.items() if value is not None and value != getattr(known, name)}
    if answers := _news(visit, known):
        said["answers"] = answers
    return ChangeRequest(**said)


def _news(visit: SentVisit, known: Enrollment) -> dict[str, str]:
    """Answers that are new or different."""
    return {question: answer for question, answer in visit.answers.items() if known.answers.get(question) != answer}


def _protocol(visit: SentVisit, caller: Caller) -> str | None:
    """The id of the protocol that its words name, in any case; else the first word, which is then refused."""
    folded = {one.casefold(): one for one in caller.context.protocols}
    titles = {one.title.casefold(): one.id for one in caller.context.protocols.values()}
    found = (folded.get(word.casefold()) or titles.get(word.casefold()) for word in visit.protocol)
    return next(filter(None, found), next(iter(visit.protocol), None))


def _is_patient(reference: Any, sent: Sent) -> bool:
    said = reference.reference or ""
    return sent.referred(reference, Patient) is not None or bool(_NUMBER.fullmatch(said) or _KEPT.fullmatch(said))


def _person_sent(subject: Any, sent: Sent) -> dict[str, Any]:
    """What the Patient that came along says; nothing where none did."""
    found = sent.referred(subject, Patient) if subject else None
    return person_of(found) if found else {}


def _person(session: Session, caller: Caller, subject: Any, sent: Sent) -> dict[str, Any]:
    """Who is to be enrolled: the Patient that came along, one that is kept for a day, or who was enrolled before."""
    if person := _person_sent(subject, sent):
        return person
    said = subject.reference if subject else ""
    if number := _NUMBER.fullmatch(said):
        before = by_id(session, int(number[1]))
        if before is not None and caller.context.rules.is_yours(before.office):
            return {name: getattr(before, name) for name in ("name", "phone", "timezone")}
    elif kept := _KEPT.fullmatch(said):
        stored = stored_response(session, patient_kept(caller, kept[1]), now=caller.now)
        if stored is not None:
            return person_of(read_resource(stored.body, "Patient"))
    raise Refused(
        "the visit names no Patient known here; send it in the same Bundle, contained, or within the day before",
        "patient",
    )


def patient_kept(caller: Caller, number: str) -> KeyedRequest:
    """Under what a Patient without a visit is kept."""
    return KeyedRequest(caller.integration.key_id, f"Patient/{number}", number)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
