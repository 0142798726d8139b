"""A Twilio in a process of its own that does nothing but answer: it takes texts, lists none, and remembers arrivals."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final

ACCOUNT: Final = "AC" + "0" * 32
SERVICE: Final = "MG" + "0" * 32
DUE: Final = re.compile(rb"due%3D(\d+\.\d+)")
"""Where a text says when it was due, in seconds of the machine's clock."""
_LENGTH: Final = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *(\d+)")
_EMPTY: Final = json.dumps({"messages": [], "next_page_uri": None, "page": 0, "uri": "/"}).encode()
_CREATED: Final = json.dumps(
    {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": "...", "date_created": None, "date_sent": None,
        "date_updated": None, "direction": "outbound-api", "error_code": None, "error_message": None, "from": None,
        "messaging_service_sid": SERVICE, "num_media": "0", "num_segments": "1", "price": None, "price_unit": "USD",
        "sid": "SM%032x", "status": "accepted", "to": "+12125550123", "uri": "/", "subresource_uris": {},
    }
).encode()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came in since the last `reset`."""

    count: int
    twice: int
    """Bodies to a number that were created more than once."""
    first: float
    last: float
    lateness: list[float]

    @property
    def per_second(self) -> float:
        """From the first to the last, so that starting up does not count."""
        return (self.count - 1) / (self.last - self.first) if self.count > 1 else 0.0


class LoopbackTwilio:
    """The other process, as a benchmark sees it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port

    def reset(self, latency: float = 0.0) -> None:
        """Forget everything; from now on every create takes so many seconds."""
        self._ask(f"/bench/reset/{latency}")

    def count(self) -> int:
        return int(self._ask("/bench/count")["count"])

    def arrivals(self) -> Arrivals:
        return Arrivals(**self._ask("/bench/arrivals"))

    def wait_for(self, count: int, *, seconds: float = 60.0) -> bool:
        """Until so many texts are there; False where they did not come in time."""
        until = time.monotonic() + seconds
        while self.count() < count:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def _ask(self, path: str) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        connection.request("GET", path)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return answer


@contextmanager
def loopback_twilio() -> Iterator[LoopbackTwilio]:
    """Runs while the block does."""
    with subprocess.Popen([sys.executable, "-m", __spec__.name], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield LoopbackTwilio(int(server.stdout.readline()))
        finally:
            server.terminate()


class _Ledger:
    def __init__(self) -> None:
        self.latency = 0.0
        self.times: list[float] = []
        self.lateness: list[float] = []
        self.seen: set[int] = set()

    def take(self, body: bytes) -> bytes:
        now = time.time()
        self.times.append(now)
        self.seen.add(hash(body.partition(b"&StatusCallback=")[0]))
        if due := DUE.search(body):
            self.lateness.append(now - float(due[1]))
        return _CREATED % len(self.times)

    def told(self, path: str) -> dict[str, object]:
        if path.startswith("/bench/reset/"):
            self.__init__()  # type: ignore[misc]  # forgetting is starting anew
            self.latency = float(path.rpartition("/")[2])
        if path == "/bench/count":
            return {"count": len(self.times)}
        first, last = (self.times[0], self.times[-1]) if self.times else (0.0, 0.0)
        twice = len(self.times) - len(self.seen)
        return {"count": len(self.times), "twice": twice, "first": first, "last": last, "lateness": self.lateness}


class _Wire(asyncio.Protocol):
    def __init__(self, ledger: _Ledger) -> None:
        self._ledger = ledger
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._buffer, 0, end)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < size:
                return
            head, body, self._buffer = self._buffer[:end], self._buffer[end + 4 : size], self._buffer[size:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        method, path, _ = head.split(b"\r\n", 1)[0].split(b" ", 2)
        if method == b"POST":
            created, latency = self._ledger.take(body), self._ledger.latency
            if latency:
                asyncio.get_running_loop().call_later(latency, self._reply, b"201 Created", created)
            else:
                self._reply(b"201 Created", created)
        elif path.startswith(b"/bench/"):
            self._reply(b"200 OK", json.dumps(self._ledger.told(path.decode())).encode())
        else:
            self._reply(b"200 OK", _EMPTY)

    def _reply(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)


async def _serve() -> None:
    ledger = _Ledger()
    server = await asyncio.get_running_loop().create_server(lambda: _Wire(ledger), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
