"""Sign in, sign out, and stay signed in while somebody works."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.access import accounts, rate_limit
from notifier.access import sign_in as session_access
from notifier.access.accounts import SignedIn
from notifier.access.known_browsers import is_known, keep_known
from notifier.db.engine import reading
from notifier.web import cookies
from notifier.web.context import WebContext
from notifier.web.hashing_room import BUSY, HashingRoom, TooMany
from notifier.web.pages.patients import enroll
from notifier.web.render import render
from notifier.web.view import KEPT, Fields, Page, View, read_fields, redirect

WRONG = "That name and password do not belong together. Try again."
TOO_OFTEN = "Too many tries. Wait a quarter of an hour, or ask an admin for a new password."


async def show(context: WebContext, request: Request) -> Response:
    """The way in."""
    fields = await read_fields(context, request)
    if isinstance(fields, Response):
        return fields
    return await run_in_threadpool(_page, context, to=request.query_params.get("to", "/"))


def _page(
    context: WebContext,
    *,
    to: str,
    sentence: str | None = None,
    kept: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with reading(context.engine) as session:
        if not accounts.has_accounts(session):
            return render("no_staff.html", 200, context=context)
    values = {"to": _only_here(to), "kept": kept or {}, "sentence": sentence, "was_locked": bool(kept)}
    return render("sign_in.html", status, context=context, **values)


async def sign_in(context: WebContext, room: HashingRoom, request: Request) -> Response:
    """Check the password; where a form had been kept, show it again as it was."""
    fields = await read_fields(context, request)
    if isinstance(fields, Response):
        return fields
    attempt = await run_in_threadpool(_count, context, request, fields)
    if isinstance(attempt, Response):
        return attempt
    try:
        return await room.run(partial(_sign_in, context, request, fields, attempt), known=attempt.browser is not None)
    except TooMany:
        await run_in_threadpool(attempt.take_back, context)
        response = await run_in_threadpool(_refuse, context, request, fields, BUSY, 503)
        response.headers["Retry-After"] = "5"
        return response


@dataclass(frozen=True, slots=True)
class _Try:
    """A try that has been counted."""

    address: str
    name: str
    browser: str | None
    """What this browser is known by; None for a stranger's."""

    def take_back(self, context: WebContext) -> None:
        rate_limit.return_try(context.engine, self.address, self.name, browser=self.browser)


def _count(context: WebContext, request: Request, fields: Fields) -> _Try | Response:
    """Count the try before anybody looks at it."""
    name, now = fields.get("name", ""), context.clock.now()
    address = request.client.host if request.client else "unknown"
    browser = cookies.browser_in(request)
    if not is_known(context.engine, browser, name, now):
        browser = None
    if not rate_limit.take_try(context.engine, address, name, now, browser=browser):
        return _refuse(context, request, fields, TOO_OFTEN, 429)
    return _Try(address, name, browser)


def _sign_in(context: WebContext, request: Request, fields: Fields, attempt: _Try) -> Response:
    now, before = context.clock.now(), cookies.token_in(request)
    token = session_access.sign_in(context.engine, attempt.name, fields.get("password", ""), now=now, before=before)
    who = cookies.who(context, token, now)
    if token is None or who is None:
        return _refuse(context, request, fields, WRONG, 401)
    rate_limit.forget_wrong_passwords(context.engine, attempt.address, attempt.name, browser=attempt.browser)
    response = _welcome(context, request, fields, who, token)
    cookies.give(response, request, token)
    cookies.give_browser(response, request, keep_known(context.engine, attempt.browser, who.staff_id, now))
    return response


def _refuse(context: WebContext, request: Request, fields: Fields, sentence: str, status: int) -> Response:
    if _is_in_place(request):
        return JSONResponse({"sentence": sentence}, status)
    kept = {name: value for name, value in fields.items() if name.startswith(KEPT)}
    return _page(context, to=fields.get("to", "/"), sentence=sentence, kept=kept, status=status)


def _welcome(context: WebContext, request: Request, fields: Fields, who: SignedIn, token: str) -> Response:
    if _is_in_place(request):
        return JSONResponse({"form": cookies.form_token(token), "name": who.name})
    kept = [(name.removeprefix(KEPT), value) for name, value in fields.multi_items() if name.startswith(KEPT)]
    if kept:
        return enroll.show_again(View(context, request, context.clock.now(), who, token, ImmutableMultiDict(kept)))
    return redirect(_only_here(fields.get("to", "/")))


def _is_in_place(request: Request) -> bool:
    """Whether a page asks that stays open, and not a browser that goes somewhere."""
    return request.headers.get("x-fragment") is not None


def _only_here(path: str) -> str:
    """A path of this page, never another host's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def sign_out(view: View) -> Response:
    """End this session here and in the database."""
    session_access.sign_out(view.context.engine, view.token, now=view.now, by=view.who.by)
    response = redirect("/sign-in")
    cookies.take_back(response, view.request)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'  # the cookie of a known browser stays
    return response


def still_here(_view: View) -> Response:
    """Somebody is working on a page that asks nothing of the server."""
    return Response(status_code=204)


PAGES = (
    Page("POST", "/sign-out", sign_out),
    Page("POST", "/still-here", still_here),
)
