"""Connections to one API: the one that was used last is used next, and no call looks at the others.

httpcore2's own pool looks at every idle connection before and after each call; with fifty of them that is most of a
call's work.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpcore2
import httpx2

from notifier.sms.network import Network

_KEPT: Final = 30.0
"""Seconds for which an idle connection is kept."""


class Connections:
    """At most `most` at a time; who waits longer than `timeout` seconds for one gets httpcore2.PoolTimeout."""

    def __init__(self, origin: httpcore2.Origin, *, most: int, timeout: float) -> None:
        self._origin, self._timeout = origin, timeout
        self._free = asyncio.Semaphore(most)
        # Built once: reading the authorities takes milliseconds, and each copy a megabyte.
        self._trusted = httpx2.create_ssl_context(trust_env=False)
        self._network = Network()
        self._idle: deque[httpcore2.AsyncHTTPConnection] = deque()
        """The one used last at the end."""

    @asynccontextmanager
    async def one(self) -> AsyncIterator[httpcore2.AsyncHTTPConnection]:
        """A connection for one call, sound as far as anybody can know; a new one connects when it is first used."""
        await self._wait_for_a_free_one()
        try:
            connection = await self._warm() or self._new()
            try:
                yield connection
            finally:
                if connection.is_available():
                    self._idle.append(connection)
                else:
                    await connection.aclose()  # the call broke off
        finally:
            self._free.release()

    async def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            await self._idle.pop().aclose()

    async def _wait_for_a_free_one(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._free.acquire()
        except TimeoutError:
            raise httpcore2.PoolTimeout("no free connection") from None

    async def _warm(self) -> httpcore2.AsyncHTTPConnection | None:
        """One that was kept, and that the other side has not closed since; those that have grown cold are closed."""
        while self._idle and self._idle[0].has_expired():
            await self._idle.popleft().aclose()
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    def _new(self) -> httpcore2.AsyncHTTPConnection:
        return httpcore2.AsyncHTTPConnection(
            self._origin, ssl_context=self._trusted, keepalive_expiry=_KEPT, network_backend=self._network
        )
