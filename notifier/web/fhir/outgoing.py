"""GET of what is planned for a patient, what became of it, the plans of care, and the protocols."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Depends, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import Response

from notifier.db.enrollments import by_id, sharing_phone
from notifier.db.tables import Enrollment, Message
from notifier.oversight import forecast
from notifier.web.api.callers import Caller, Reader
from notifier.web.api.enrollments import enrollment_response
from notifier.web.api.problems import Problem
from notifier.web.api.requests import Number
from notifier.web.fhir.outcomes import FhirResponse
from notifier.web.fhir.paging import checked_search, search_bundle
from notifier.web.fhir.plans import PlanOfPatient, care_plan, plan_definition
from notifier.web.fhir.route import fhir_router
from notifier.web.fhir.texts import TextOfPatient, text_resource

router = fhir_router()
PatientNumber = Annotated[str, Query(pattern=r"^(Patient/)?[0-9]{1,9}$", examples=["7", "Patient/7"])]
Asked = Annotated[Request, Depends(checked_search)]
Status = Annotated[str | None, Query(pattern=r"^[a-z,-]{1,80}$", description="One, or several with commas.")]


@router.get("/CommunicationRequest")
def search_requests(patient: PatientNumber, caller: Reader, asked: Asked, status: Status = None) -> Response:
    """Every planned text of a patient."""
    return _texts(caller, patient, status, asked, is_planned=True)


@router.get("/Communication")
def search_communications(patient: PatientNumber, caller: Reader, asked: Asked, status: Status = None) -> Response:
    """What became of every other text of a patient."""
    return _texts(caller, patient, status, asked, is_planned=False)


@router.get("/CommunicationRequest/{message}")
def show_request(message: Number, caller: Reader) -> Response:
    """One planned text."""
    return _text(caller, message, is_planned=True)


@router.get("/Communication/{message}")
def show_communication(message: Number, caller: Reader) -> Response:
    """One text that has left, or will not."""
    return _text(caller, message, is_planned=False)


@router.get("/CarePlan")
def search_care_plans(patient: PatientNumber, caller: Reader, asked: Asked, status: Status = None) -> Response:
    """Every enrollment of a patient."""
    found = caller.read(lambda session: _plans(session, caller, patient))
    return FhirResponse(search_bundle(map(care_plan, found), asked, status=status))


@router.get("/CarePlan/{enrollment}")
def show_care_plan(enrollment: Number, caller: Reader) -> Response:
    """One enrollment."""

    def query(session: Session) -> PlanOfPatient:
        plans = _plans(session, caller, str(enrollment))
        return next(one for one in plans if one.enrollment == enrollment)

    return FhirResponse(care_plan(caller.read(query)))


@router.get("/PlanDefinition")
def search_protocols(caller: Reader, asked: Asked) -> Response:
    """Every protocol of the clinic."""
    return FhirResponse(search_bundle(map(plan_definition, caller.context.protocols.values()), asked))


@router.get("/PlanDefinition/{protocol}")
def show_protocol(protocol: str, caller: Reader) -> Response:
    """One protocol, with its sources."""
    found = caller.context.protocols.get(protocol)
    if found is None:
        raise Problem(404, "There is no protocol of this id.")
    return FhirResponse(plan_definition(found))


def _texts(caller: Caller, patient: str, status: str | None, asked: Request, *, is_planned: bool) -> Response:
    plans = caller.read(lambda session: _plans(session, caller, patient))
    texts = (one for plan in plans for one in plan.texts if one.is_planned is is_planned)
    return FhirResponse(search_bundle(map(text_resource, texts), asked, status=status))


def _text(caller: Caller, message: int, *, is_planned: bool) -> Response:
    def query(session: Session) -> TextOfPatient | None:
        row = session.get(Message, message)
        plans = _plans(session, caller, str(row.enrollment_id)) if row is not None and row.enrollment_id else []
        texts = (one for plan in plans for one in plan.texts if one.message == message)
        return next(texts, None)

    found = caller.read(query)
    if found is None:
        raise Problem(404, f"There is nothing by the number {message}.")
    if found.is_planned is not is_planned:
        raise Problem(409, "A text is a CommunicationRequest while it is planned, and a Communication from then on.")
    return FhirResponse(text_resource(found))


def _plans(session: Session, caller: Caller, patient: str) -> list[PlanOfPatient]:
    """The enrollments of the person whom this number names, the oldest first, without those of offices that the key
    does not see. Raises Problem (404)."""
    is_yours = caller.context.rules.is_yours
    named = by_id(session, int(patient.removeprefix("Patient/")))
    if named is None or not is_yours(named.office):
        raise Problem(404, "There is no such patient.")
    on_phone = sharing_phone(session, named.phone)
    same = [one for one in on_phone if one.folded_name == named.folded_name and is_yours(one.office)]
    return [_plan(session, one, same[0].id or 0) for one in same]


def _plan(session: Session, one: Enrollment, patient: int) -> PlanOfPatient:
    enrollment = one.id or 0
    when = select(col(Message.id), col(Message.left_at)).where(col(Message.enrollment_id) == enrollment)
    left = dict(session.execute(when).all())
    lines = forecast.show(session, enrollment)
    texts = [
        TextOfPatient.model_validate({**asdict(line), "patient": patient, "left_at": left.get(line.message)})
        for line in lines
    ]
    return PlanOfPatient.model_validate({**enrollment_response(one).model_dump(), "patient": patient, "texts": texts})
