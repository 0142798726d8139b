"""The network under a connection: httpcore2's bytes over asyncio's own transports.

httpcore2 would go by way of anyio, whose streams cost as much for each text as everything above them. A wire here
listens all the time, so that the end of an idle connection is known before the next request is written into it.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Iterable
from typing import Any, Final

import httpcore2

_ENOUGH: Final = 64 * 1024
"""Bytes that may wait to be read, before the other side has to wait."""
_NEXT_ADDRESS: Final = 0.25
"""Seconds after which a host's next address is tried beside the one that keeps silent."""


class Network(httpcore2.AsyncNetworkBackend):
    """Opens wires."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore2's signature
        local_address: str | None = None,  # noqa: ARG002  # never asked for
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002  # never asked for
    ) -> httpcore2.AsyncNetworkStream:
        """A wire to this host; raises ConnectTimeout or ConnectError."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, wire = await loop.create_connection(_Wire, host, port, happy_eyeballs_delay=_NEXT_ADDRESS)
        except TimeoutError:
            raise httpcore2.ConnectTimeout from None
        except (OSError, UnicodeError):  # the latter for a name that cannot be one
            raise httpcore2.ConnectError from None
        return wire


class _Wire(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._ended = self._broken = False
        self._transport: asyncio.Transport
        self._reading: asyncio.Future[None] | None = None

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore2's signature
    ) -> bytes:
        """What has come, or comes next; nothing once the other side has ended. Raises ReadTimeout or ReadError."""
        if not self._unread and not self._ended:
            await self._something(timeout)
        if self._broken and not self._unread:
            raise httpcore2.ReadError
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109  # see below
        """Raises WriteError for a connection that has ended.

        A request is small: what the socket does not take at once leaves while the answer is awaited, in its time.
        """
        if buffer and self._ended:
            raise httpcore2.WriteError
        self._transport.write(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore2's signature
    ) -> httpcore2.AsyncNetworkStream:
        """The same wire, encrypted; raises ConnectTimeout or ConnectError."""
        if self._unread or self._ended:  # who speaks before the handshake would put words into the other's mouth
            await self.aclose()
            raise httpcore2.ConnectError
        start = asyncio.get_running_loop().start_tls  # closes what fails
        try:
            async with asyncio.timeout(timeout):
                encrypted = await start(self._transport, self, ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            raise httpcore2.ConnectTimeout from None
        except OSError:  # ssl.SSLError is one
            raise httpcore2.ConnectError from None
        assert encrypted
        self._transport = encrypted
        return self

    async def aclose(self) -> None:
        """Say goodbye, and do not wait for an answer."""
        self._transport.close()
        await asyncio.sleep(0)
        self._transport.abort()

    def get_extra_info(self, info: str) -> Any:
        """`is_readable`: while nothing is asked, that is the other side's end, or words that belong to no answer."""
        if info == "is_readable":
            return bool(self._unread) or self._ended or self._has_unread_input()
        return self._transport.get_extra_info(info)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) > _ENOUGH:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._broken = True, error is not None
        self._wake()

    async def _something(self, seconds: float | None) -> None:
        self._reading = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._reading
        except TimeoutError:
            raise httpcore2.ReadTimeout from None
        finally:
            self._reading = None

    def _wake(self) -> None:
        if self._reading and not self._reading.done():
            self._reading.set_result(None)

    def _has_unread_input(self) -> bool:
        """Whether the socket holds something that the loop has not had time to hand on."""
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))
