"""News that comes when the text it is about has moved on: a receipt after the search was given up, a STOP mid-claim."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from notifier.conversations.receive import InboundText, receive
from notifier.db import enrollments, outbox
from notifier.db.engine import reading, writing
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.opt_outs import is_opted_out, opt_in, opt_out
from notifier.numbers.release import opt_out_by_staff
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.outcomes.save import save_outcomes
from notifier.sending.review import review
from notifier.sms.gateway import Outcome, OutgoingText, ProviderMessage, Unknown
from tests.setups.sending import Sending, open_house

S = MessageState
ANA, BOB = "+12125550101", "+12125550102"
LOST = Unknown("Perhaps sent.")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def report(sending: Sending, status: str, error: int | None = None, *, sid: str, token: str | None = None) -> None:
    with writing(sending.engine) as session:
        apply_receipt(
            session, sid=sid, status=status, error_code=error, token=token, at=sending.clock.now(),
            source="callback")  # fmt: skip


@pytest.mark.parametrize("given_up_by", ["lists", "staff"])
async def test_a_receipt_after_the_search_was_given_up_keeps_the_text_from_leaving_again(
    sending: Sending, given_up_by: str
) -> None:
    """Twilio was slow: it made the text after three of its lists did not have it."""
    text = sending.plan()
    sending.gateway.script.append(LOST)
    await sending.turn()
    await sending.look_up_until_proven("resend_once" if given_up_by == "lists" else "review")
    if given_up_by == "staff":
        with writing(sending.engine) as session:
            review(session, text, sent=False, now=sending.clock.now(), by="desk")
    assert S.PLANNED == sending.state(text)
    asked = sending.gateway.asked[0]
    sid = sending.gateway.create(asked)
    report(sending, "sent", sid=sid, token=asked.token)
    await sending.turn()
    assert (S.SENT, sid, [ANA]) == (sending.state(text), sending.message(text).sid, sending.sent_to)
    assert "accepted" == sending.attempts(text)[0].outcome


async def test_a_late_receipt_of_a_text_that_failed_does_not_call_off_its_retry(sending: Sending) -> None:
    text = sending.plan()
    await sending.turn()
    sid, token = sending.gateway.ledger[0].sid, sending.gateway.asked[0].token
    report(sending, "undelivered", 30003, sid=sid, token=token)
    report(sending, "sent", sid=sid, token=token)
    assert S.PLANNED == sending.state(text)


async def test_a_text_that_arrived_after_all_does_not_leave_again_after_start(sending: Sending) -> None:
    """Her phone was off; it comes on, the text arrives, she says stop, and only then is its arrival reported."""
    text = sending.plan()
    await sending.turn()
    sid = sending.gateway.ledger[0].sid
    report(sending, "undelivered", 30003, sid=sid)
    with writing(sending.engine) as session:
        opt_out(session, ANA, source="keyword", at=sending.clock.now(), by="patient")
    assert S.SUPPRESSED == sending.state(text)
    report(sending, "delivered", sid=sid)
    with writing(sending.engine) as session:
        opt_in(session, ANA, at=sending.clock.now(), by="patient")
    sending.clock.pass_(hours=2)
    await sending.turn()
    assert (S.DELIVERED, [ANA]) == (sending.state(text), sending.sent_to)


@pytest.mark.parametrize(
    ("news", "state"),
    [("stop", S.SUPPRESSED), ("cancelled", S.CANCELLED), ("held", S.PLANNED), ("number", S.EXPIRED)],
)
async def test_what_is_said_while_a_claimed_text_waits_for_its_turn_counts(
    sending: Sending, news: str, state: MessageState
) -> None:
    """The calls before it are slow: between its claim and its own call half a minute may go by."""
    sending.dispatch._calls._at_once = 1
    first = sending.plan(sending.enroll(phone=BOB), phone=BOB)
    patient = sending.enroll()
    second = sending.plan(patient)

    def slow(gateway: object, text: OutgoingText) -> Outcome:
        sending.clock.pass_(seconds=15)
        with writing(sending.engine) as session:
            now = sending.clock.now()
            if news == "stop":
                opt_out(session, ANA, source="keyword", at=now, by="patient")
            elif news == "number":  # a change of it lets what is on its way to the old one expire
                outbox.rewrite(session, second, seen=S.ATTEMPTING, at=now, by="desk", why=None, expires_at=now)
            else:
                to = EnrollmentState(news)
                enrollments.move(session, patient, seen=EnrollmentState.ACTIVE, to=to, at=now, by="desk", why="asked")
        return LOST

    sending.gateway.script.append(slow)
    await sending.turn()
    assert [] == sending.sent_to
    assert state == sending.state(second)
    assert S.UNKNOWN == sending.state(first)


async def test_half_a_character_in_a_reply_does_not_close_the_gate_for_everybody(sending: Sending) -> None:
    """A long text with an emoji cut in two by its carrier: no database can store the halves."""
    sending.gateway.reply(ANA, "thanks \ud83d")
    assert await sending.inbound()
    sending.gateway.reply(ANA, "STOP \ude00")
    assert await sending.inbound()
    with reading(sending.engine) as session:
        assert is_opted_out(session, ANA) is not None


async def test_a_receipt_that_comes_while_the_last_list_is_read_is_not_overruled_by_it(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.script.append(LOST)
    await sending.turn()
    sending.clock.pass_(seconds=60)
    for _ in range(2):
        await sending.look_up()
        sending.clock.pass_(minutes=7, seconds=30)
    asked = sending.gateway.asked[0]

    async def list_sent(*_: object, **__: object) -> AsyncIterator[ProviderMessage]:
        report(sending, "sent", sid=sending.gateway.create(asked), token=asked.token)
        listed: list[ProviderMessage] = []
        for one in listed:
            yield one

    sending.gateway.list_sent = list_sent  # type: ignore[method-assign]  # Twilio is asked just before it has the text
    await sending.look_up()
    assert (S.SENT, "accepted") == (sending.state(text), sending.attempts(text)[0].outcome)


@pytest.mark.postgres
def test_a_stop_and_an_earlier_start_that_are_read_at_once_end_in_the_stop(
    postgresql_engine: Engine, now: datetime
) -> None:
    """The webhook brings the one while a poll brings the other: neither has been committed when the other is read."""
    with writing(postgresql_engine) as session:
        opt_out(session, ANA, source="keyword", at=now - DAY, by="patient")

    def start() -> None:
        with writing(postgresql_engine) as session:
            receive(session, InboundText("SM1", ANA, "START", now), now + MINUTE)

    with ThreadPoolExecutor(1) as other:
        with writing(postgresql_engine) as session:
            receive(session, InboundText("SM2", ANA, "STOP", now + MINUTE), now + MINUTE)
            started = other.submit(start)
            wait([started], timeout=0.5)
        started.result(timeout=30)
    with reading(postgresql_engine) as session:
        assert is_opted_out(session, ANA) is not None


async def test_texts_without_a_receipt_for_days_do_not_hide_what_became_of_the_others(sending: Sending) -> None:
    """Some carriers send none: more of those than one round asks about must not take every round."""
    texts = []
    for number in range(3):
        phone = f"+1212555011{number}"
        texts.append(sending.plan(sending.enroll(phone=phone), phone=phone))
        await sending.turn()
        sending.clock.pass_(minutes=1)
    sending.gateway.becomes(sending.gateway.ledger[2].sid, "delivered")
    for _ in range(40):
        await sending.receipts(most=2)
    assert S.DELIVERED == sending.state(texts[2])


@pytest.mark.postgres
async def test_a_receipt_that_is_stored_while_its_text_is_recorded_counts(
    postgresql_engine: Engine, now: datetime
) -> None:
    """Neither transaction sees what the other has not committed yet."""
    with open_house(postgresql_engine, now) as sending:
        text = sending.plan()
        sending.open_gate()
        (one,) = (await sending.dispatch._step()).claims
        sid = sending.gateway.create(OutgoingText(one.phone, one.body, one.attempt_id, 60))
        done = Finished(text, one.attempt_id, one.phone, Result.ACCEPTED, now, sid=sid)
        with ThreadPoolExecutor(1) as other:
            with writing(postgresql_engine) as session:
                save_outcomes(session, [done], now)
                told = other.submit(report, sending, "undelivered", 30005, sid=sid, token=one.attempt_id)
                wait([told], timeout=0.5)
            told.result(timeout=30)
        assert S.UNDELIVERED == sending.state(text)


@pytest.mark.parametrize(("hours", "out"), [(-1, True), (1, False)])
def test_an_older_start_does_not_end_what_she_said_at_the_desk_since(sending: Sending, hours: int, out: bool) -> None:
    """It was written while nothing ran, and is read after the desk stored her wish."""
    said_at = sending.clock.now()
    with writing(sending.engine) as session:
        opt_out_by_staff(session, ANA, now=said_at, by="desk")
        start = InboundText("SM1", ANA, "START", said_at + timedelta(hours=hours))
        receive(session, start, said_at + timedelta(hours=2))
        assert out == (is_opted_out(session, ANA) is not None)
