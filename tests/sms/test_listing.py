"""Asking Twilio what it has: whole, in order, and never taking trouble for absence."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
import respx

from notifier.sandbox.messages import undelivered
from notifier.sandbox.server import SENDER, Sandbox
from notifier.sms import twilio_gateway
from notifier.sms.gateway import Accepted, GatewayUnavailable, OutgoingText, ProviderMessage
from notifier.sms.twilio_gateway import TwilioGateway
from tests.setups import faults
from tests.sms.conftest import API, Time

Build = Callable[..., TwilioGateway]
PATIENT = "+12125550123"
BODY = "No makeup until Sunday."
NOON = b"Sat, 07 Mar 2026 12:00:00 +0000"


async def test_what_was_sent_is_listed_with_all_that_is_known_of_it(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, time: Time
) -> None:
    sandbox.will(text.to, undelivered(30003))
    accepted = await gateway.send(text)
    assert isinstance(accepted, Accepted)
    await sandbox.settle()
    expected = ProviderMessage(
        sid=accepted.sid,
        direction="outbound-api",
        from_=SENDER,
        to=text.to,
        body=text.body,
        status="undelivered",
        error_code=30003,
        created_at=time.now.replace(microsecond=0),
    )
    assert [record async for record in gateway.list_sent(text.to, time.now)] == [expected]
    assert await gateway.fetch(accepted.sid) == expected


async def test_a_text_not_sent_yet_is_listed_although_it_has_no_date_sent(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, time: Time
) -> None:
    await gateway.send(text)
    (record,) = [record async for record in gateway.list_sent(text.to, time.now)]
    assert record.status == "queued"


async def test_older_texts_other_patients_and_twilios_own_answers_are_left_out(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, time: Time
) -> None:
    await gateway.send(text)
    time.forward(seconds=1)
    since = time.now
    await gateway.send(OutgoingText("+12125550199", "Somebody else's", "t2", 60))
    await gateway.send(OutgoingText(PATIENT, "First", "t3", 60))
    await gateway.send(OutgoingText(PATIENT, "Second", "t4", 60))
    await sandbox.receive(PATIENT, "HELP")
    assert len(sandbox.own_replies) == 1
    assert [record.body async for record in gateway.list_sent(PATIENT, since)] == ["Second", "First"]


@pytest.mark.parametrize("only_a_service", [False, True])
async def test_inbound_texts_are_listed_oldest_first_over_many_pages(
    sandbox: Sandbox, gateway_to: Build, time: Time, monkeypatch: pytest.MonkeyPatch, only_a_service: bool
) -> None:
    monkeypatch.setattr(twilio_gateway, "_PAGE", 3)
    sender = {"from_number": None, "messaging_service_sid": "MGx"} if only_a_service else {}
    gateway = gateway_to(sandbox.url, **sender)
    await sandbox.receive(PATIENT, "too old")
    time.forward(hours=2)
    since = time.now
    for at in range(10):
        time.forward(seconds=1)
        await gateway.send(OutgoingText(PATIENT, BODY, f"t{at}", 60))
        await sandbox.receive(PATIENT, f"reply {at}", media=at % 2)
    found = [record async for record in gateway.list_inbound(since)]
    assert [(record.body, record.media_count) for record in found] == [(f"reply {at}", at % 2) for at in range(10)]


async def test_where_texts_once_left_through_another_number_the_whole_list_is_read(
    httpx2_mock: respx.Router, gateway_to: Build, time: Time
) -> None:
    """With one number of ours, only what was written to it is asked for."""
    listed = httpx2_mock.get(url__startswith=API).mock(httpx.Response(200, json={"messages": []}))
    gateway = gateway_to(API, messaging_service_sid=None, from_number="+12125550000")
    for also_to in ([], ["+12125550000"], ["+12125550999"], ["MG" + "b" * 32]):
        assert [] == [record async for record in gateway.list_inbound(time.now, also_to=also_to)]
    asked = [call.request.url.params.get("To") for call in listed.calls]
    assert ["+12125550000", "+12125550000", None, None] == asked


async def test_pages_older_than_asked_for_are_not_read(
    sandbox: Sandbox, gateway: TwilioGateway, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_gateway, "_PAGE", 3)
    for at in range(30):
        await sandbox.receive(PATIENT, f"old {at}")
    time.forward(minutes=5)
    assert [record async for record in gateway.list_inbound(time.now)] == []
    assert len(sandbox.requests) == 1


async def test_a_page_of_old_texts_sent_lately_is_not_taken_for_the_last(
    sandbox: Sandbox, gateway: TwilioGateway, time: Time
) -> None:
    old = b'{"sid": "SM%s", "direction": "outbound-api", "date_created": "Fri, 06 Mar 2026 12:00:00 +0000", ' % (
        b"0" * 32
    )
    path = sandbox.account.sid.encode()
    page = b'{"messages": [%s"date_sent": "%s"}], "next_page_uri": "/2010-04-01/Accounts/%s/Messages.json?Page=1"}'
    sandbox.faults.then(faults.answered(200, page % (old, b"Sat, 07 Mar 2026 15:30:00 +0000", path)), on="list")
    await sandbox.receive(PATIENT, "STOP")
    assert [record.body async for record in gateway.list_inbound(time.now)] == ["STOP"]


async def test_a_next_page_elsewhere_is_not_asked_for(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, time: Time
) -> None:
    async with Sandbox(now=time) as elsewhere:
        trap = f"{sandbox.url}@{elsewhere.url.removeprefix('http://')}/"  # the API's address, as a user's name
        page = b'{"messages": [], "meta": {"key": "messages", "next_page_url": "%s"}}' % trap.encode()
        sandbox.faults.then(faults.answered(200, page), on="list")
        with pytest.raises(GatewayUnavailable):
            _ = [record async for record in gateway.list_sent(text.to, time.now)]
        assert elsewhere.requests == []


async def test_what_breaks_while_a_list_is_read_never_looks_like_absence(
    sandbox: Sandbox, gateway: TwilioGateway, text: OutgoingText, time: Time
) -> None:
    await gateway.send(text)
    for fault in (faults.truncate(), faults.reset_after_read(), faults.hang(), faults.huge()):
        sandbox.faults.then(fault, on="list")
        with pytest.raises(GatewayUnavailable):
            _ = [record async for record in gateway.list_sent(text.to, time.now)]


async def test_a_stop_on_the_first_page_counts_although_the_second_page_fails(
    sandbox: Sandbox, gateway: TwilioGateway, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_gateway, "_PAGE", 2)
    for body in ("Thanks", "Bye", "Hello", "STOP PLEASE"):
        await sandbox.receive(PATIENT, body)
    sandbox.faults.then(faults.ok(), faults.server_error(), on="list")
    inbound = aiter(gateway.list_inbound(time.now))
    assert [(await anext(inbound)).body for _ in range(2)] == ["Hello", "STOP PLEASE"]
    with pytest.raises(GatewayUnavailable):
        await anext(inbound)
