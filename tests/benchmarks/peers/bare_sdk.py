"""The limit of the stack: Twilio's SDK in a loop, with no database.

Under it `httpx2` as its authors made it, in the arrangement that lets it go fastest; `ours`, our HTTP client over
httpx2's core; or `stock`, the SDK's own over aiohttp.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
from twilio.http import AsyncHttpClient
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from notifier.sms.http_client import HttpxClient
from tests.benchmarks.peers.texts import ACCOUNT, SERVICE, WORDS

Texts = Iterator[tuple[str, str]]


def _texts(count: int) -> Texts:
    return ((f"+1212{2_000_000 + i:07d}", f"{WORDS} Ref {i}") for i in range(count))


def in_a_loop(twilio: str, count: int) -> None:
    """One after the other, as the SDK's README shows."""
    client = Client(ACCOUNT, "bench", environment={"_": ""})
    client.api.base_url = twilio
    for to, body in _texts(count):
        client.messages.create(to=to, body=body, messaging_service_sid=SERVICE)


async def in_flight(twilio: str, count: int, how_many: int, http: AsyncHttpClient) -> None:
    """So many at the same time."""
    client = Client(ACCOUNT, "bench", http_client=http, environment={"_": ""})
    client.api.base_url = twilio
    texts = _texts(count)

    async def one_after_the_other() -> None:
        for to, body in texts:
            await client.messages.create_async(
                to=to, body=body, messaging_service_sid=SERVICE, validity_period=14_400,
                status_callback=f"https://texts.example.org/twilio/status?a={to[1:]}",
            )  # fmt: skip

    await asyncio.gather(*(one_after_the_other() for _ in range(how_many)))


class OneEach(AsyncHttpClient):
    """httpx2 with one connection to a client, the last one used first: with one pool for all it is half as fast."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True)
        self._idle: list[httpx2.AsyncClient] = []

    async def request(  # type: ignore[override]  # the SDK's own async client clashes with its sync base too
        self, method: str, uri: str, params: Any = None, data: Any = None, headers: Any = None, auth: Any = None,
        timeout: float | None = None, allow_redirects: bool = False,  # noqa: ASYNC109  # the SDK's signature
    ) -> Response:  # fmt: skip
        client = self._idle.pop() if self._idle else httpx2.AsyncClient(limits=_ONE, trust_env=False)
        answer = await client.request(method, uri, params=params, data=data, headers=headers, auth=auth)
        self._idle.append(client)
        return Response(answer.status_code, answer.text)


_ONE = httpx2.Limits(max_connections=1, max_keepalive_connections=1)


async def _main(client: str, twilio: str, count: int, how_many: int) -> None:
    if client == "ours":
        ours = HttpxClient(twilio, max_connections=how_many + 5)
        await in_flight(twilio, count, how_many, ours)
        await ours.close()
    elif client == "httpx2":
        await in_flight(twilio, count, how_many, OneEach())
    else:
        async with AsyncTwilioHttpClient() as stock:
            await in_flight(twilio, count, how_many, stock)


if __name__ == "__main__":
    _client, _twilio, _count, _how_many = sys.argv[1:]
    if _client == "loop":
        in_a_loop(_twilio, int(_count))
    else:
        asyncio.run(_main(_client, _twilio, int(_count), int(_how_many)))
