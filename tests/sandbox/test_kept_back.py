"""Answers to creates can be kept back: the text exists, and who sent it does not know."""

from __future__ import annotations

import asyncio

from notifier.sandbox.server import AUTH_TOKEN, Sandbox
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Accepted, OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway
from tests.sandbox.conftest import NOW


async def test_a_text_exists_before_its_sender_hears_of_it(sandbox: Sandbox) -> None:
    account = TwilioAccount(
        sandbox.account.sid, auth_token=AUTH_TOKEN, from_number=sandbox.account.sender, api_url=sandbox.url
    )
    gateway = TwilioGateway(account)
    sandbox.keep_back()
    sending = asyncio.create_task(gateway.send(OutgoingText("+12125550123", "Hi", "tok-1", 600)))
    listed: list[str] = []
    while not listed:
        listed = [one.body async for one in gateway.list_sent("+12125550123", NOW)]
    assert ["Hi"] == listed
    assert not sending.done()
    await sandbox.release()
    assert Accepted(sandbox.ledger[0].sid, "queued") == await sending
    await gateway.close()
