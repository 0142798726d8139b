"""Sign in with a name and a password, sign out, and stay signed in while somebody works."""

from __future__ import annotations

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from notifier.access import accounts, rate_limit
from notifier.access import sign_in as session_access
from notifier.db.engine import reading
from notifier.web import cookies
from notifier.web.context import WebContext
from notifier.web.hashing_room import BUSY, HashingRoom, TooMany
from notifier.web.pages.administration import sign_in_responses as responses
from notifier.web.pages.administration.sign_in_responses import CountedTry
from notifier.web.render import render
from notifier.web.source import source_of
from notifier.web.view import Fields, Page, View, read_fields, redirect

WRONG = "That name and password do not belong together. Try again."


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
    values = {"to": responses.only_here(to), "kept": kept or {}, "sentence": sentence, "was_locked": bool(kept)}
    return render("sign_in.html", status, context=context, **values)


async def sign_in(context: WebContext, room: HashingRoom, request: Request) -> Response:
    """Check the password; where a form had been kept, show it again as it was."""
    fields = await read_fields(context, request)
    if isinstance(fields, Response):
        return fields
    browser = await run_in_threadpool(responses.known_browser, context, request, fields.get("name", ""))
    try:
        # First a place, then the count: of those who find none, a flood, not even the database hears.
        with room.lane(known=browser is not None).place() as lane:
            attempt = await run_in_threadpool(_count, context, request, fields, browser)
            if isinstance(attempt, Response):
                return attempt
            return await lane.run(partial(_sign_in, context, request, fields, attempt))
    except TooMany:
        response = await run_in_threadpool(_refuse, context, request, fields, BUSY, 503)
        response.headers["Retry-After"] = "5"
        return response


def _count(context: WebContext, request: Request, fields: Fields, browser: str | None) -> CountedTry | Response:
    """Count the try before anybody looks at it."""
    name, now, address = fields.get("name", ""), context.clock.now(), responses.address_of(request)
    if not rate_limit.take_try(context.engine, address, name, now, browser=browser):
        return _refuse(context, request, fields, responses.TOO_OFTEN, 429)
    return CountedTry(address, name, browser)


def _sign_in(context: WebContext, request: Request, fields: Fields, attempt: CountedTry) -> Response:
    entry = session_access.sign_in(
        context.engine,
        attempt.name,
        fields.get("password", ""),
        source_of(request),
        rule=context.second_factor,
        now=context.clock.now(),
        before=cookies.token_in(request),
    )
    if entry is None:
        return _refuse(context, request, fields, WRONG, 401)
    return responses.complete(context, request, fields, entry)


def _refuse(context: WebContext, request: Request, fields: Fields, sentence: str, status: int) -> Response:
    kept, to = responses.kept_fields(fields), fields.get("to", "/")
    return responses.refuse(request, _page(context, to=to, sentence=sentence, kept=kept, status=status), sentence)


def sign_out(view: View) -> Response:
    """End this session here and in the database."""
    session_access.sign_out(view.context.engine, view.token, view.source, now=view.now, by=view.who.by)
    return cookies.end(redirect("/sign-in"), view.request)


def still_here(_view: View) -> Response:
    """Somebody is working on a page that asks nothing of the server."""
    return Response(status_code=204)


PAGES = (
    Page("POST", "/sign-out", sign_out),
    Page("POST", "/still-here", still_here),
)
