"""Enrollments as CarePlans, and protocols as PlanDefinitions with their sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from notifier.domain.states import EnrollmentState
from notifier.web.api.responses import EnrollmentResponse
from notifier.web.fhir.texts import TextOfPatient
from notifier.web.fhir.visits import PROTOCOL_URL
from schedules.protocol import CareProtocol, Step

_STATUS: Final = {
    EnrollmentState.BOOKED: "active",
    EnrollmentState.ACTIVE: "active",
    EnrollmentState.HELD: "on-hold",
    EnrollmentState.NO_SHOW: "revoked",
    EnrollmentState.CANCELLED: "revoked",
}
_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"


class PlanOfPatient(EnrollmentResponse):
    """An enrollment with its texts."""

    patient: int
    texts: Sequence[TextOfPatient]


def care_plan(plan: PlanOfPatient) -> dict[str, Any]:
    """The enrollment; each text of it is an activity."""
    start = plan.treated_at or plan.appointment_at  # type: ignore[attr-defined]  # from the table of fields
    number = plan.external_id  # type: ignore[attr-defined]  # the same
    return {
        "resourceType": "CarePlan",
        "id": str(plan.enrollment),
        **({"identifier": [{"value": number}]} if number else {}),
        "instantiatesCanonical": [f"{PROTOCOL_URL}{plan.protocol}|{plan.version}"],  # type: ignore[attr-defined]  # the same
        "status": _STATUS[plan.state],
        "intent": "plan",
        "subject": {"reference": f"Patient/{plan.patient}", "display": plan.name},  # type: ignore[attr-defined]  # the same
        "period": {"start": start.isoformat()},
        "created": plan.enrolled_at.isoformat(),
        **({"activity": [{"reference": {"reference": _address(one)}} for one in plan.texts]} if plan.texts else {}),
    }


def plan_definition(protocol: CareProtocol) -> dict[str, Any]:
    """The protocol: its steps, and what each of its rules and texts was taken from."""
    sources = [("", protocol.source)]
    sources += [(topic, one.source) for topic, one in protocol.restrictions.items() if one.source]
    sources += [(question, one.source) for question, one in protocol.questions.items() if one.source]
    return {
        "resourceType": "PlanDefinition",
        "id": protocol.id,
        "url": f"{PROTOCOL_URL}{protocol.id}",
        "version": protocol.version,
        "name": protocol.id,
        "title": protocol.title,
        "type": {"coding": [{"system": _TYPE, "code": "clinical-protocol"}]},
        "status": "active",
        "relatedArtifact": [
            {"type": "citation", **({"label": label} if label else {}), "citation": source} for label, source in sources
        ],
        "action": [_action(step, protocol.languages[0]) for step in protocol.steps if step.enabled],
    }


def _action(step: Step, language: str) -> dict[str, Any]:
    source = {"documentation": [{"type": "citation", "citation": step.source}]} if step.source else {}
    return {
        "id": step.key,
        "title": step.key,
        "code": [{"text": step.kind}],
        "description": step.text[language],
    } | source


def _address(text: TextOfPatient) -> str:
    return f"{'CommunicationRequest' if text.is_planned else 'Communication'}/{text.message}"
