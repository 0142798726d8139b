"""The API, put together: an app of its own, so that everything in it answers with its kind of errors."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from notifier.web import same_site
from notifier.web.api import enrolled, enrolling, life, texts
from notifier.web.api.callers import WrongKeys
from notifier.web.api.document import openapi
from notifier.web.api.problems import Problem, add_handlers, document
from notifier.web.office import StaffOffice

_ABOUT: Final = """\
For the clinic's other programs. Each has a key of its own with the scopes that it needs:
`notifier api-key add EHR --scope read --scope enroll`. Instants are ISO 8601 with an offset. Errors are problem
documents (RFC 9457): one sentence, and one more for each field. No address holds patient data; every access is recorded.
"""


def api_router(office: StaffOffice) -> APIRouter:
    """`/api/…`, for `create_app(routers=[…])`."""
    router = APIRouter()
    router.routes.append(Route("/api/{rest:path}", _Door(office, _api(office)), include_in_schema=False))
    return router


def _api(office: StaffOffice) -> FastAPI:
    app = FastAPI(
        title="Notifier",
        version="1",
        description=_ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.office, app.state.wrong_keys = office, WrongKeys()
    add_handlers(app)
    for part in (enrolling, enrolled, life, texts):
        app.include_router(part.router)
    app.openapi = partial(openapi, app)  # type: ignore[method-assign]  # FastAPI's own way to another document
    return app


class _Door:
    """Nothing of the API is there for the internet, and no key travels in the clear."""

    def __init__(self, office: StaffOffice, app: ASGIApp) -> None:
        self._office, self._app = office, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        answer = self._app
        if same_site.is_public(self._office, request):
            answer = document(Problem(404))
        elif same_site.is_in_the_clear(request):
            answer = document(Problem(403, "Use https, or call from the machine that this runs on."))
        await answer(scope, receive, send)
