"""FHIR, put together: an app of its own, so that everything in it answers with an OperationOutcome."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from notifier.web.api.app import closed_router
from notifier.web.api.problems import Problem, add_handlers
from notifier.web.context import WebContext
from notifier.web.fhir.capability import capability_statement
from notifier.web.fhir.outcomes import FhirResponse, outcome_response
from notifier.web.fhir.route import BASE

_METADATA: Final = f"{BASE}/metadata"
_WITHOUT: Final = "FHIR is an extra that is not installed here: pip install 'aftercare-notifier[fhir]'."


def fhir_router(context: WebContext) -> APIRouter:
    """`/fhir/…`, for `create_app(routers=[…])`. Without the extra it says so."""
    app = fhir_app(context) if find_spec("fhir") else _without
    return closed_router("/fhir", context, app, _METADATA, outcome_response)


def fhir_app(context: WebContext) -> FastAPI:
    """FHIR as an app of its own."""
    from notifier.web.fhir import incoming, outgoing  # noqa: PLC0415  # they need the extra

    app = FastAPI(title="Notifier", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.context = context
    add_handlers(app, outcome_response)
    app.add_api_route(_METADATA, _show_metadata, methods=["GET"])
    for part in (incoming, outgoing):
        app.include_router(part.router)
    return app


def _show_metadata() -> Response:
    """What is served here; no key is needed."""
    return FhirResponse(capability_statement())


async def _without(scope: Scope, receive: Receive, send: Send) -> None:
    await outcome_response(Problem(501, _WITHOUT))(scope, receive, send)
