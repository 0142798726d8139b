"""The sandbox's HTTP: a connection carries one request at a time, however the bytes arrive."""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import urlencode

from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER, Sandbox
from tests.setups import faults


def create(to: str) -> bytes:
    login = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
    body = urlencode({"To": to, "From": SENDER, "Body": "Grüße"})
    head = (
        f"POST /2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\n"
    )
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def test_two_requests_sent_together_are_answered_in_order(sandbox: Sandbox) -> None:
    sandbox.latency = 0.01
    reader, writer = await asyncio.open_connection(*sandbox.url.removeprefix("http://").split(":"))
    writer.write(create("+12125550101") + create("+12125550102"))
    answers = [await reader.readuntil(b'"uri": ') for _ in range(2)]
    assert [b"+12125550101" in answers[0], b"+12125550102" in answers[1]] == [True, True]
    writer.close()


async def test_a_request_behind_one_that_hangs_is_not_taken(sandbox: Sandbox) -> None:
    sandbox.faults.then(faults.hang())
    address = sandbox.url.removeprefix("http://").split(":")
    _, hanging = await asyncio.open_connection(*address)
    hanging.write(create("+12125550101"))
    while not sandbox.requests:  # noqa: ASYNC110  # the sandbox sets no asyncio.Event
        await asyncio.sleep(0)
    hanging.write(create("+12125550102"))
    reader, another = await asyncio.open_connection(*address)
    another.write(create("+12125550103"))
    await reader.readline()
    assert [entry.to for entry in sandbox.ledger] == ["+12125550103"]
    hanging.close()
    another.close()


async def test_a_request_in_single_bytes_is_put_together(sandbox: Sandbox) -> None:
    reader, writer = await asyncio.open_connection(*sandbox.url.removeprefix("http://").split(":"))
    for byte in create("+12125550101"):
        writer.write(bytes([byte]))
        await writer.drain()
    assert (await reader.readline()) == b"HTTP/1.1 201 Created\r\n"
    assert [entry.body for entry in sandbox.ledger] == ["Grüße"]
    writer.close()
