"""The API, put together: an app of its own, so that everything in it answers with its kind of errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from notifier.web import origin
from notifier.web.api import (
    calendar,
    commands,
    decisions,
    enroll,
    enrollments,
    forgetting,
    mappings,
    patients,
    publishing,
    saved_answers,
    texts,
)
from notifier.web.api.document import openapi
from notifier.web.api.problems import Problem, add_handlers, document
from notifier.web.api.webhooks_out import document_webhooks
from notifier.web.context import WebContext

_DOCUMENT: Final = "/api/v1/openapi.json"
_ABOUT: Final = """\
For the clinic's other programs. Each has a key of its own with the scopes that it needs:
`notifier api-key add EHR --scope read --scope enroll`. Instants are ISO 8601 with an offset. Errors are problem
documents (RFC 9457): one sentence, and one more for each field. No address holds patient data.
Every access is recorded.
"""


def api_router(context: WebContext) -> APIRouter:
    """`/api/…`, for `create_app(routers=[…])`."""
    return closed_router("/api", context, api_app(context), _DOCUMENT)


def closed_router(
    prefix: str, context: WebContext, app: ASGIApp, open_at: str, answer: Callable[[Problem], Response] = document
) -> APIRouter:
    """All of `prefix` served by `app`, but neither for the internet nor, except at one address, in the clear."""
    register_url_convertor("anything", _Anything())
    router = APIRouter()
    door = _Door(context, app, open_at, answer)
    router.routes.append(Route(f"{prefix}/{{rest:anything}}", door, include_in_schema=False))
    return router


def api_app(context: WebContext) -> FastAPI:
    """The API as an app of its own; its OpenAPI document is made from it."""
    app = FastAPI(
        title="Notifier",
        version="1",
        description=_ABOUT,
        openapi_url=_DOCUMENT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    add_handlers(app)
    for part in (
        enroll,
        enrollments,
        patients,
        calendar,
        commands,
        decisions,
        publishing,
        texts,
        saved_answers,
        mappings,
        forgetting,
    ):
        app.router.routes.extend(part.router.routes)  # as they are: `include_router` would build each of them anew
    document_webhooks(app.webhooks)
    app.openapi = partial(openapi, app)  # type: ignore[method-assign]  # FastAPI's own way to another document
    return app


class _Anything(Convertor[str]):
    """Starlette's own `path` ends at a line break, and what comes then would not find the API's kind of 404."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Door:
    """Nothing of the API is there for the internet, and no key travels in the clear."""

    def __init__(self, context: WebContext, app: ASGIApp, open_at: str, answer: Callable[[Problem], Response]) -> None:
        self._context, self._app, self._open_at, self._answer = context, app, open_at, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        response = self._app
        if origin.is_public(self._context, request):
            response = self._answer(Problem(404))
        elif scope["path"] != self._open_at and origin.is_in_the_clear(request):
            response = self._answer(Problem(403, "Use https, or call from the machine that this runs on."))
        await response(scope, receive, send)
