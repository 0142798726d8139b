"""Where a request comes from: not from the public host name, not in the clear, and no form from another site."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from notifier.web.context import WebContext
from notifier.web.render import render

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LOOPBACK: Final = re.compile(r"127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+")


def refuse(context: WebContext, request: Request) -> Response | None:
    """The response to a request that no page may see, or None."""
    if is_public(context, request):
        # What the internet reaches serves webhooks, and does not even say that there is a staff page.
        return PlainTextResponse("Not Found\n", 404)
    if is_in_the_clear(request):
        sentence = "This page opens over https only, or on the machine that it runs on. Patients are named here."
        return render("closed.html", 403, context=context, sentence=sentence)
    if request.method == "POST" and not _from_here(request):
        return render(
            "closed.html", 403, context=context, sentence="That form came from another site. Nothing was changed."
        )
    return None


def is_public(context: WebContext, request: Request) -> bool:
    """Whether the request came by the host name that the internet knows."""
    return context.public_host is not None and _host(request) == context.public_host.lower()


def is_in_the_clear(request: Request) -> bool:
    """Whether somebody on the way could read it. This machine is who calls from it, not whoever names it."""
    return request.url.scheme != "https" and not _is_from_here(request)


def _is_from_here(request: Request) -> bool:
    # A proxy on this machine that forgets to say for whom it asks still passes on the name that was asked for.
    peer = request.client.host if request.client else ""
    return _LOOPBACK.fullmatch(peer) is not None and _host(request) in _THIS_MACHINE


def _host(request: Request) -> str:
    return (request.url.hostname or "").lower()


def _from_here(request: Request) -> bool:
    """Browsers say where a form comes from, and no page can change that."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.url.netloc.lower()
