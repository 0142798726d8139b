"""How long the server waits for a request, and how many connections it holds. uvicorn itself waits for ever."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS: Final = 400
"""More are cut at once: each is an open file, and the worker in the same process needs some too."""
_HEAD_SECONDS: Final = 10.0
_BODY_SECONDS: Final = 60.0
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 whose head must be there after ten seconds, and whose body after a minute."""

    head_seconds, body_seconds, most_connections = _HEAD_SECONDS, _BODY_SECONDS, MOST_CONNECTIONS
    _awaited: Any = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Begin to count where a head or a body begins to come; more of the same does not begin it anew."""
        awaited = self.conn.their_state
        if awaited is self._awaited:
            return
        self._wait_no_longer()
        self._awaited = awaited
        if awaited in (h11.IDLE, h11.SEND_BODY):
            seconds = self.head_seconds if awaited is h11.IDLE else self.body_seconds
            self._timer = self.loop.call_later(seconds, self._give_up)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        if self._awaited is h11.IDLE:
            self.transport.write(_TOO_SLOW)
        self.transport.close()
