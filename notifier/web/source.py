"""Where a request comes from, as the audit log and the list of open sessions name it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from notifier.access.accounts import Source

_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
"""In the order in which they may be believed: nearly all of them call themselves Safari too."""
_SYSTEMS: Final = (
    ("iPad", "iPad"), ("iPhone", "iPhone"), ("Android", "Android"), ("CrOS", "Chromebook"), ("Windows", "Windows"),
    ("Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
_LONGEST: Final = 40


def source_of(request: Request) -> Source:
    """Address and device of whoever asks. The address is the peer's, or what a proxy on this machine says it was."""
    return Source(request.client.host if request.client else None, device_of(request.headers.get("user-agent", "")))


def device_of(user_agent: str) -> str | None:
    """Browser and system, such as "Safari on iPad"; for a program its own short name; None where nothing is said."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser is not None:
        return f"{browser} on {system}" if system else browser
    first = user_agent.split(" ", maxsplit=1)[0][:_LONGEST]
    return first if first and first.isascii() and first.isprintable() else None
