"""The staff page, all of its addresses in one router."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from notifier.web import origin
from notifier.web.context import WebContext
from notifier.web.hashing_room import HashingRoom
from notifier.web.pages.administration import (
    account,
    accounts,
    api_keys,
    audit_log,
    booking_hooks,
    calendar_feeds,
    fixed_answer,
    own_words,
    protocol_checks,
    protocol_correction,
    protocol_effects,
    protocol_tryout,
    protocols,
    publish_words,
    saved_answers,
    second_factor,
    sign_in,
    sign_in_steps,
    webhooks,
)
from notifier.web.pages.administration.sign_in_responses import STEPS
from notifier.web.pages.desk import (
    calendar,
    close_reply,
    delivery,
    first_days,
    inbox,
    overdue,
    pass_on,
    patient_list,
    photos,
    reply,
    reports,
    sending_status,
    tasks,
    texts,
    today,
    watching,
)
from notifier.web.pages.patients import (
    columns,
    enroll,
    first_text,
    imports,
    patient,
    patient_card,
    patient_commands,
    patient_data,
    patient_notes,
    printed_plan,
)
from notifier.web.render import static_file
from notifier.web.view import Page, respond

PAGES: tuple[Page, ...] = (
    *today.PAGES,
    *first_days.PAGES,
    *watching.PAGES,
    *sending_status.PAGES,
    *tasks.PAGES,
    *inbox.PAGES,
    *photos.PAGES,
    *close_reply.PAGES,
    *pass_on.PAGES,
    *overdue.PAGES,
    *texts.PAGES,
    *enroll.PAGES,
    *printed_plan.PAGES,
    *patient.PAGES,
    *patient_list.PAGES,
    *calendar.PAGES,
    *reports.PAGES,
    *first_text.PAGES,
    *patient_commands.PAGES,
    *patient_notes.PAGES,
    *patient_data.PAGES,
    *patient_card.PAGES,
    *reply.PAGES,
    *protocol_effects.PAGES,
    *protocol_correction.PAGES,
    *own_words.PAGES,
    *publish_words.PAGES,
    *protocol_checks.PAGES,  # before a protocol's own address, which would take `compare` for an id
    *protocols.PAGES,
    *protocol_tryout.PAGES,
    *fixed_answer.PAGES,
    *saved_answers.PAGES,
    *imports.PAGES,
    *columns.PAGES,
    *delivery.PAGES,
    *sign_in.PAGES,
    *account.PAGES,
    *second_factor.PAGES,
    *accounts.PAGES,
    *api_keys.PAGES,
    *webhooks.PAGES,
    *booking_hooks.PAGES,
    *calendar_feeds.PAGES,
    *audit_log.PAGES,
)
MOVED: Final[Mapping[str, str]] = MappingProxyType(
    {"/people": "/accounts", "/programs": "/api-keys", "/record": "/audit-log", "/late": "/overdue"}
)
"""Addresses that pages once had, for whoever has kept one."""


def staff_router(context: WebContext) -> APIRouter:
    """Everything that staff see, for `create_app(routers=[…])`."""
    router, room = APIRouter(), HashingRoom()
    _add(router, "GET", "/static/{name}", partial(_static, context))
    _add(router, "GET", "/favicon.ico", partial(_favicon, context))
    _add(router, "GET", "/sign-in", partial(sign_in.show, context))
    _add(router, "POST", "/sign-in", partial(sign_in.sign_in, context, room))
    for step, path in STEPS.items():
        _add(router, "GET", path, partial(sign_in_steps.show, context, step))
        _add(router, "POST", path, partial(sign_in_steps.take, context, room, step))
    _add(router, "POST", "/sign-in/go-on", partial(sign_in_steps.go_on, context))
    _add(router, "GET", "/icon/{count:int}/{look}.svg", partial(_icon, context))
    for old, new in MOVED.items():
        _add(router, "GET", old, partial(_moved, context, new))
    for page in PAGES:
        _add(router, page.method, page.path, partial(respond, context, room, page))
    return router


class _PageRoute(Route):
    """A plain route: FastAPI's would look for parameters in each of them, at every start, and there are none."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is not Match.NONE:
            child["route"] = self  # for the log, as FastAPI's do
        return match, child


def _add(router: APIRouter, method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
    async def route(request: Request) -> Response:
        return await endpoint(request)

    added = _PageRoute(path, route, methods=[method], include_in_schema=False)
    added.methods = {method}  # without HEAD, which Starlette adds to GET
    router.routes.append(added)


async def _static(context: WebContext, request: Request) -> Response:
    if refusal := origin.refuse(context, request):
        return refusal if refusal.status_code == 404 else PlainTextResponse("https only\n", 403)
    return static_file(request.path_params["name"])


async def _icon(context: WebContext, request: Request) -> Response:
    return origin.refuse(context, request) or watching.icon(request)


async def _moved(context: WebContext, to: str, request: Request) -> Response:
    if refusal := origin.refuse(context, request):
        return refusal
    return RedirectResponse(to, 308)


async def _favicon(context: WebContext, request: Request) -> Response:
    if origin.is_public(context, request):
        return PlainTextResponse("Not Found\n", 404)
    return RedirectResponse("/static/favicon.svg", 308)
