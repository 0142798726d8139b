"""The real adapter over loopback against every fault: what it says, and what truly came into being."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from notifier.sandbox.server import Sandbox
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import Accepted, NotCreated, OutgoingText, Unknown
from notifier.sms.twilio_gateway import TwilioGateway
from tests.setups import faults

Build = Callable[..., TwilioGateway]

BROKEN = (
    *(faults.hang(), faults.reset_after_read(), faults.close_after_read(), faults.truncate(), faults.huge()),
    *(faults.empty_201(), faults.server_error(503, html=True)),
)


async def test_after_the_request_was_read_every_fault_is_unknown_and_the_connection_after_it_is_sound(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText
) -> None:
    for fault in BROKEN:
        for scripted, created in ((fault, 0), (faults.created_then(fault), 1)):
            before = len(sandbox.ledger)
            sandbox.faults.then(scripted)
            assert (scripted, Unknown) == (scripted, type(await gateway.send(text)))
            assert (scripted, before + created) == (scripted, len(sandbox.ledger))
            assert isinstance(await gateway.send(text), Accepted)


async def test_a_dripping_answer_ends_at_the_deadline_for_the_whole_call(
    sandbox: Sandbox, gateway_to: Build, text: OutgoingText
) -> None:
    sandbox.faults.then(faults.created_then(faults.drip()))
    outcome = await gateway_to(sandbox.url, read_timeout=5, deadline=0.3).send(text)
    assert outcome == Unknown("Perhaps sent: the deadline for the whole call passed.")
    assert len(sandbox.ledger) == 1


async def test_each_of_many_at_once_hears_its_own_answer(sandbox: Sandbox, gateway: TwilioGateway) -> None:
    numbers = [f"+121255501{at:02}" for at in range(30)]
    for at, number in enumerate(numbers):
        if at % 3 == 1:
            sandbox.faults.to(number, faults.slow_down(at))
        if at % 3 == 2:
            sandbox.faults.to(number, faults.created_then(faults.server_error()))
    outcomes = await asyncio.gather(*(gateway.send(OutgoingText(number, "Hi", number, 60)) for number in numbers))
    waits = [outcome.retry_after for outcome in outcomes if isinstance(outcome, NotCreated)]
    assert waits == [float(at) for at in range(30) if at % 3 == 1]
    assert {outcome.sid for outcome in outcomes if isinstance(outcome, Accepted)} == {
        entry.sid for entry in sandbox.ledger if (int(entry.to[-2:]) % 3) == 0
    }
    assert len(sandbox.ledger) == 20


async def test_a_redirect_is_not_followed_and_the_credentials_stay_home(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText
) -> None:
    async with Sandbox(now=sandbox.account.now) as elsewhere:
        sandbox.faults.then(faults.redirect(f"{elsewhere.url}/2010-04-01/Accounts/x/Messages.json", 307))
        assert isinstance(await gateway.send(text), Unknown)
        assert elsewhere.requests == []


async def test_nothing_is_logged_not_even_at_info(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sandbox.faults.then(faults.refused(400, 21614, f"{text.to} is bad"), faults.reset_after_read())
    for _ in range(3):
        await gateway.send(text)
    assert [record async for record in gateway.list_sent(text.to, sandbox.account.now())] != []
    assert caplog.text == ""


async def test_wrong_credentials_are_a_configuration_fault(
    sandbox: Sandbox, gateway_to: Build, text: OutgoingText
) -> None:
    outcome = await gateway_to(sandbox.url, auth_token="wrong").send(text)
    assert isinstance(outcome, NotCreated)
    assert (outcome.why, outcome.code) == (NotCreatedClass.ACCOUNT, 20003)


async def test_an_api_key_opens_the_api_where_there_is_one(sandbox: Sandbox, gateway_to: Build) -> None:
    async with Sandbox(now=sandbox.account.now, api_key=("SKx", "secret")) as keyed:
        keyed_gateway = gateway_to(keyed.url, auth_token="only signs", api_key_sid="SKx", api_key_secret="secret")
        assert isinstance(await keyed_gateway.send(OutgoingText("+12125550123", "Hi", "t", 60)), Accepted)
