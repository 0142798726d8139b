"""Several senders on one account: each text leaves through its own, and lists are read over all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from notifier.sandbox.server import SENDER, Sandbox
from notifier.sms.gateway import Accepted, OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway
from tests.sms.conftest import Time

NORTH, SERVICE = "+19785550111", "MG" + "b" * 32


async def test_a_text_leaves_through_the_sender_that_it_names(
    sandbox: Sandbox, gateway_to: Callable[..., TwilioGateway], text: OutgoingText, time: Time
) -> None:
    gateway = gateway_to(sandbox.url, has_other_senders=True)
    sids = {}
    for sender in (None, NORTH, SERVICE):
        accepted = await gateway.send(replace(text, sender=sender))
        assert isinstance(accepted, Accepted)
        sids[sender] = accepted.sid
    made = {record.sid: record async for record in gateway.list_sent(text.to, time.now)}
    from_numbers = [made[sids[one]] for one in (None, NORTH)]
    assert [(SENDER, None), (NORTH, None)] == [(one.from_, one.service) for one in from_numbers]
    assert SERVICE == made[sids[SERVICE]].service


async def test_a_number_narrows_the_list_and_a_service_does_not(
    sandbox: Sandbox, gateway_to: Callable[..., TwilioGateway], text: OutgoingText, time: Time
) -> None:
    gateway = gateway_to(sandbox.url, has_other_senders=True)
    for sender in (None, NORTH, SERVICE):
        await gateway.send(replace(text, sender=sender))
    many = [
        len([record async for record in gateway.list_sent(text.to, time.now, sender=sender)])
        for sender in (NORTH, SERVICE, None)
    ]
    assert [1, 3, 3] == many


async def test_replies_to_every_number_of_the_account_are_read(
    sandbox: Sandbox, gateway_to: Callable[..., TwilioGateway], text: OutgoingText, time: Time
) -> None:
    """With one number alone, those to others are somebody else's; where offices have their own, they are ours."""
    await sandbox.receive(text.to, "hello")
    for other, many in ((True, 1), (False, 0)):
        gateway = gateway_to(sandbox.url, from_number=NORTH, has_other_senders=other)
        assert many == len([record async for record in gateway.list_inbound(time.now)])
