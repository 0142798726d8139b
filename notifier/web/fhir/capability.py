"""The CapabilityStatement: what is served here, for whoever asks first."""

from __future__ import annotations

from typing import Any, Final

from notifier.web.fhir.outcomes import MEDIA_TYPE

_CHANGED: Final = "2026-11-30"
"""When this last said something else."""
_PATIENT: Final = {"name": "patient", "type": "reference", "documentation": "Required: the number of a Patient."}
_PAGE: Final = {"name": "_count", "type": "number", "documentation": "At most 200; the link next leads on."}
_STATUS: Final = {"name": "status", "type": "token"}
_TAKEN: Final = ("Patient", "Appointment", "Procedure")
_GIVEN: Final = {
    "CommunicationRequest": [_PATIENT, _STATUS, _PAGE],
    "Communication": [_PATIENT, _STATUS, _PAGE],
    "CarePlan": [_PATIENT, _STATUS, _PAGE],
    "PlanDefinition": [_PAGE],
}


def capability_statement() -> dict[str, Any]:
    """FHIR 4.0.1, JSON, with a key in each request."""
    taken = [{"type": one, "interaction": [{"code": "create"}]} for one in _TAKEN]
    given = [
        {"type": one, "interaction": [{"code": "read"}, {"code": "search-type"}]} | ({"searchParam": by} if by else {})
        for one, by in _GIVEN.items()
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _CHANGED,
        "kind": "instance",
        "software": {"name": "Notifier"},
        "implementation": {"description": "Aftercare texts: visits come in, texts and plans go out."},
        "fhirVersion": "4.0.1",
        "format": [MEDIA_TYPE, "json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "An API key of Notifier's: Authorization: Bearer KEY."},
                "resource": taken + given,
                "interaction": [{"code": "transaction"}],
            }
        ],
    }
