"""Receipts and inbound texts are signed as Twilio signs, and keywords are obeyed as Twilio obeys them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from twilio.request_validator import RequestValidator

from notifier.sandbox.messages import NO_RECEIPT, SandboxFate, failed, undelivered
from notifier.sandbox.server import AUTH_TOKEN, Sandbox
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Accepted, NotCreated, OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway

if TYPE_CHECKING:
    from tests.sandbox.conftest import Taker

PATIENT = "+12125550123"


async def send(sandbox: Sandbox, base: str | None = None, to: str = PATIENT) -> Accepted | NotCreated:
    account = TwilioAccount(
        sandbox.account.sid,
        auth_token=AUTH_TOKEN,
        from_number=sandbox.account.sender,
        api_url=sandbox.url,
        status_callback_base=base,
    )
    gateway = TwilioGateway(account)
    try:
        outcome = await gateway.send(OutgoingText(to, "Hi", "tok-1", 600))
    finally:
        await gateway.close()
    assert isinstance(outcome, Accepted | NotCreated)
    return outcome


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        (None, [("sent", None), ("delivered", None)]),
        (undelivered(30003), [("sent", None), ("undelivered", "30003")]),
        (failed(30034), [("failed", "30034")]),
        (NO_RECEIPT, [("sent", None)]),
    ],
)
async def test_receipts_follow_the_fate_in_order_and_are_signed(
    sandbox: Sandbox, taker: Taker, fate: SandboxFate | None, expected: list[tuple[str, str | None]]
) -> None:
    if fate:
        sandbox.will(PATIENT, fate)
    accepted = await send(sandbox, taker.url)
    assert taker.taken == [], "nothing is said of the initial status"
    await sandbox.settle()
    await sandbox.settle()
    assert isinstance(accepted, Accepted)
    assert [(taken.form["MessageStatus"], taken.form.get("ErrorCode")) for taken in taker.taken] == expected
    for taken in taker.taken:
        assert taken.form["MessageSid"] == accepted.sid
        assert (taken.path, taken.query) == ("/twilio/status", {"a": "tok-1"})
        signature = taken.headers["x-twilio-signature"]
        url = f"{taker.url}/twilio/status?a=tok-1"
        assert RequestValidator(AUTH_TOKEN).validate(url, taken.form, signature)
        assert not RequestValidator("another").validate(url, taken.form, signature)


async def test_fates_come_in_order_and_then_the_default_again(sandbox: Sandbox) -> None:
    sandbox.will(PATIENT, undelivered(30003))
    for _ in range(2):
        await send(sandbox)
        await sandbox.settle()
    assert [message.status for message in sandbox.account.messages.values()] == ["undelivered", "delivered"]


async def test_settling_at_once_needs_no_settle(taker: Taker, sandbox: Sandbox) -> None:
    sandbox.settle_at_once = True
    await send(sandbox, taker.url)
    while len(taker.taken) < 2:
        await send(sandbox, taker.url, to="+12125550199")
    assert sandbox.account.messages[sandbox.ledger[0].sid].status == "delivered"


async def test_an_inbound_text_is_listed_and_posted_signed(sandbox: Sandbox, taker: Taker) -> None:
    sandbox.inbound_url = f"{taker.url}/twilio/inbound"
    posted = await sandbox.receive(PATIENT, " it's +red & swollen 🙂 ", media=1)
    assert posted is not None
    assert posted.status == 204
    (taken,) = taker.taken
    assert (taken.form["From"], taken.form["Body"], taken.form["NumMedia"]) == (
        PATIENT,
        " it's +red & swollen 🙂 ",
        "1",
    )
    assert "OptOutType" not in taken.form
    signature = taken.headers["x-twilio-signature"]
    assert RequestValidator(AUTH_TOKEN).validate(sandbox.inbound_url, taken.form, signature)


async def test_a_webhook_that_nobody_takes_is_lost_and_known_to_be(sandbox: Sandbox) -> None:
    sandbox.inbound_url = "http://127.0.0.1:9/twilio/inbound"
    posted = await sandbox.receive(PATIENT, "Hi")
    assert posted is not None
    assert posted.status is None
    assert sandbox.posted == [posted]


@pytest.mark.parametrize("word", ["STOP", "stop", " Stop ", "optout", "CANCEL", "End", "revoke"])
async def test_after_a_keyword_of_its_own_twilio_refuses_until_start(sandbox: Sandbox, word: str) -> None:
    await sandbox.receive(PATIENT, word)
    refused = await send(sandbox)
    assert isinstance(refused, NotCreated)
    assert refused.code == 21610
    await sandbox.receive(PATIENT, "start")
    assert isinstance(await send(sandbox), Accepted)
    assert [entry.to for entry in sandbox.own_replies] == [PATIENT, PATIENT]
    assert len(sandbox.ledger) == 1, "what Twilio says by itself is not a text of ours"


@pytest.mark.parametrize("words", ["Stop please", "STOP.", "opt out", "no más", "do not stop"])
async def test_other_wording_does_not_opt_out_at_twilio(sandbox: Sandbox, words: str) -> None:
    await sandbox.receive(PATIENT, words)
    assert sandbox.own_replies == []
    assert isinstance(await send(sandbox), Accepted)


async def test_advanced_opt_out_says_what_it_understood(sandbox: Sandbox, taker: Taker) -> None:
    sandbox.inbound_url = taker.url
    await sandbox.receive(PATIENT, "basta", opt_out_type="STOP")
    assert taker.taken[0].form["OptOutType"] == "STOP"
    assert sandbox.account.opted_out == {PATIENT}
