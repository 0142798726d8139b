"""What became of a text: forward only, or not at all; whatever order it comes in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from notifier.db.engine import reading, writing
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import is_opted_out
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sms.gateway import Accepted, Outcome, OutgoingText, Unknown
from tests.setups.fakes import FakeGateway, created_but_lost
from tests.setups.sending import Sending

S = MessageState
ANA = "+12125550101"


def report(sending: Sending, status: str, error: int | None = None, *, sid: str = "", token: str | None = None) -> bool:
    with writing(sending.engine) as session:
        return apply_receipt(
            session, sid=sid or sending.gateway.ledger[0].sid, status=status, error_code=error, token=token,
            at=sending.clock.now(), source="callback")  # fmt: skip


async def accepted(sending: Sending) -> int:
    text = sending.plan()
    await sending.turn()
    return text


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered"])))
async def test_every_order_of_receipts_ends_the_same(sqlite_house: Sending, order: tuple[str, ...]) -> None:
    text = await accepted(sqlite_house)
    for status in order:
        report(sqlite_house, status)
    assert S.DELIVERED == sqlite_house.state(text)


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["sent"], S.SENT),
        (["undelivered", "sent"], S.UNDELIVERED),
        (["failed", "delivered"], S.DELIVERED),
        (["delivered", "failed"], S.DELIVERED),
        (["delivered", "read"], S.DELIVERED),
        (["canceled"], S.FAILED),
        (["a_new_word", "accepted", "scheduled"], S.ACCEPTED),
    ],
)
async def test_a_text_moves_forward_or_not_at_all(sending: Sending, statuses: list[str], state: MessageState) -> None:
    text = await accepted(sending)
    for status in statuses:
        report(sending, status)
    assert state == sending.state(text)


async def test_a_doubled_receipt_is_one(sending: Sending) -> None:
    text = await accepted(sending)
    assert [True, False, False] == [report(sending, "delivered") for _ in range(3)]
    assert 3 == len(sending.events(text))


async def test_a_receipt_of_a_stranger_changes_nothing(sending: Sending) -> None:
    text = await accepted(sending)
    report(sending, "delivered", sid="SM" + "f" * 32)
    assert S.ACCEPTED == sending.state(text)


async def test_a_receipt_that_comes_before_our_own_record_is_kept_for_it(sending: Sending) -> None:
    text = sending.plan()

    def early(gateway: FakeGateway, outgoing: OutgoingText) -> Outcome:
        sid = gateway.create(outgoing)
        report(sending, "delivered", sid=sid, token=outgoing.token)
        return Accepted(sid, "queued")

    sending.gateway.script.append(early)
    await sending.turn()
    assert S.DELIVERED == sending.state(text)


@pytest.mark.parametrize("early", [True, False])
async def test_a_receipts_token_gives_a_lost_text_its_sid(sending: Sending, early: bool) -> None:
    text = sending.plan()

    def lose(gateway: FakeGateway, outgoing: OutgoingText) -> Outcome:
        sid = gateway.create(outgoing)
        if early:
            report(sending, "sent", sid=sid, token=outgoing.token)
        return Unknown("Perhaps sent.")

    sending.gateway.script.append(lose)
    await sending.turn()
    if not early:
        assert S.UNKNOWN == sending.state(text)
        report(sending, "sent", token=sending.gateway.asked[0].token)
    assert (S.SENT, sending.gateway.ledger[0].sid) == (sending.state(text), sending.message(text).sid)


async def test_a_phone_that_was_off_gets_its_text_again_and_no_more_than_twice(sending: Sending) -> None:
    text = await accepted(sending)
    sending.clock.pass_(minutes=1)
    report(sending, "undelivered", 30003)
    assert (S.PLANNED, 1) == (sending.state(text), sending.message(text).retries)
    assert (sending.message(text).reason or "").endswith(" Retry 1 of 2.")
    assert sending.clock.now() + timedelta(hours=1) == sending.message(text).due_at
    sending.clock.pass_(hours=1)
    await sending.turn()
    report(sending, "undelivered", 30003, sid=sending.gateway.ledger[1].sid)
    sending.clock.pass_until(datetime(2026, 3, 7, 15, 0, tzinfo=UTC))
    await sending.turn()
    assert 3 == len(sending.sent_to)
    report(sending, "undelivered", 30003, sid=sending.gateway.ledger[2].sid)
    assert (S.UNDELIVERED, 2) == (sending.state(text), sending.message(text).retries)


async def test_a_late_delivered_calls_off_the_retry(sending: Sending) -> None:
    text = await accepted(sending)
    report(sending, "undelivered", 30003)
    report(sending, "delivered")
    sending.clock.pass_(hours=2)
    await sending.turn()
    assert (S.DELIVERED, 1) == (sending.state(text), len(sending.sent_to))


@pytest.mark.parametrize("first", ["undelivered", "failed"])
async def test_an_old_failure_told_again_does_not_undo_the_retry(sending: Sending, first: str) -> None:
    text = await accepted(sending)
    report(sending, first, 30003)
    report(sending, "failed", 30004)
    report(sending, "sent")
    assert (S.PLANNED, 1) == (sending.state(text), sending.message(text).retries)


async def test_a_retry_that_would_be_stale_is_not_planned(sending: Sending) -> None:
    text = sending.plan(expires_at=sending.clock.now() + timedelta(minutes=30))
    await sending.turn()
    report(sending, "undelivered", 30003)
    assert S.UNDELIVERED == sending.state(text)


@pytest.mark.parametrize(("code", "later"), [(30004, S.SUPPRESSED), (30005, S.CANCELLED), (30007, S.PLANNED)])
async def test_what_a_failure_means_for_the_numbers_later_texts(
    sending: Sending, code: int, later: MessageState
) -> None:
    patient = sending.enroll()
    text, next_ = sending.plan(patient), sending.plan(patient, due_at=sending.clock.now() + timedelta(days=2))
    await sending.turn()
    report(sending, "undelivered", code)
    assert (S.UNDELIVERED, later) == (sending.state(text), sending.state(next_))
    with reading(sending.engine) as session:
        assert (code == 30004) == (is_opted_out(session, ANA) is not None)


async def test_an_unregistered_sender_holds_the_day_back(sending: Sending) -> None:
    await accepted(sending)
    report(sending, "undelivered", 30034)
    later = sending.plan(sending.enroll(phone="+12125550102"), phone="+12125550102")
    assert ("circuit", S.PLANNED) == ((await sending.turn()).closed, sending.state(later))
    with reading(sending.engine) as session:
        assert [30034] == [circuit.code for circuit in open_circuits(session)]


async def test_polling_brings_what_no_webhook_brought(sending: Sending) -> None:
    texts = [sending.plan(sending.enroll(phone=f"+1212555010{n}"), phone=f"+1212555010{n}") for n in range(3)]
    await sending.turn()
    sending.gateway.becomes(sending.gateway.ledger[0].sid, "delivered")
    sending.gateway.becomes(sending.gateway.ledger[1].sid, "undelivered", 30006)
    assert 3 == await sending.receipts()
    assert [S.DELIVERED, S.UNDELIVERED, S.ACCEPTED] == [sending.state(text) for text in texts]
    assert 1 == await sending.receipts()
    sending.gateway.down = True
    assert None is await sending.receipts()


async def test_a_lost_text_and_its_receipt_together_are_one_text(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.script.append(created_but_lost)
    await sending.turn()
    report(sending, "delivered", token=sending.gateway.asked[0].token)
    await sending.look_up_until_proven()
    await sending.turn()
    assert (S.DELIVERED, 1) == (sending.state(text), len(sending.sent_to))
