"""The real adapter over loopback against every fault: what it says, and what truly came into being."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from notifier.sandbox.faults import Fault
from notifier.sandbox.server import Sandbox
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import Accepted, NotCreated, OutgoingText, Unknown
from notifier.sms.twilio_gateway import TwilioGateway
from tests.setups import faults

Build = Callable[..., TwilioGateway]

UNKNOWN = {
    "hang": faults.hang(),
    "reset": faults.reset_after_read(),
    "close": faults.close_after_read(),
    "truncate": faults.truncate(),
    "empty 201": faults.empty_201(),
    "html 201": faults.html_201(),
    "captive portal": faults.captive_portal(),
    "sid null": faults.sid_null(),
    "sid odd": faults.sid_odd(),
    "huge": faults.huge(),
    "500 json": faults.server_error(500),
    "503 html": faults.server_error(503, html=True),
    "307": faults.redirect("http://127.0.0.1:9/"),
}


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("exists", [False, True])
async def test_after_the_request_was_read_every_fault_is_unknown(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, name: str, exists: bool
) -> None:
    fault = UNKNOWN[name]
    sandbox.faults.then(faults.created_then(fault) if exists else fault)
    assert isinstance(await gateway.send(text), Unknown)
    assert [entry.token for entry in sandbox.ledger] == ([None] if exists else [])
    assert isinstance(await gateway.send(text), Accepted), "the connection after a fault is sound"


async def test_a_dripping_answer_ends_at_the_deadline_for_the_whole_call(
    sandbox: Sandbox, gateway_to: Build, text: OutgoingText
) -> None:
    sandbox.faults.then(faults.created_then(faults.drip()))
    outcome = await gateway_to(sandbox.url, read_timeout=5, deadline=0.3).send(text)
    assert outcome == Unknown("Perhaps sent: the deadline for the whole call passed.")
    assert len(sandbox.ledger) == 1


@pytest.mark.parametrize(
    ("fault", "why", "code", "retry_after"),
    [
        (faults.slow_down(7), NotCreatedClass.SLOW_DOWN, 20429, 7.0),
        (faults.slow_down(), NotCreatedClass.SLOW_DOWN, 20429, None),
        (faults.refused(401, 20003), NotCreatedClass.ACCOUNT, 20003, None),
        (faults.refused(400, 21614), NotCreatedClass.BAD_NUMBER, 21614, None),
        (faults.refused(400, 99999), NotCreatedClass.UNRECOGNIZED, 99999, None),
        (faults.answered(404, b"<h1>Not here</h1>", "text/html"), NotCreatedClass.ACCOUNT, None, None),
    ],
)
async def test_a_refusal_is_not_created(
    sandbox: Sandbox,
    gateway: TwilioGateway,
    text: OutgoingText,
    fault: Fault,
    why: NotCreatedClass,
    code: int | None,
    retry_after: float | None,
) -> None:
    sandbox.faults.to(text.to, fault)
    outcome = await gateway.send(text)
    assert isinstance(outcome, NotCreated)
    assert (outcome.why, outcome.code, outcome.retry_after) == (why, code, retry_after)
    assert sandbox.ledger == []


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
