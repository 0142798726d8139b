"""The session's cookie, and the token that its forms carry."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from notifier.access import sessions
from notifier.access.accounts import SignedIn
from notifier.access.known_browsers import KNOWN_FOR
from notifier.access.sessions import LONGEST, token_hash
from notifier.db.engine import reading, writing
from notifier.web.context import WebContext
from notifier.web.source import source_of

_NAME, _NAME_OVER_TLS = "notifier", "__Host-notifier"
"""The prefix binds a cookie to this host and to TLS; on plain http (this machine alone) browsers would refuse it."""


def token_in(request: Request) -> str | None:
    """The session's token, where the browser has one."""
    return request.cookies.get(_name(request))


def who(context: WebContext, request: Request, now: datetime, *, token: str | None = None) -> SignedIn | None:
    """Who is asking; None for a session that is locked, over, revoked, without a second factor, or never was.

    `token`: one that the browser is about to get; None: the one that it has. A page that draws itself anew
    (`X-Refresh`) keeps no session open: a desk that nobody is at is locked all the same.
    """
    token = token or token_in(request)
    if not token:
        return None
    hashed = token_hash(token)
    with reading(context.engine) as session:
        found = sessions.who_has(session, hashed, now=now)
    if found is None:
        return None
    signed_in, stale = found
    if context.second_factor.requires(signed_in.role) and not signed_in.second_factor:
        return None  # of before it was required; a new sign-in asks to set one up
    if stale and not is_refresh(request):
        with writing(context.engine) as session:
            sessions.seen(session, hashed, source_of(request), now=now)
    return signed_in


def is_refresh(request: Request) -> bool:
    """Whether a page asks by itself, and nobody's hand was on it."""
    return bool(request.headers.get("x-refresh"))


def give(response: Response, request: Request, token: str) -> None:
    """Let the browser keep the token: for this host, never for scripts, never from another site."""
    response.set_cookie(
        _name(request),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=_is_tls(request),
        httponly=True,
        samesite="strict",
    )


def browser_in(request: Request) -> str | None:
    """What a browser keeps that somebody has signed in with before."""
    return request.cookies.get(f"{_name(request)}-browser")


def give_browser(response: Response, request: Request, token: str) -> None:
    """Let the browser keep what it is known by; it opens nothing."""
    response.set_cookie(
        f"{_name(request)}-browser",
        token,
        max_age=int(KNOWN_FOR.total_seconds()),
        path="/",
        secure=_is_tls(request),
        httponly=True,
        samesite="strict",
    )


def end(response: Response, request: Request) -> Response:
    """Have the browser forget the session's cookie, and every page that it keeps; not what it is known by."""
    response.delete_cookie(_name(request), path="/", secure=_is_tls(request), httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def form_token(token: str) -> str:
    """What the forms of one page carry; other sites cannot know it.

    Another one for every page: pages are compressed, and of what stays the same the length could be learned from
    (BREACH). Nobody can even begin: a page is asked for from another site without its cookie (SameSite=Strict).
    """
    salt = secrets.token_hex(8)
    return salt + _sealed(token, f"form {salt}")


def is_form_token(token: str, given: str) -> bool:
    """Whether some page of this session carried it."""
    salt, seal = given[:16], given[16:]
    return given.isascii() and hmac.compare_digest(seal, _sealed(token, f"form {salt}"))


def session_key(token: str) -> str:
    """What a session keeps something under: the same all the time, and no way in."""
    return _sealed(token, "session")


def _sealed(token: str, what: str) -> str:
    return hmac.new(token.encode(), what.encode(), hashlib.sha256).hexdigest()


def _name(request: Request) -> str:
    return _NAME_OVER_TLS if _is_tls(request) else _NAME


def _is_tls(request: Request) -> bool:
    return request.url.scheme == "https"
