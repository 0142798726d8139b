"""HTTP/1.1 on a loopback socket, and the ways in which it can go wrong."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import parse_qsl

_END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole HTTP response."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def on_the_wire(self) -> bytes:
        """Head and body as they are written."""
        more = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return (
            f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, 'Odd')}\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n{more}\r\n"
        ).encode() + self.body


class Connection(asyncio.Protocol):
    """One client's connection: hands over a request, and takes no further one until it has been answered."""

    def __init__(self, take: Callable[[Request, Connection], None], everybody: set[Connection]) -> None:
        self._take = take
        self._everybody = everybody
        self._received = bytearray()
        self._answering = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio says that somebody has connected."""
        self._transport = cast(asyncio.Transport, transport)
        self._everybody.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Asyncio says that the connection is gone."""
        self._transport = None
        self._everybody.discard(self)

    def data_received(self, data: bytes) -> None:
        """Asyncio hands over what came in."""
        self._received += data
        self._next_request()

    def reply(self, reply: HttpReply) -> None:
        """Answer the request, and listen for the next."""
        self.write(reply.on_the_wire())
        self._answering = False
        self._next_request()

    def write(self, data: bytes) -> None:
        """Put bytes on the wire, whatever they are."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Close in an orderly way (FIN), after what was written."""
        if self._transport:
            self._transport.close()

    def reset(self) -> None:
        """Break off (RST)."""
        if self._transport:
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _next_request(self) -> None:
        if self._answering:
            return
        end = self._received.find(_END_OF_HEAD)
        if end < 0:
            return
        start, *lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        whole = end + len(_END_OF_HEAD) + int(headers.get("content-length", "0"))
        if len(self._received) < whole:
            return
        body = bytes(self._received[end + len(_END_OF_HEAD) : whole])
        del self._received[:whole]
        method, target, _ = start.split(" ", 2)
        path, _, query = target.partition("?")
        self._answering = True
        self._take(Request(method, path, _pairs(query), headers, _pairs(body.decode())), self)


def _pairs(encoded: str) -> dict[str, str]:
    return dict(parse_qsl(encoded, keep_blank_values=True))


_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
