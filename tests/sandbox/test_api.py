"""The sandbox answers Twilio's own SDK as Twilio would; here with the SDK's stock client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from notifier.sandbox.running import RunningSandbox, running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER

PATIENT = "+12125550123"


class Clock:
    now = datetime(2026, 3, 7, 23, 59, 59, 900_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(clock: Clock) -> Iterator[RunningSandbox]:
    with running_sandbox(now=clock) as running:
        yield running


@pytest.fixture
def messages(running: RunningSandbox) -> Iterator[Any]:
    http = TwilioHttpClient(pool_connections=True, timeout=5)
    client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http, environment={"_": ""})
    client.api.base_url = running.url
    yield client.messages
    if http.session:
        http.session.close()


def test_a_created_text_has_twilios_form_and_stands_in_the_ledger(
    messages: Any, running: RunningSandbox, clock: Clock
) -> None:
    made = messages.create(
        to=PATIENT, from_=SENDER, body="Grüße", validity_period=600, status_callback="https://x.example/s?a=tok#rc=5"
    )
    assert (made.status, made.direction, made.num_segments, made.date_sent) == ("queued", "outbound-api", "1", None)
    assert made.date_created == clock.now.replace(microsecond=0)
    (entry,) = running.ledger
    assert (entry.sid, entry.to, entry.body, entry.token, entry.validity) == (made.sid, PATIENT, "Grüße", "tok", 600)
    assert entry.created_at == clock.now


def test_a_messaging_service_accepts_first_and_picks_its_sender_later(messages: Any, running: RunningSandbox) -> None:
    made = messages.create(to=PATIENT, messaging_service_sid="MGx", body="Hi")
    assert (made.status, made.from_, made.num_segments) == ("accepted", None, "0")
    running.settle()
    settled = messages(made.sid).fetch()
    assert (settled.status, settled.from_, settled.num_segments) == ("delivered", SENDER, "1")


def test_a_bad_create_is_refused_with_twilios_code(
    subtests: pytest.Subtests, messages: Any, running: RunningSandbox
) -> None:
    cases: list[tuple[dict[str, str], int, int]] = [
        ({"to": "12125550123"}, 400, 21211),
        ({"to": "+1"}, 400, 21211),
        ({"body": ""}, 400, 21602),
        ({"body": "x" * 1601}, 400, 21617),
        ({"from_": ""}, 400, 21603),
        ({"to": ""}, 400, 21604),
    ]
    for form, status, code in cases:
        with subtests.test(form=form, status=status, code=code):
            with pytest.raises(TwilioRestException) as refused:
                messages.create(**{"to": PATIENT, "from_": SENDER, "body": "Hi", **form})
            assert (refused.value.status, refused.value.code) == (status, code)
            assert running.ledger == []


def test_only_the_messages_endpoints_exist(messages: Any) -> None:
    with pytest.raises(TwilioRestException) as refused:
        messages._version.accounts(ACCOUNT_SID).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_listings_are_paged_newest_first_and_miss_nothing(messages: Any) -> None:
    bodies = [f"text {at}" for at in range(7)]
    for body in bodies:
        messages.create(to=PATIENT, from_=SENDER, body=body)
    messages.create(to="+12125550199", from_=SENDER, body="another's")
    assert [message.body for message in messages.list(to=PATIENT, page_size=3)] == bodies[::-1]
    assert messages.list(from_="+12125550100") == []


def test_date_sent_filters_by_the_day_and_leaves_out_what_has_not_left(
    messages: Any, running: RunningSandbox, clock: Clock
) -> None:
    messages.create(to=PATIENT, from_=SENDER, body="yesterday's")
    running.settle()
    clock.now += timedelta(seconds=1)
    messages.create(to=PATIENT, from_=SENDER, body="today's")
    assert [message.body for message in messages.list(date_sent_after=clock.now.date())] == []
    running.settle()
    assert [message.body for message in messages.list(date_sent_after=clock.now.date())] == ["today's"]
    assert len(messages.list(date_sent_after=clock.now.date() - timedelta(days=1))) == 2
    assert [message.body for message in messages.list(date_sent=clock.now.date() - timedelta(days=1))] == [
        "yesterday's"
    ]


def test_a_text_can_be_redacted_and_deleted_once_it_has_ended(messages: Any, running: RunningSandbox) -> None:
    made = messages.create(to=PATIENT, from_=SENDER, body="Hi")
    with pytest.raises(TwilioRestException, match="before it is complete"):
        messages(made.sid).delete()
    running.settle()
    assert messages(made.sid).update(body="").body == ""
    assert messages(made.sid).delete() is True
    with pytest.raises(TwilioRestException) as gone:
        messages(made.sid).fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)
    assert (running.ledger[0].sid, running.ledger[0].to, running.ledger[0].body) == (made.sid, "", "")
