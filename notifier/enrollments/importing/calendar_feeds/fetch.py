"""Fetching a calendar: bounded, and never from an address that only this network reaches, unless that is allowed."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx2

from notifier.domain.refused import Refused

MOST_BYTES: Final = 10_000_000
_SECONDS: Final = 30.0
"""In all; each read has less."""
_MOST_ADDRESSES: Final = 3
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A calendar's bytes, and what to ask with next time."""

    data: bytes | None
    """None: it has not changed."""
    etag: str | None = None
    last_modified: str | None = None


async def fetch(url: str, *, etag: str | None, last_modified: str | None, allow_private: bool) -> Fetched:
    """The calendar at that address. No redirects, no proxies, nothing packed. Raises Refused with a sentence."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _fetch(httpx2.URL(url), etag, last_modified, allow_private)
    except TimeoutError:
        raise Refused(f"it took over {_SECONDS:.0f} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as why:
        raise Refused(f"it could not be reached ({type(why).__name__})") from None


async def _fetch(url: httpx2.URL, etag: str | None, last_modified: str | None, allow_private: bool) -> Fetched:
    addresses = await _addresses(url.host, url.port or (443 if url.scheme == "https" else 80), allow_private)
    asked = {"Host": url.netloc.decode(), "Accept": "text/calendar", "Accept-Encoding": "identity"}
    asked |= {"If-None-Match": etag} if etag else {}
    asked |= {"If-Modified-Since": last_modified} if last_modified else {}
    for address in addresses[:-1]:
        with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
            return await _ask(url, address, asked)
    return await _ask(url, addresses[-1], asked)


async def _ask(url: httpx2.URL, address: str, asked: dict[str, str]) -> Fetched:
    """What was looked at is what is connected to: a name that is asked twice may give two addresses."""
    to, named = url.copy_with(host=address), {"sni_hostname": url.host}
    async with (
        httpx2.AsyncClient(timeout=_SECONDS / 3, follow_redirects=False, trust_env=False) as client,
        client.stream("GET", to, headers=asked, extensions=named) as response,
    ):
        if response.status_code == httpx2.codes.NOT_MODIFIED:
            return Fetched(None, asked.get("If-None-Match"), asked.get("If-Modified-Since"))
        if response.is_redirect:
            raise Refused("it leads to another address; remove the feed and add that one")
        if response.status_code != httpx2.codes.OK:
            raise Refused(f"it answered {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Refused("it answered with something packed, which was not asked for")
        data = bytearray()
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > MOST_BYTES:
                raise Refused(f"it has over {MOST_BYTES:,} bytes; let it give fewer days")
        tag, changed = response.headers.get("etag"), response.headers.get("last-modified")
        return Fetched(bytes(data), tag if tag and len(tag) <= 200 else None, changed[:100] if changed else None)


async def _addresses(host: str, port: int, allow_private: bool) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))[:_MOST_ADDRESSES]
    if not allow_private and not all(is_public(one) for one in addresses):
        raise Refused("it stands on a private network; where that is meant, add it anew and allow that")
    return addresses


def is_public(address: str) -> bool:
    """Whether the whole internet reaches an address: not this machine, not this network, nothing wrapped up."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in _TRANSLATED):
        return False
    return ip.is_global and not ip.is_multicast
