"""The staff page, all of its addresses in one router."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from notifier.web import origin as same_site
from notifier.web.context import WebContext
from notifier.web.pages import (
    account,
    delivery,
    enroll,
    imports,
    patient,
    patient_card,
    protocol_checks,
    protocols,
    sign_in,
    texts,
    today,
)
from notifier.web.pages import accounts as people
from notifier.web.pages import api_keys as programs
from notifier.web.pages import audit_log as record
from notifier.web.pages import inbox as needs
from notifier.web.pages import overdue as late
from notifier.web.pages import patient_commands as patient_change
from notifier.web.pages import printed_plan as paper
from notifier.web.pages import reply as answering
from notifier.web.pages import sending_status as alarms
from notifier.web.render import static_file
from notifier.web.view import Page, answer

PAGES: tuple[Page, ...] = (
    *today.PAGES,
    *alarms.PAGES,
    *needs.PAGES,
    *late.PAGES,
    *texts.PAGES,
    *enroll.PAGES,
    *paper.PAGES,
    *patient.PAGES,
    *patient_change.PAGES,
    *patient_card.PAGES,
    *answering.PAGES,
    *protocol_checks.PAGES,  # before a protocol's own address, which would take `compare` for an id
    *protocols.PAGES,
    *imports.PAGES,
    *delivery.PAGES,
    *sign_in.PAGES,
    *account.PAGES,
    *people.PAGES,
    *programs.PAGES,
    *record.PAGES,
)


def staff_router(context: WebContext) -> APIRouter:
    """Everything that staff see, for `create_app(routers=[…])`."""
    router = APIRouter()
    _add(router, "GET", "/static/{name}", partial(_static, context))
    _add(router, "GET", "/favicon.ico", partial(_favicon, context))
    _add(router, "GET", "/sign-in", partial(sign_in.ask, context))
    _add(router, "POST", "/sign-in", partial(sign_in.sign_in, context))
    for page in PAGES:
        _add(router, page.method, page.path, partial(answer, context, page))
    return router


def _add(router: APIRouter, method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
    async def route(request: Request) -> Response:
        return await endpoint(request)

    router.add_api_route(path, route, methods=[method], response_model=None, include_in_schema=False)


async def _static(context: WebContext, request: Request) -> Response:
    if refusal := same_site.refuse(context, request):
        return refusal if refusal.status_code == 404 else PlainTextResponse("https only\n", 403)
    return static_file(request.path_params["name"])


async def _favicon(context: WebContext, request: Request) -> Response:
    if same_site.is_public(context, request):
        return PlainTextResponse("Not Found\n", 404)
    return RedirectResponse("/static/favicon.svg", 308)
