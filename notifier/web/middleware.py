"""What surrounds every request: the security headers, one log line without its query, and a response after a crash."""

from __future__ import annotations

from typing import Any, Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from notifier.domain.clocks import Timekeeper
from notifier.web.error_pages import ErrorPage

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that a browser says `Origin: null` when our own forms are sent.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""On every response, unless it sets its own."""
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics", "/desk-state"})
"""Asked every few seconds; logged only when the response is an error."""
log = structlog.get_logger()


class OuterMiddleware:
    """The outermost part of the app. A query may hold a receipt's token, so only the route's pattern is logged."""

    def __init__(self, app: ASGIApp, clock: Timekeeper, error_page: ErrorPage) -> None:
        self._app, self._clock, self._error_page = app, clock, error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock.monotonic()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:  # the last boundary: a person gets a sentence, not a traceback
            log.exception("request_failed", route=_route(scope))
            if not status:
                await self._error_page(Request(scope), 500)(scope, receive, send_with_headers)
        self._write(scope, status, began)

    def _write(self, scope: Scope, status: int, began: float) -> None:
        route = _route(scope)
        line: dict[str, Any] = {
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round((self._clock.monotonic() - began) * 1000, 1),
        }
        if refused := scope.get("state", {}).get("refused"):
            line["refused"] = refused
        write = log.debug if route in _QUIET and status < 400 else log.info
        write("request", **line)


def _route(scope: Scope) -> str:
    """The pattern that matched, such as /patients/{id}: never what stood in its place."""
    return getattr(scope.get("route"), "path", "(none)")
