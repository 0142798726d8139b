"""What time it is at Twilio, and what it has of everybody since a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from notifier.sandbox import responses as answers
from notifier.sandbox.faults import Act, Fault
from notifier.sandbox.server import ACCOUNT_SID, Sandbox
from notifier.sms.gateway import GatewayUnavailable, OutgoingText
from notifier.sms.twilio_gateway import TwilioGateway
from tests.sms.conftest import Time

Build = Callable[..., TwilioGateway]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Sat, 07 Mar 2026 15:30:01 GMT", datetime(2026, 3, 7, 15, 30, 1, tzinfo=UTC)),
        ("Sat, 07 Mar 2026 10:30:01 -0500", datetime(2026, 3, 7, 15, 30, 1, tzinfo=UTC)),
        ("Sat, 07 Mar 2026 15:30:01", None),
        ("half past three", None),
        (None, None),
    ],
)
async def test_the_time_is_that_of_the_answers_head(
    sandbox: Sandbox, gateway: TwilioGateway, header: str | None, expected: datetime | None
) -> None:
    page = answers.page(ACCOUNT_SID, [], {"PageSize": "1"}, more=False)
    head = (("Date", header),) if header else ()
    sandbox.faults.then(Fault(Act.ANSWER, reply=replace(page, headers=head)), on="list")
    assert expected == await gateway.time()


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
    assert ["First", "Second"] == [record.body async for record in gateway.list_sent(None, since)]
