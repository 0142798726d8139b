"""A sandbox, and a place that takes its webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from notifier.sandbox.server import Sandbox
from notifier.sandbox.wire import Connection, HttpReply, Request

NOW = datetime(2026, 3, 7, 15, 30, tzinfo=UTC)


@dataclass
class Taker:
    """Takes webhooks, keeps them, answers 204."""

    url: str = ""
    taken: list[Request] = field(default_factory=list)

    def take(self, request: Request, connection: Connection) -> None:
        self.taken.append(request)
        connection.reply(HttpReply(204))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(now=lambda: NOW) as sandbox:
        yield sandbox


@pytest.fixture
async def taker() -> AsyncIterator[Taker]:
    taker, connections = Taker(), set[Connection]()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(taker.take, connections), "127.0.0.1", 0)
    taker.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield taker
    server.close()
    for connection in list(connections):
        connection.close()
    await asyncio.sleep(0)
