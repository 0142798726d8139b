"""What keeps an open page alive: a cheap question every few seconds, and an icon that counts."""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.access.sessions import token_hash
from notifier.oversight.desk_state import DeskState
from notifier.web import cookies
from notifier.web.context import WebContext
from notifier.web.view import Page, View

PATH: Final = "/desk-state"
_MOST: Final = 9
_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#0b6e69" '
    'd="M4 5h16a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Z"/>'
    '<circle cx="16.5" cy="8" r="7.5" fill="{color}"/><text x="16.5" y="12" font-family="sans-serif" '
    'font-size="11" font-weight="700" fill="#fff" text-anchor="middle">{count}</text></svg>'
)


def state(view: View) -> Response:
    """Whether anything has changed since, how much is unread, and how much of it is urgent; nobody's name or words."""
    context, token = view.context, token_hash(view.token)
    yours = context.rules.yours
    return _said(context.watch.ask(context.engine, token, yours, view.now, context.clock.monotonic()))


def remembered_state(context: WebContext, request: Request) -> Response | None:
    """The same where another page has asked within the second: what twenty open pages cost hangs on it."""
    token = cookies.token_in(request)
    if not token or not request.headers.get("x-refresh"):
        return None
    found = context.watch.remembered(token_hash(token), context.clock.monotonic())
    if found is None:
        return None
    who, known = found
    return _said(known) if who.second_factor or not context.second_factor.requires(who.role) else None


def _said(found: DeskState) -> Response:
    return JSONResponse(
        {"token": found.token, "open": found.open, "urgent": found.urgent, "latest": found.latest_urgent}
    )


def icon(request: Request) -> Response:
    """The page's icon with a count: red where something is urgent."""
    count = min(int(request.path_params["count"]), _MOST + 1)
    words = f"{_MOST}+" if count > _MOST else str(count)
    color = "#a1322a" if request.path_params["look"] == "urgent" else "#1b2226"
    drawn = _ICON.format(color=color, count=escape(words))
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


PAGES = (Page("GET", PATH, state, at_once=remembered_state),)
