"""What time it is at Twilio, and what it has of everybody since a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from notifier.sandbox.server import Sandbox
from notifier.sms.gateway import GatewayUnavailable, OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway
from tests.sms.conftest import Time

Build = Callable[..., TwilioGateway]


async def test_where_it_cannot_be_asked_it_tells_no_time(gateway_to: Build) -> None:
    with pytest.raises(GatewayUnavailable):
        await gateway_to("http://127.0.0.1:1").time()


async def test_everybodys_texts_are_listed_by_the_day_they_went_on(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, time: Time
) -> None:
    """One that is still queued has no such day."""
    await gateway.send(text)
    time.forward(days=2)
    since = time.now
    await gateway.send(replace(text, body="First"))
    await gateway.send(replace(text, to="+12125550199", body="Second"))
    await sandbox.settle()
    await gateway.send(replace(text, body="Queued"))
    assert ["Second", "First"] == [record.body async for record in gateway.list_sent(None, since)]
