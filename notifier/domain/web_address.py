"""The address of another program, as a person typed it: checked once, for whatever is posted or fetched there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from notifier.domain.refused import Refused

_LONGEST: Final = 500


def check_web_address(url: str, *, example: str, http: str, may_use_http: Callable[[str], bool]) -> str:
    """The same address. Only https, but where `may_use_http` says so of its host; no user or password in it.

    `example` and `http` (where http may be used) stand in the sentence of the Refused that it raises.
    """
    no_address = Refused(f"this is no address; write one like {example}", "url")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise no_address from None
    if not host or len(url) > _LONGEST or any(ord(one) <= ord(" ") for one in url):
        raise no_address
    if parts.username or parts.password or parts.fragment:
        raise Refused("leave user, password and # out of the address", "url")
    if parts.scheme != "https" and not (parts.scheme == "http" and may_use_http(host)):
        raise Refused(f"write an address that begins with https://; http is for {http}", "url")
    return url
