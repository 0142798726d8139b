"""Who may ask for every address of the application, one line each; `test_who_may.py` asks them all."""

from __future__ import annotations

from enum import Enum
from typing import Final

from notifier.db.tables import Scope


class May(Enum):
    """Who gets an answer to a request, and no refusal."""

    ANYBODY = "also nobody in particular"
    STAFF = "whoever has signed in; about a patient, whoever sees the patient's office"
    ADMIN = "an admin; about a person or a key, one who sees all its offices"
    WHOLE = "whoever has signed in and sees all offices"
    WHOLE_ADMIN = "an admin who sees all offices"
    WEBHOOK = "Twilio or a booking system, by its signature; at the public host"
    OUT = "nobody: it leads back to the sign-in"


ANYBODY, STAFF, ADMIN, WHOLE, WHOLE_ADMIN, WEBHOOK, OUT = May
MAY: Final = {
    "GET /healthz": ANYBODY,
    "HEAD /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "HEAD /readyz": ANYBODY,
    "GET /metrics": ANYBODY,
    "GET /static/{name}": ANYBODY,
    "GET /favicon.ico": ANYBODY,
    "GET /sign-in": ANYBODY,
    "POST /sign-in": OUT,
    "GET /sign-in/code": OUT,  # the steps after a right password: for whoever has come so far
    "POST /sign-in/code": OUT,
    "GET /sign-in/set-up": OUT,
    "POST /sign-in/set-up": OUT,
    "GET /sign-in/password": OUT,
    "POST /sign-in/password": OUT,
    "POST /sign-in/go-on": STAFF,
    "POST /sign-out": OUT,
    "GET /people": ANYBODY,  # it only says where the page is now
    "GET /programs": ANYBODY,
    "GET /record": ANYBODY,
    "GET /late": ANYBODY,
    "POST /twilio/status": WEBHOOK,
    "POST /twilio/inbound": WEBHOOK,
    "POST /hooks/{name}": WEBHOOK,
    "GET /": STAFF,
    "GET /desk-state": STAFF,
    "GET /icon/{count:int}/{look}.svg": ANYBODY,
    "POST /send-again": WHOLE_ADMIN,
    "GET /replies": STAFF,
    "POST /replies/{reply:int}/claim": STAFF,
    "POST /replies/{reply:int}/give-back": STAFF,
    "GET /tasks": STAFF,
    "POST /tasks": STAFF,
    "POST /tasks/reopen": STAFF,
    "GET /replies/{reply:int}/photos/{number:int}": STAFF,
    "GET /replies/{reply:int}/photos/{number:int}/image": STAFF,
    "POST /replies/{reply:int}/photos/{number:int}/save": STAFF,
    "POST /replies/{reply:int}/close": STAFF,
    "POST /replies/{reply:int}/release": STAFF,
    "GET /overdue": WHOLE,
    "POST /overdue": WHOLE,
    "GET /texts/{message:int}": STAFF,
    "GET /texts/{which}": STAFF,
    "POST /texts/{message:int}/review": STAFF,
    "GET /enroll": STAFF,
    "POST /enroll": STAFF,
    "POST /preview": STAFF,
    "POST /enroll/card": STAFF,
    "POST /enroll/card.ics": STAFF,
    "GET /patients/{enrollment:int}": STAFF,
    "POST /find": STAFF,
    "GET /patients": STAFF,
    "GET /patients.csv": STAFF,
    "GET /found/{search}": STAFF,
    "GET /found/{search}/patients.csv": STAFF,
    "GET /day": STAFF,
    "GET /day/{date}": STAFF,
    "GET /week/{date}": STAFF,
    "GET /unmarked": STAFF,
    "GET /reports": STAFF,
    "GET /reports/{month}": STAFF,
    "GET /reports/{month}/report.csv": STAFF,
    "GET /patients/{enrollment:int}/first-text": STAFF,
    "POST /patients/{enrollment:int}/change": STAFF,
    "GET /patients/{enrollment:int}/card": STAFF,
    "GET /patients/{enrollment:int}/card.ics": STAFF,
    "POST /patients/{enrollment:int}/reply": STAFF,
    "GET /protocols/compare": STAFF,
    "GET /protocols/{protocol}/check": STAFF,
    "GET /protocols/{protocol}/approve/{language}": ADMIN,
    "GET /protocols": STAFF,
    "GET /protocols/{protocol}": STAFF,
    "POST /protocols/{protocol}/approve": ADMIN,
    "POST /protocols/{protocol}/pause": STAFF,
    "POST /protocols/{protocol}/unpause": STAFF,
    "GET /fixed-answer": STAFF,
    "POST /fixed-answer/approve": ADMIN,
    "GET /import": STAFF,
    "POST /import": STAFF,
    "POST /import/commit": STAFF,
    "GET /import/columns": STAFF,
    "POST /import/columns": STAFF,
    "POST /import/words": STAFF,
    "POST /import/forget": STAFF,
    "GET /import/progress": STAFF,
    "GET /import/failed-rows.csv": STAFF,
    "GET /import/template.csv": STAFF,
    "GET /delivery": STAFF,
    "POST /delivery/silent": STAFF,
    "POST /still-here": STAFF,
    "GET /account": STAFF,
    "POST /account/password": STAFF,
    "POST /account/sessions": STAFF,
    "POST /account/sessions/others": STAFF,
    "POST /account/sessions/all": OUT,
    "GET /account/second-factor": STAFF,
    "POST /account/second-factor": STAFF,
    "POST /account/second-factor/key": STAFF,
    "POST /account/second-factor/confirm": STAFF,
    "GET /accounts": ADMIN,
    "POST /accounts": ADMIN,
    "POST /accounts/{person:int}/password": ADMIN,
    "POST /accounts/{person:int}/role": ADMIN,
    "POST /accounts/{person:int}/offices": ADMIN,
    "POST /accounts/{person:int}/lock": ADMIN,
    "POST /accounts/{person:int}/unlock": ADMIN,
    "POST /accounts/{person:int}/second-factor": ADMIN,
    "POST /accounts/{person:int}/sign-out": ADMIN,
    "GET /api-keys": ADMIN,
    "POST /api-keys": ADMIN,
    "POST /api-keys/{key:int}/revoke": ADMIN,
    "POST /patients/{enrollment:int}/notes": STAFF,
    "POST /accounts/{person:int}/languages": ADMIN,
    "GET /saved-answers": STAFF,
    "POST /saved-answers": ADMIN,
    "POST /saved-answers/{answer:int}/approve": ADMIN,
    "POST /saved-answers/{answer:int}/retire": ADMIN,
    "GET /first-days": STAFF,
    "POST /replies/{reply:int}/pass-on": STAFF,
    "GET /webhooks": WHOLE_ADMIN,
    "POST /webhooks": WHOLE_ADMIN,
    "POST /webhooks/{endpoint:int}/remove": WHOLE_ADMIN,
    "POST /webhooks/{endpoint:int}/test": WHOLE_ADMIN,
    "POST /webhooks/sources": WHOLE_ADMIN,
    "POST /webhooks/sources/{source}/remove": WHOLE_ADMIN,
    "POST /webhooks/sources/{source}/retry": WHOLE_ADMIN,
    "GET /audit-log": ADMIN,
}
READ, ENROLL, CHANGE, ANY_KEY = Scope.READ, Scope.ENROLL, Scope.CHANGE, None
NO_KEY: Final = "no key"
SCOPES: Final[dict[str, Scope | str | None]] = {
    "GET /api/v1/openapi.json": NO_KEY,
    "HEAD /api/v1/openapi.json": NO_KEY,
    "POST /api/v1/enrollments": ENROLL,
    "POST /api/v1/timeline": ANY_KEY,
    "GET /api/v1/enrollments": READ,
    "POST /api/v1/enrollments/search": READ,
    "POST /api/v1/patients/search": READ,
    "GET /api/v1/enrollments/search": ANY_KEY,  # it says that it takes POST alone
    "GET /api/v1/days/{day}": READ,
    "GET /api/v1/visits/unmarked": READ,
    "GET /api/v1/reports/{month}": READ,
    "GET /api/v1/enrollments/{enrollment}": READ,
    "POST /api/v1/enrollments/{enrollment}/treated": CHANGE,
    "POST /api/v1/enrollments/{enrollment}/no-show": CHANGE,
    "POST /api/v1/enrollments/{enrollment}/change": CHANGE,
    "POST /api/v1/enrollments/{enrollment}/cancel": CHANGE,
    "POST /api/v1/enrollments/{enrollment}/hold": CHANGE,
    "POST /api/v1/enrollments/{enrollment}/resume": CHANGE,
    "POST /api/v1/enrollments/{enrollment}/informed": CHANGE,
    "POST /api/v1/enrollments/{enrollment}/never-text": CHANGE,
    "POST /api/v1/opt-outs": CHANGE,
    "POST /api/v1/protocols/{protocol}/pause": CHANGE,
    "POST /api/v1/replies/{reply}/reply": CHANGE,
    "POST /api/v1/replies/{reply}/answer": CHANGE,
    "GET /api/v1/messages": READ,
    "GET /api/v1/messages/{message}": READ,
    "GET /api/v1/delivery": READ,
    "GET /api/v1/replies": READ,
    "GET /api/v1/tasks": READ,
    "GET /fhir/R4/metadata": NO_KEY,
    "POST /fhir/R4": ANY_KEY,  # what is in the Bundle decides, and is refused all the same
    "POST /fhir/R4/": ANY_KEY,  # the same
    "POST /fhir/R4/Patient": ENROLL,
    "POST /fhir/R4/Appointment": ENROLL,
    "PUT /fhir/R4/Appointment/{enrollment}": CHANGE,
    "POST /fhir/R4/Procedure": CHANGE,
    "GET /fhir/R4/CommunicationRequest": READ,
    "GET /fhir/R4/CommunicationRequest/{message}": READ,
    "GET /fhir/R4/Communication": READ,
    "GET /fhir/R4/Communication/{message}": READ,
    "GET /fhir/R4/CarePlan": READ,
    "GET /fhir/R4/CarePlan/{enrollment}": READ,
    "GET /fhir/R4/PlanDefinition": READ,
    "GET /fhir/R4/PlanDefinition/{protocol}": READ,
}
PARTS: Final = {
    "endpoint": 1,
    "source": "cal",
    "answer": 1,
    "name": "desk.css",
    "number": 1,
    "count": 3,
    "look": "urgent",
    "protocol": "microneedling",
    "language": "en",
    "which": "next-24-hours",
    "date": "2026-03-06",
    "day": "2026-03-06",
    "month": "2026-03",
    "search": "of-nobody",
}
"""What fills an address, whosever it is. What belongs to an office is filled by `two_offices.fill`."""
QUERIES: Final = {"GET /protocols/compare": "?a=microneedling&b=microneedling-kit"}
"""What an address must be asked with, or it finds nothing."""
HINT: Final = """\
Say in tests/attacks/access_table.py who may ask for it, in one line: a page or webhook in MAY (STAFF for nearly all;
ADMIN; WHOLE where it concerns all offices at once), an address of the API in SCOPES (READ, ENROLL, CHANGE, ANY_KEY).
A part of an address that is new goes into PARTS, or into `fill` of two_offices.py where it belongs to one office: then
also into `_ADDRESSED` of notifier/db/visibility.py, or the page itself must find nothing there for another office."""
