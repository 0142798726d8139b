"""What keeps an open page alive: a question that the server holds until there is news, and an icon that counts."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.access.sessions import token_hash
from notifier.web import cookies
from notifier.web.context import WebContext
from notifier.web.desk_watch import Held
from notifier.web.view import Page, View

PATH: Final = "/desk-state"
_MOST: Final = 9
_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#0b6e69" '
    'd="M4 5h16a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Z"/>'
    '<circle cx="16.5" cy="8" r="7.5" fill="{color}"/><text x="16.5" y="12" font-family="sans-serif" '
    'font-size="11" font-weight="700" fill="#fff" text-anchor="middle">{count}</text></svg>'
)


async def wait(context: WebContext, request: Request) -> None:
    """Until there is something that this page does not know (`X-Known`); who knows nothing waits for nothing."""
    token, known = cookies.token_in(request), request.headers.get("x-known")
    if token and known and cookies.is_refresh(request):
        await context.watch.hold(Held(token_hash(token), known), partial(_left, request), context.engine, context.clock)


async def _left(request: Request) -> None:
    """The browser has gone, such as to another page."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def state(view: View) -> Response:
    """Whether anything has changed since, how much is unread, and how much of it is urgent; nobody's name or words."""
    found = view.desk
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


PAGES = (Page("GET", PATH, state, waits=wait),)
