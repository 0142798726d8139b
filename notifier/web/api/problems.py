"""Errors as problem documents (RFC 9457): one sentence, one more for each field, and nothing of what is inside here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.domain.refused import RefusalCode, Refused
from notifier.web.api.fields import sentences

MEDIA_TYPE: Final = "application/problem+json"
_BUSY_SECONDS: Final = 2
_UNKNOWN: Final = {RefusalCode.ENROLLMENT_UNKNOWN, RefusalCode.MESSAGE_UNKNOWN, RefusalCode.REPLY_UNKNOWN}
_WORDS: Final = {
    404: "There is nothing at this address; /api/v1/openapi.json and /fhir/R4/metadata list every one there is.",
    405: "This address does not take this method; the Allow header says which it takes.",
    500: "Something went wrong here; it has been written down.",
    503: "The database is busy. Nothing was changed; try again in a moment.",
}


class FieldError(BaseModel):
    """What is wrong with one field, header or parameter."""

    field: str
    sentence: str


class ProblemBody(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    """The status, in words."""
    status: int
    detail: str
    """One sentence: what was wrong and what to do."""
    errors: list[FieldError] = Field(default_factory=list)


class Problem(HTTPException):
    """Ends a request with a problem document."""

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail or _WORDS[status], headers)
        self.errors = dict(errors or {})


def document(problem: Problem) -> JSONResponse:
    """The problem as a response."""
    body = ProblemBody(
        title=HTTPStatus(problem.status_code).phrase,
        status=problem.status_code,
        detail=problem.detail,
        errors=[FieldError(field=field, sentence=said) for field, said in problem.errors.items()],
    )
    return JSONResponse(body.model_dump(), problem.status_code, problem.headers, media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI, answer: Callable[[Problem], Response] = document) -> None:
    """Whatever is raised in this app becomes a problem, and `answer` its response."""

    def handle(kind: type[Exception], of: Callable[[Request, Exception], Problem]) -> None:
        app.add_exception_handler(kind, lambda request, error: answer(of(request, error)))

    handle(HTTPException, _of_http)
    handle(RequestValidationError, _of_fields)
    handle(Refused, _of_refused)
    for busy in (OperationalError, InterfaceError, NoConnectionLeft):
        handle(busy, _of_database)
    handle(Exception, _of_mistake)


def _of_http(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    if isinstance(error, Problem):
        return error
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(methods_at(request))
    return Problem(error.status_code, _WORDS.get(error.status_code) or error.detail, headers=headers)


def methods_at(request: Request) -> list[str]:
    """What this address takes. Starlette names only the methods of the first route that has it."""
    paths: Mapping[str, Mapping[str, object]] = request.app.openapi()["paths"]
    here = getattr(request.scope.get("route"), "path", None)
    return sorted(method.upper() for method in paths.get(str(here), {"get": {}}))


def _of_fields(_request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    said = sentences(error.errors())
    return Problem(422, f"{'; '.join(said.values())}.", said)


def _of_refused(_request: Request, error: Exception) -> Problem:
    assert isinstance(error, Refused)
    return problem_of(error)


def problem_of(error: Refused) -> Problem:
    """A field that cannot be so is the request's fault; without one, the state of things is against it."""
    if error.code in _UNKNOWN:
        return Problem(404, str(error))
    errors = {error.field: str(error)} if error.field else None
    return Problem(422 if error.field and error.field != "external_id" else 409, str(error), errors)


def _of_database(_request: Request, _error: Exception) -> Problem:
    return Problem(503, headers={"Retry-After": str(_BUSY_SECONDS)})


def _of_mistake(_request: Request, _error: Exception) -> Problem:
    return Problem(500)
