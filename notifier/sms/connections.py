"""Connections to one API: the one that was used last is used next, and no call looks at the others.

httpx2's own pool looks at every idle connection before and after each call; with fifty of them that is most of a call's
work. So each connection is a transport of its own here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx2

_KEPT: Final = 30.0
"""Seconds for which an idle connection is kept."""
_ONE: Final = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEPT)


class Connections:
    """At most `most` at a time; who waits longer than `patience` seconds for one gets httpx2.PoolTimeout."""

    def __init__(self, *, most: int, patience: float) -> None:
        self._free = asyncio.Semaphore(most)
        self._patience = patience
        # Built once: reading the authorities takes milliseconds, and each copy a megabyte.
        self._trusted = httpx2.create_ssl_context(trust_env=False)
        self._idle: deque[tuple[httpx2.AsyncHTTPTransport, float]] = deque()
        """The one used last at the end, each with the loop's time of that moment."""

    @asynccontextmanager
    async def one(self) -> AsyncIterator[httpx2.AsyncHTTPTransport]:
        """A connection for one call; connected when it is first used."""
        await self._wait_for_a_free_one()
        try:
            await self._close_cold_ones()
            transport = self._idle.pop()[0] if self._idle else self._new()
            try:
                yield transport
            finally:
                # After a call that broke off too: the transport has closed its connection and opens another.
                self._idle.append((transport, asyncio.get_running_loop().time()))
        finally:
            self._free.release()

    async def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            await self._idle.pop()[0].aclose()

    async def _wait_for_a_free_one(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise httpx2.PoolTimeout("no free connection") from None

    async def _close_cold_ones(self) -> None:
        too_cold = asyncio.get_running_loop().time() - _KEPT
        while self._idle and self._idle[0][1] < too_cold:
            await self._idle.popleft()[0].aclose()

    def _new(self) -> httpx2.AsyncHTTPTransport:
        return httpx2.AsyncHTTPTransport(verify=self._trusted, trust_env=False, limits=_ONE)
