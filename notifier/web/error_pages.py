"""What is not there or went wrong: a page for a browser, a line for a program, "Not Found" for the internet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from notifier.web import cookies, origin
from notifier.web.context import WebContext
from notifier.web.render import render

ErrorPage = Callable[[Request, int], Response]
"""The response to a request that ended with this status and has none of its own."""
_OF_PROGRAMS: Final = re.compile(r"/(api|twilio|static|healthz|readyz|metrics)(/|$)")
_OF_A_PATIENT: Final = re.compile(r"/patients/[0-9]{1,18}(?=/)")
_CRASHED: Final = "Something went wrong here; it has been written down."
NOTHING_HERE: Final = {
    "title": "There is nothing here",
    "sentence": "No page has this address, or not one for you. It may be mistyped or out of date.",
}
_UNREADABLE: Final = {
    "title": "Not done",
    "sentence": "This form could not be read. Nothing was changed; open the page anew.",
}
_PAGES: Final[Mapping[int, Mapping[str, str]]] = {
    404: NOTHING_HERE,
    405: {
        "title": "This was the answer to a form",
        "sentence": "Such an answer is shown once and has no address of its own. Opening it changed nothing.",
    },
    413: {"title": "Not done", "sentence": "That is too much for one form. Nothing was changed."},
    500: {
        "title": "Something went wrong",
        "sentence": "It has been written down. Look whether what you did is there before you do it again.",
    },
}


def in_one_line(_request: Request, status: int) -> Response:
    """For a program, and where there is no staff page."""
    return PlainTextResponse(f"{_CRASHED if status == 500 else HTTPStatus(status).phrase}\n", status)


def to_staff(context: WebContext) -> ErrorPage:
    """For the staff page: somebody at a browser reads what happened and where to go."""

    def error_page(request: Request, status: int) -> Response:
        path = request.url.path
        if origin.is_public(context, request) and not path.startswith("/twilio/"):
            # A 405 would tell the internet which addresses the staff page has.
            return in_one_line(request, 404 if status < 500 else status)
        if _OF_PROGRAMS.match(path) or "text/html" not in request.headers.get("accept", ""):
            return in_one_line(request, status)
        return origin.refuse(context, request) or _page(context, request, status)

    return error_page


def _page(context: WebContext, request: Request, status: int) -> Response:
    token = cookies.token_in(request)
    # After a crash nobody is looked up: the database may be what is wrong.
    who = cookies.who(context, request, context.clock.now()) if status < 500 else None
    signed_in = {"who": who, "form": cookies.form_token(token)} if who and token else {}
    patient = patient_in(request.url.path) if status == 405 else None
    said = _PAGES.get(status, _UNREADABLE)
    return render("error.html", status, context=context, patient=patient, **said, **signed_in)


def patient_in(path: str) -> str | None:
    """The page of the patient whom an address below it is about."""
    found = _OF_A_PATIENT.match(path)
    return found[0] if found else None


def add_error_pages(app: FastAPI, error_page: ErrorPage) -> None:
    """Whatever part of the app refuses a request without a response of its own, this is the response."""

    def respond(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = error_page(request, error.status_code)
        if response.status_code == error.status_code:
            response.headers.update(error.headers or {})
        return response

    app.add_exception_handler(HTTPException, respond)
