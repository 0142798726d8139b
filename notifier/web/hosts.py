"""By which host name a request came, and what that name serves: what is public is public by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Always served: whoever says so from elsewhere is refused by where they are, not by what they say."""
_PUBLIC_PATHS: Final = ("/twilio/", "/hooks/")
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class HostRules:
    """The names that this server answers to."""

    public: str | None = None
    """What the internet reaches; it serves webhooks alone."""
    pages: frozenset[str] = THIS_MACHINE
    """What the clinic's own network reaches."""


class HostGuard:
    """Refuses a request whose Host header is missing, repeated, malformed or not ours, before anything looks at it."""

    def __init__(self, app: ASGIApp, rules: HostRules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or say no more than that there is nothing."""
        if scope["type"] == "http" and (status := self._refusal(scope)):
            words = "Bad Request\n" if status == 400 else "Not Found\n"
            await PlainTextResponse(words, status)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> int:
        """The status of the refusal; 0 for none."""
        given = [value for name, value in scope["headers"] if name == b"host"]
        found = _HOST.fullmatch(given[0].decode("latin-1").lower()) if len(given) == 1 else None
        if found is None:
            return 400
        if found[1] == self._rules.public:
            return 0 if scope["path"].startswith(_PUBLIC_PATHS) else 404
        return 0 if found[1] in self._rules.pages else 404
