"""No connection, no text: whatever happens before the request leaves is certainly not created."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notifier.sandbox.server import Sandbox
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated, Outcome, OutgoingText, Unknown
from notifier.sms.http_client import HttpxClient, NotSent
from notifier.sms.twilio_gateway import TwilioGateway
from tests.setups import faults

Build = Callable[..., TwilioGateway]


def assert_never_left(outcome: Outcome) -> None:
    assert isinstance(outcome, NotCreated), outcome
    assert (outcome.why, outcome.code) == (NotCreatedClass.NETWORK, None)


@pytest.fixture
def full_listener() -> Iterator[str]:
    """The address of a listener whose backlog is full: a further connection waits for ever."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def self_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command = [openssl, *options.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # the host's environment must not decide whom to trust
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_refused_connection_is_not_created(gateway_to: Build, text: OutgoingText) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert_never_left(await gateway_to(f"http://127.0.0.1:{nobody.getsockname()[1]}").send(text))


async def test_an_unknown_host_is_not_created(gateway_to: Build, text: OutgoingText) -> None:
    assert_never_left(await gateway_to("http://no-such-host.invalid").send(text))


@pytest.mark.parametrize("limits", [{"connect_timeout": 0.2}, {"deadline": 0.2}])
async def test_a_connection_that_never_comes_about_is_not_created(
    full_listener: str, gateway_to: Build, text: OutgoingText, limits: dict[str, float]
) -> None:
    assert_never_left(await gateway_to(full_listener, **limits).send(text))


async def test_a_text_that_waits_in_vain_for_a_free_connection_is_not_created(
    sandbox: Sandbox, gateway_to: Build, text: OutgoingText
) -> None:
    sandbox.faults.then(faults.hang())
    gateway = gateway_to(sandbox.url, read_timeout=0.4, max_connections=1, pool_timeout=0.2)
    first, second = await asyncio.gather(gateway.send(text), gateway.send(text))
    assert isinstance(first, Unknown)
    assert_never_left(second)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("limits", [{"pool_timeout": 0.1}, {"deadline": 0.1}])
async def test_a_free_connection_is_waited_for_no_longer_than_allowed(
    sandbox: Sandbox, limits: dict[str, float]
) -> None:
    with pytest.raises(NotSent):
        await HttpxClient(sandbox.url, max_connections=0, **limits).request("POST", "/2010", data={"Body": "Hi"})
    assert sandbox.requests == []


async def test_a_self_signed_certificate_is_not_trusted(
    self_signed: ssl.SSLContext, gateway_to: Build, text: OutgoingText
) -> None:
    heard = b""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += await reader.read(100)
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=self_signed)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert_never_left(await gateway_to(f"https://127.0.0.1:{port}").send(text))
    assert heard == b""


async def test_a_server_without_tls_behind_https_is_not_created(
    sandbox: Sandbox, gateway_to: Build, text: OutgoingText
) -> None:
    url = sandbox.url.replace("http:", "https:")
    assert_never_left(await gateway_to(url, connect_timeout=0.3).send(text))


async def test_a_cancelled_call_leaves_the_connections_usable(
    sandbox: Sandbox, gateway_to: Build, text: OutgoingText
) -> None:
    sandbox.faults.then(faults.hang())
    gateway = gateway_to(sandbox.url, max_connections=1)
    call = asyncio.create_task(gateway.send(text))
    while not sandbox.requests:  # noqa: ASYNC110  # the sandbox sets no asyncio.Event
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not isinstance(await gateway.send(text), NotCreated | Unknown)
