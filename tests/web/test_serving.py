"""The server on a real socket: slow, busy and crowded, and still there for the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, text

from notifier.db.engine import is_sqlite, open_engine, reading
from notifier.db.tables import Receipt, Reply
from notifier.domain.states import MessageState
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, Sandbox
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Accepted, OutgoingText
from notifier.sms.signature import SignatureCheck
from notifier.sms.twilio_gateway import TwilioGateway
from notifier.web.app import create_app
from notifier.web.listening import CannotListen, listen
from notifier.web.serving import serving
from notifier.web.timeouts import ImpatientProtocol
from notifier.web.webhooks.twilio import WebhookSettings
from tests.conftest import Rows
from tests.setups.fakes import FakeClock
from tests.web.conftest import INBOUND, PATIENT, Web, inbound_form, signed

HEAD = b"POST /twilio/inbound HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture
async def patient_address(engine: Engine, now: datetime) -> AsyncIterator[str]:
    """The app behind a real socket, which is its public address too; it waits as long as a slow machine needs."""
    async with on_a_socket(engine, now, read_seconds=30, answer_seconds=30) as address:
        yield address


@pytest.fixture
async def hurried_address(engine: Engine, now: datetime) -> AsyncIterator[str]:
    """The same, which gives the database less time than that takes to give up."""
    async with on_a_socket(engine, now, answer_seconds=0.3) as address:
        yield address


@pytest.fixture
async def address(sqlite_engine: Engine, now: datetime) -> AsyncIterator[str]:
    """The same, for what asks no database: a request has a second to arrive."""
    async with on_a_socket(sqlite_engine, now, read_seconds=1) as address:
        yield address


@asynccontextmanager
async def on_a_socket(engine: Engine, now: datetime, **seconds: Any) -> AsyncIterator[str]:
    """Served on a port that was free a moment ago; should somebody have taken it meanwhile, on another."""
    with suppress(CannotListen):
        async with served(engine, now, **seconds) as address:
            yield address
            return
    async with served(engine, now, **seconds) as address:
        yield address


@asynccontextmanager
async def served(engine: Engine, now: datetime, **seconds: Any) -> AsyncIterator[str]:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    public = f"http://127.0.0.1:{port}"
    web_engine = open_engine(engine.url.render_as_string(hide_password=False), busy_seconds=2)
    settings = WebhookSettings(ACCOUNT_SID, SignatureCheck([AUTH_TOKEN], public), **seconds)
    app = create_app(web_engine, FakeClock(now), webhooks=settings)
    async with serving(app, "127.0.0.1", port) as address:
        yield address
    web_engine.dispose()


async def talk(address: str, *said: bytes, wait: float = 0.0) -> bytes:
    """Say something byte for byte, and hear until the server hangs up."""
    url = httpx2.URL(address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        for part in said:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(wait)
        async with asyncio.timeout(30):
            return await reader.read()
    except ConnectionError:
        return b"cut"
    finally:
        writer.close()


async def test_signed_posts_of_a_whole_life_arrive(
    engine: Engine, patient_address: str, rows: Rows, now: datetime
) -> None:
    """The real SDK sends, the sandbox signs and posts, the server stores."""
    clock = FakeClock(now)
    async with Sandbox(now=clock.now, inbound_url=patient_address + INBOUND) as twilio:
        account = TwilioAccount(
            ACCOUNT_SID,
            AUTH_TOKEN,
            from_number="+15005550006",
            api_url=twilio.url,
            status_callback_base=patient_address,
        )
        gateway = TwilioGateway(account)
        sent = await gateway.send(OutgoingText(PATIENT, "Hello. STOP to opt out.", "the-token", 600))
        await gateway.close()
        assert isinstance(sent, Accepted)
        web = Web(engine, clock, None, rows)  # type: ignore[arg-type]  # only its tables are asked here
        message = web.text(sid=sent.sid)
        await twilio.settle()
        posted = await twilio.receive(PATIENT, "  thanks + see you 🙂 ")
        assert [200, 200, 200] == [one.status for one in twilio.posted]
        assert posted is not None
    assert MessageState.DELIVERED == web.message(message).state
    assert {"the-token"} == {receipt.token for receipt in web.all(Receipt)}
    assert ["  thanks + see you 🙂 "] == [reply.text for reply in web.all(Reply)]


async def test_a_busy_database_is_said_within_a_second_and_nothing_is_lost(
    engine: Engine, hurried_address: str
) -> None:
    form = [("AccountSid", ACCOUNT_SID), *inbound_form("STOP")[1:]]
    headers = {"X-Twilio-Signature": signed(hurried_address + INBOUND, form, AUTH_TOKEN)}
    async with httpx2.AsyncClient(trust_env=False) as client:
        with engine.connect() as other:  # on SQLite its first statement takes the only write lock
            other.execute(text("SELECT 1") if is_sqlite(engine) else text("LOCK TABLE replies IN EXCLUSIVE MODE"))
            began = time.monotonic()
            response = await client.post(hurried_address + INBOUND, data=dict(form), headers=headers)
            assert time.monotonic() - began < 1.5
            assert (503, "5") == (response.status_code, response.headers["retry-after"])
            assert 200 == (await client.get(f"{hurried_address}/healthz")).status_code
            other.rollback()
        for _ in range(20):
            response = await client.post(hurried_address + INBOUND, data=dict(form), headers=headers)
            if response.status_code == 200:
                break
    assert 200 == response.status_code
    with reading(engine) as session:
        assert 1 == session.scalar(text("SELECT count(*) FROM replies"))


async def test_a_body_that_drips_is_given_up(address: str) -> None:
    heard = await talk(address, HEAD + b"Content-Length: 100\r\n\r\n", b"B", wait=0.1)
    assert heard.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in heard.lower()


async def test_an_endless_body_is_cut_off(address: str) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    heard = await talk(address, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk, chunk, chunk)
    assert heard.startswith(b"HTTP/1.1 413 ") or heard == b"cut"


async def test_a_head_that_drips_is_given_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImpatientProtocol, "head_seconds", 0.3)
    url = httpx2.URL(address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nX: ")
    for _ in range(50):
        writer.write(b"x")
        try:
            async with asyncio.timeout(0.1):
                heard = await reader.read(1000)
            break
        except TimeoutError:
            continue
    else:
        pytest.fail("it would listen for ever")
    assert heard.startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_second_head_on_the_same_connection_is_given_up_too(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImpatientProtocol, "head_seconds", 0.3)
    heard = await talk(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET", wait=0.1)
    assert heard.startswith(b"HTTP/1.1 200 ")
    assert heard.endswith(b"Content-Length: 0\r\n\r\n")


async def test_a_body_that_nobody_reads_is_not_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImpatientProtocol, "body_seconds", 0.3)
    heard = await talk(address, b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n", b"x", wait=0.1)
    assert heard.startswith(b"HTTP/1.1 404 ")


async def test_too_many_connections_are_cut_and_the_next_one_is_served(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImpatientProtocol, "most_connections", 5)
    url = httpx2.URL(address)
    idle = [await asyncio.open_connection(url.host, url.port) for _ in range(5)]
    assert await talk(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") in (b"", b"cut")
    for _, writer in idle:
        writer.close()
        await writer.wait_closed()
    for _ in range(600):  # until the server has seen them go
        if b"200 OK" in await talk(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
            return
        await asyncio.sleep(0.05)
    pytest.fail("those who have gone still count")


async def test_a_flood_of_forgeries_leaves_the_server_answering(address: str) -> None:
    limits = httpx2.Limits(max_connections=40)
    async with httpx2.AsyncClient(trust_env=False, limits=limits, timeout=60) as client:
        posts = [client.post(address + INBOUND, data={"Body": "x" * 60_000}) for _ in range(300)]
        codes = {response.status_code for response in await asyncio.gather(*posts)}
        assert codes <= {403, 408}  # on a busy machine a body may come too slowly for this test's second
        assert 200 == (await client.get(f"{address}/healthz")).status_code


async def test_the_server_says_neither_its_name_nor_anything_to_keep(address: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        for path in ("/healthz", "/readyz", "/metrics", "/nowhere", "/twilio/status"):
            headers = (await client.get(address + path)).headers
            assert "server" not in headers
            assert ("no-store", "nosniff", "DENY") == (
                headers["cache-control"],
                headers["x-content-type-options"],
                headers["x-frame-options"],
            )
            assert "default-src 'none'" in headers["content-security-policy"]


async def test_an_address_that_is_taken_is_one_sentence(address: str) -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on 127\.0\.0\.1 port \d+: address already in use; stop"):
        listen("127.0.0.1", httpx2.URL(address).port or 0)
    with pytest.raises(CannotListen, match=r"no-such-host\.invalid"):
        listen("no-such-host.invalid", 8080)
