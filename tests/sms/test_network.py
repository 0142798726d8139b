"""The wires under the connections: encrypted or not, kept or closed by the other side, and never taken by its words."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Queue
from threading import Event, Thread

import httpcore2
import httpx2
import pytest

from notifier.sms.gateway import Accepted, OutgoingText
from notifier.sms.network import Network
from notifier.sms.twilio_gateway import TwilioGateway

Build = Callable[..., TwilioGateway]
SID = "SM" + "0" * 31


class Provider:
    """Answers from threads, so that it can act while the event loop stands still. Its n-th answer ends with n."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self._answered: Queue[socket.socket] = Queue()
        self._lines: list[socket.socket] = []
        self.connections = self.answers = 0
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def last_line(self) -> socket.socket:
        """The connection that was answered last."""
        return self._answered.get(timeout=30)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for line in (self._listener, *self._lines):
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        if self._tls:
            line = self._tls.wrap_socket(line, server_side=True)
        self._lines.append(line)
        with suppress(OSError):  # the other side has hung up
            while b"\r\n\r\n" in (heard := line.recv(65536)):
                size = int(heard.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                while len(heard.partition(b"\r\n\r\n")[2]) < size:
                    heard += line.recv(65536)
                self.answers += 1
                line.sendall(answer(self.answers))
                self._answered.put(line)


def answer(number: int) -> bytes:
    body = b'{"sid": "%b%d", "status": "queued"}' % (SID.encode(), number)
    return b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    made = tmp_path / "certificate.pem", tmp_path / "key.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=here -addext subjectAltName=IP:127.0.0.1"
    command = [openssl, *options.split(), "-out", str(made[0]), "-keyout", str(made[1])]
    subprocess.run(command, check=True, capture_output=True)
    return made


async def test_a_text_leaves_encrypted_where_the_certificate_is_trusted(
    certificate: tuple[Path, Path], gateway_to: Build, text: OutgoingText, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=certificate[0])
    context.load_cert_chain(*certificate)
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda **_: trusted)
    provider = Provider(context)
    gateway = gateway_to(f"https://127.0.0.1:{provider.port}")
    assert [await gateway.send(text) for _ in range(3)] == [Accepted(f"{SID}{at}", "queued") for at in (1, 2, 3)]
    assert provider.connections == 1
    provider.close()


async def test_a_connection_is_used_again(provider: Provider, gateway_to: Build, text: OutgoingText) -> None:
    gateway = gateway_to(f"http://127.0.0.1:{provider.port}")
    assert [await gateway.send(text) for _ in range(3)] == [Accepted(f"{SID}{at}", "queued") for at in (1, 2, 3)]
    assert provider.connections == 1


@pytest.mark.parametrize("last_words", [b"", answer(9)], ids=["silently", "with words to no question"])
async def test_a_connection_that_was_closed_while_idle_is_not_used_again(
    provider: Provider, gateway_to: Build, text: OutgoingText, last_words: bytes
) -> None:
    gateway = gateway_to(f"http://127.0.0.1:{provider.port}")
    assert await gateway.send(text) == Accepted(f"{SID}1", "queued")
    line = provider.last_line()
    line.sendall(last_words)
    line.shutdown(socket.SHUT_RDWR)
    # The loop has had no time to hear of it.
    assert await gateway.send(text) == Accepted(f"{SID}2", "queued")
    assert provider.connections == 2


async def test_words_to_no_question_are_not_taken_for_an_answer(
    provider: Provider, gateway_to: Build, text: OutgoingText
) -> None:
    gateway = gateway_to(f"http://127.0.0.1:{provider.port}")
    await gateway.send(text)
    provider.last_line().sendall(answer(9))
    assert await gateway.send(text) == Accepted(f"{SID}2", "queued")


async def test_who_speaks_before_the_handshake_is_not_believed(certificate: tuple[Path, Path]) -> None:
    context, spoken = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Event()
    context.load_cert_chain(*certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            line, _ = listener.accept()
            with line, suppress(OSError):
                line.sendall(answer(1))
                spoken.set()
                context.wrap_socket(line, server_side=True).close()

        Thread(target=speak, daemon=True).start()
        wire = await Network().connect_tcp("127.0.0.1", listener.getsockname()[1], timeout=5)
        assert spoken.wait(5)
        assert await wire.read(1, timeout=5) == b"H"
        with pytest.raises(httpcore2.ConnectError):
            await wire.start_tls(ssl.create_default_context(cafile=certificate[0]), "127.0.0.1", timeout=5)
