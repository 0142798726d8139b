"""Fetching what a patient sent beside words: from Twilio alone, bounded in size, time and redirects, stored nowhere."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx2

from notifier.sms.account import TWILIO_API

LARGEST: Final = 10_000_000
"""Bytes; a carrier takes five million at most."""
_LONGEST_LIST: Final = 200_000
_DEADLINE: Final = 15.0
"""Seconds for all of one photo."""
_REDIRECTS: Final = 3
_CDN: Final = "twiliocdn.com"
"""Where Twilio's own API sends who may read: to a signed address there."""
_GONE: Final = "Twilio does not have the photo any more"
_SID: Final = re.compile(r"ME[0-9a-f]{32}")
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class MediaUnavailable(Exception):
    """It could not be fetched; the sentence is for staff."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final
        """Another try would bring no more."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """What lay at Twilio, as it came: nothing of it is to be trusted."""

    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MediaSource:
    """The media of one account at Twilio, or at what speaks its API. The login stays out of its repr."""

    api_url: str
    account_sid: str
    login: Any

    def __repr__(self) -> str:
        return f"MediaSource({self.api_url})"

    def fetch(self, message_sid: str, number: int) -> MediaFile:
        """The so-many-eth (from 1) medium of a message. Blocks for 15 seconds at most; raises MediaUnavailable."""
        return asyncio.run(self._fetch(message_sid, number))

    async def _fetch(self, message_sid: str, number: int) -> MediaFile:
        base = f"{self.api_url.rstrip('/')}/2010-04-01/Accounts/{self.account_sid}/Messages/{message_sid}/Media"
        try:
            async with asyncio.timeout(_DEADLINE), httpx2.AsyncClient(trust_env=False, timeout=_DEADLINE) as client:
                listed = await self._get(client, f"{base}.json", most=_LONGEST_LIST)
                sid = _named(listed.content, number)
                return await self._get(client, f"{base}/{sid}", most=LARGEST)
        except TimeoutError:
            raise MediaUnavailable("Twilio did not give the photo in time; try again") from None
        except httpx2.HTTPError:
            raise MediaUnavailable("Twilio could not be reached for the photo; try again") from None

    async def _get(self, client: httpx2.AsyncClient, url: str, *, most: int) -> MediaFile:
        for _ in range(_REDIRECTS + 1):
            self._refuse_other_hosts(url)
            auth = httpx2.BasicAuth(*self.login) if _origin(url) == _origin(self.api_url) else None
            async with client.stream("GET", url, auth=auth, headers={"Accept-Encoding": "identity"}) as response:
                if response.status_code in _MOVED:
                    url = urljoin(url, response.headers.get("location", ""))
                    continue
                if response.status_code == 404:
                    raise MediaUnavailable(_GONE, is_final=True)
                if response.status_code != 200:
                    raise MediaUnavailable(f"Twilio answered HTTP {response.status_code} instead of the photo")
                return MediaFile(response.headers.get("content-type", ""), await _whole(response, most))
        raise MediaUnavailable("Twilio sent us from address to address and never to the photo")

    def _refuse_other_hosts(self, url: str) -> None:
        """The API's own address, and where that is Twilio's, its content network; nothing else is ever called."""
        parts = urlsplit(url)
        if _origin(url) == _origin(self.api_url):
            return
        host = parts.hostname or ""
        is_cdn = host == _CDN or host.endswith(f".{_CDN}")
        is_plain = parts.scheme == "https" and parts.port in (None, 443) and not parts.username
        if not (is_cdn and is_plain and _origin(self.api_url) == _origin(TWILIO_API)):
            raise MediaUnavailable("the photo lies at an address that is not Twilio's, which is never called")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


async def _whole(response: httpx2.Response, most: int) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > most:
            raise MediaUnavailable(f"it is larger than {most:,} bytes; look at it in Twilio's console", is_final=True)
    return bytes(content)


def _named(listed: bytes, number: int) -> str:
    """The SID of that medium. Twilio lists the latest first, and a patient's photos in the order sent are the other."""
    try:
        found = [one["sid"] for one in json.loads(listed)["media_list"]]
        sid = found[::-1][number - 1]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise MediaUnavailable(_GONE, is_final=True) from None
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise MediaUnavailable("Twilio listed a photo in a form that is not its own")
    return sid
