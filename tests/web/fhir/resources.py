"""A visit as a booking system says it in FHIR."""

from __future__ import annotations

from typing import Any

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p-77",
    "identifier": [{"system": "https://booking.example", "value": "p-77"}],
    "name": [{"use": "old", "family": "Ramos"}, {"use": "official", "given": ["Ana"], "family": "Ruiz"}],
    "telecom": [
        {"system": "phone", "value": "(212) 555-0199", "use": "home"},
        {"system": "phone", "value": "(212) 555-0123", "use": "mobile"},
    ],
    "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es-US"}]}, "preferred": True}],
}
CONSENT: dict[str, Any] = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "urn:aftercare-notifier:consent", "code": "texts"}]}],
    "patient": {"reference": "Patient/p-77"},
    "policyRule": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}],
    },
    "sourceAttachment": {"title": "Signed form"},
}
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "identifier": [{"system": "https://booking.example", "value": "visit-1"}],
    "status": "booked",
    "serviceType": [{"coding": [{"system": "https://booking.example", "code": "MICRONEEDLING"}]}],
    "start": "2026-03-10T15:00:00-04:00",
    "end": "2026-03-10T16:00:00-04:00",
    "participant": [
        {"actor": {"reference": "Patient/p-77"}, "status": "accepted"},
        {"actor": {"reference": "Practitioner/1", "display": "Dr. Kim"}, "status": "accepted"},
    ],
}
PROCEDURE: dict[str, Any] = {
    "resourceType": "Procedure",
    "identifier": [{"system": "https://ehr.example", "value": "procedure-9"}],
    "basedOn": [{"identifier": {"value": "visit-1"}}],
    "status": "completed",
    "subject": {"reference": "Patient/p-77"},
    "performedPeriod": {"start": "2026-03-10T15:05:00-04:00", "end": "2026-03-10T15:50:00-04:00"},
}


def transaction(*resources: dict[str, Any]) -> dict[str, Any]:
    """All of it, or nothing."""
    entries = [{"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in resources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
