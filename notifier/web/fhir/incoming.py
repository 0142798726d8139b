"""POST of Patient, Appointment and Procedure, by themselves or together in a transaction: a visit and its life."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.procedure import Procedure
from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.access.idempotency import StoredResponse, store_response, stored_response
from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.web.api.callers import Anyone, Caller, Changer, Enroller
from notifier.web.api.problems import Problem, problem_of
from notifier.web.api.requests import Number
from notifier.web.fhir.carry_out import VisitResult, carry_out, patient_kept
from notifier.web.fhir.outcomes import FhirResponse, outcome
from notifier.web.fhir.patients import person_of
from notifier.web.fhir.resources import Sent, read_resource
from notifier.web.fhir.route import BASE, FhirBody, fhir_router
from notifier.web.fhir.visits import visit_of

router = fhir_router()
_IN_ORDER: Final = ("Patient", "Consent", "Appointment", "Procedure")
"""What a Bundle may have, in the order in which it is read: first it is booked, then treated."""


@router.post("/Patient", status_code=201)
def keep_patient(body: FhirBody, caller: Enroller) -> Response:
    """A Patient without a visit: kept for a day, until an Appointment or a Procedure refers to it."""
    person_of(read_resource(body, "Patient"))
    number = f"kept-{secrets.token_hex(12)}"
    stored = {**body, "id": number}
    with writing(caller.context.engine) as session:
        request = patient_kept(caller, number)
        stored_response(session, request, now=caller.now)  # it has the place now
        store_response(session, request, StoredResponse(201, stored))
        caller.note(session, "did")
    return FhirResponse(stored, 201, {"Location": f"{BASE}/Patient/{number}"})


@router.post("/Appointment")
def take_appointment(body: FhirBody, caller: Enroller) -> Response:
    """Booked: the patient is enrolled, or the visit moves. Cancelled or noshow: the texts end."""
    return _take_one("Appointment", body, caller)


@router.put("/Appointment/{enrollment}")
def update_appointment(enrollment: Number, body: FhirBody, caller: Changer) -> Response:
    """The same, of a visit that has our number: what a client sends that saves again what it created."""
    return _take_one("Appointment", body, caller, enrollment)


@router.post("/Procedure")
def take_procedure(body: FhirBody, caller: Changer) -> Response:
    """Completed: the patient was treated, and is enrolled where nobody had booked. Not done: the texts end."""
    return _take_one("Procedure", body, caller)


@router.post("")
@router.post("/", include_in_schema=False)  # so some clients write it
def take_transaction(body: FhirBody, caller: Anyone) -> Response:
    """A transaction Bundle: all of it is done, or nothing."""
    bundle = read_resource(body, "Bundle")
    if bundle.type != "transaction":
        sentence = "Bundle.type must be transaction."
        raise Problem(422, sentence, {"Bundle.type": sentence})
    entries = bundle.entry or []
    sent = _together(entries)
    done: dict[int, VisitResult] = {}
    with writing(caller.context.engine) as session:
        for at in sorted(range(len(entries)), key=lambda at: _IN_ORDER.index(entries[at].resource.get_resource_type())):
            if isinstance(resource := entries[at].resource, Appointment | Procedure):
                done[at] = _in_entry(at, session, caller, resource, sent)
    responses = [{"response": _entry_response(done.get(at))} for at in range(len(entries))]
    return FhirResponse({"resourceType": "Bundle", "type": "transaction-response", "entry": responses})


def _take_one(kind: str, body: Mapping[str, Any], caller: Caller, enrollment: int | None = None) -> Response:
    """The resource as it was sent, with our number; what was made of it stands at the address in `Location`."""
    resource = read_resource(body, kind)
    visit = visit_of(resource)
    with writing(caller.context.engine) as session:
        known = visit if enrollment is None else replace(visit, enrollment=enrollment)
        done = carry_out(session, caller, known, Sent().with_contained(resource))
    if done.enrollment is None:
        return FhirResponse(outcome(done.sentence))
    headers = {"Location": f"{BASE}/CarePlan/{done.enrollment}"}
    return FhirResponse({**body, "id": str(done.enrollment)}, done.status, headers)


def _together(entries: Sequence[Any]) -> Sent:
    """The resources of a Bundle, by what its other entries call them. Raises Problem for what is not taken."""
    found: dict[str, Any] = {}
    for at, entry in enumerate(entries):
        kind = entry.resource.get_resource_type() if entry.resource else "nothing"
        if kind not in _IN_ORDER or (entry.request and entry.request.method != "POST"):
            sentence = f"Bundle.entry[{at}] must be a POST of {', '.join(_IN_ORDER)}."
            raise Problem(422, sentence, {f"Bundle.entry[{at}]": sentence})
        found |= {name: entry.resource for name in (entry.fullUrl, f"{kind}/{entry.resource.id}") if name}
    return Sent(found)


def _in_entry(at: int, session: Session, caller: Caller, resource: Any, sent: Sent) -> VisitResult:
    """One visit of a Bundle. Raises Problem that says which."""
    try:
        return carry_out(session, caller, visit_of(resource), sent.with_contained(resource))
    except (Refused, Problem) as why:
        problem = why if isinstance(why, Problem) else problem_of(why)
        where = f"Bundle.entry[{at}]"
        raise Problem(problem.status_code, problem.detail, {where: f"{where}: {problem.detail}"}) from None


def _entry_response(done: VisitResult | None) -> dict[str, Any]:
    """What a Patient and a Consent get has no address: they are a part of the visit."""
    if done is None:
        return {"status": "200", "outcome": outcome("It was read for the visits of this Bundle.")}
    location = {} if done.enrollment is None else {"location": f"CarePlan/{done.enrollment}"}
    return {"status": str(done.status), **location, "outcome": outcome(done.sentence)}
