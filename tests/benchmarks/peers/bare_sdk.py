"""The limit of the stack: Twilio's SDK in a loop, with no database. `ours` is our HTTP client under it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from notifier.sms.httpx_client import HttpxClient
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


async def in_flight(twilio: str, count: int, how_many: int, http: HttpxClient | AsyncTwilioHttpClient) -> None:
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


async def _main(client: str, twilio: str, count: int, how_many: int) -> None:
    if client == "ours":
        ours = HttpxClient(twilio, max_connections=how_many + 5)
        await in_flight(twilio, count, how_many, ours)
        await ours.close()
    else:
        async with AsyncTwilioHttpClient() as stock:
            await in_flight(twilio, count, how_many, stock)


if __name__ == "__main__":
    _client, _twilio, _count, _how_many = sys.argv[1:]
    if _client == "loop":
        in_a_loop(_twilio, int(_count))
    else:
        asyncio.run(_main(_client, _twilio, int(_count), int(_how_many)))
