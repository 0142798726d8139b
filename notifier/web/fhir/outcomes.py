"""What is said when something was not done, or nothing had to be: an OperationOutcome."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import JSONResponse

from notifier.web.api.problems import Problem

MEDIA_TYPE: Final = "application/fhir+json"
_CODES: Final = {
    401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 409: "conflict", 413: "too-long",
    415: "not-supported", 500: "exception", 501: "not-supported", 503: "transient",
}  # fmt: skip


class FhirResponse(JSONResponse):
    """JSON that says it is FHIR."""

    media_type = MEDIA_TYPE


def outcome(sentence: str, code: str = "informational", severity: str = "information") -> dict[str, Any]:
    """One sentence as an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(severity, code, sentence)]}


def outcome_response(problem: Problem) -> FhirResponse:
    """The problem as a response: an issue for each element that is wrong, or one for all."""
    code = _CODES.get(problem.status_code, "invalid")
    said = outcome(problem.detail, code, "error")
    if problem.errors:
        said["issue"] = [_issue("error", code, sentence, field) for field, sentence in problem.errors.items()]
    return FhirResponse(said, problem.status_code, problem.headers)


def _issue(severity: str, code: str, sentence: str, field: str = "") -> dict[str, Any]:
    where = {"expression": [field]} if field[:1].isupper() else {}  # an element's path begins with its resource's type
    return {"severity": severity, "code": code, "diagnostics": sentence, **where}
