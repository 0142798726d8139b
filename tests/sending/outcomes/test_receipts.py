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
from tests.setups.house import House

S = MessageState
ANA = "+12125550101"


def report(house: House, status: str, error: int | None = None, *, sid: str = "", token: str | None = None) -> bool:
    with writing(house.engine) as session:
        return apply_receipt(
            session, sid=sid or house.gateway.ledger[0].sid, status=status, error_code=error, token=token,
            at=house.clock.now(), source="callback")  # fmt: skip


async def accepted(house: House) -> int:
    text = house.plan()
    await house.turn()
    return text


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered"])))
async def test_every_order_of_receipts_ends_the_same(sqlite_house: House, order: tuple[str, ...]) -> None:
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
async def test_a_text_moves_forward_or_not_at_all(house: House, statuses: list[str], state: MessageState) -> None:
    text = await accepted(house)
    for status in statuses:
        report(house, status)
    assert state == house.state(text)


async def test_a_doubled_receipt_is_one(house: House) -> None:
    text = await accepted(house)
    assert [True, False, False] == [report(house, "delivered") for _ in range(3)]
    assert 3 == len(house.events(text))


async def test_a_receipt_of_a_stranger_changes_nothing(house: House) -> None:
    text = await accepted(house)
    report(house, "delivered", sid="SM" + "f" * 32)
    assert S.ACCEPTED == house.state(text)


async def test_a_receipt_that_comes_before_our_own_record_is_kept_for_it(house: House) -> None:
    text = house.plan()

    def early(gateway: FakeGateway, outgoing: OutgoingText) -> Outcome:
        sid = gateway.create(outgoing)
        report(house, "delivered", sid=sid, token=outgoing.token)
        return Accepted(sid, "queued")

    house.gateway.script.append(early)
    await house.turn()
    assert S.DELIVERED == house.state(text)


@pytest.mark.parametrize("early", [True, False])
async def test_a_receipts_token_gives_a_lost_text_its_sid(house: House, early: bool) -> None:
    text = house.plan()

    def lose(gateway: FakeGateway, outgoing: OutgoingText) -> Outcome:
        sid = gateway.create(outgoing)
        if early:
            report(house, "sent", sid=sid, token=outgoing.token)
        return Unknown("Perhaps sent.")

    house.gateway.script.append(lose)
    await house.turn()
    if not early:
        assert S.UNKNOWN == house.state(text)
        report(house, "sent", token=house.gateway.asked[0].token)
    assert (S.SENT, house.gateway.ledger[0].sid) == (house.state(text), house.message(text).sid)


async def test_a_phone_that_was_off_gets_its_text_again_and_no_more_than_twice(house: House) -> None:
    text = await accepted(house)
    house.clock.pass_(minutes=1)
    report(house, "undelivered", 30003)
    assert (S.PLANNED, 1) == (house.state(text), house.message(text).retries)
    assert (house.message(text).reason or "").endswith(" Retry 1 of 2.")
    assert house.clock.now() + timedelta(hours=1) == house.message(text).due_at
    house.clock.pass_(hours=1)
    await house.turn()
    report(house, "undelivered", 30003, sid=house.gateway.ledger[1].sid)
    house.clock.pass_until(datetime(2026, 3, 7, 15, 0, tzinfo=UTC))
    await house.turn()
    assert 3 == len(house.sent_to)
    report(house, "undelivered", 30003, sid=house.gateway.ledger[2].sid)
    assert (S.UNDELIVERED, 2) == (house.state(text), house.message(text).retries)


async def test_a_late_delivered_calls_off_the_retry(house: House) -> None:
    text = await accepted(house)
    report(house, "undelivered", 30003)
    report(house, "delivered")
    house.clock.pass_(hours=2)
    await house.turn()
    assert (S.DELIVERED, 1) == (house.state(text), len(house.sent_to))


@pytest.mark.parametrize("first", ["undelivered", "failed"])
async def test_an_old_failure_told_again_does_not_undo_the_retry(house: House, first: str) -> None:
    text = await accepted(house)
    report(house, first, 30003)
    report(house, "failed", 30004)
    report(house, "sent")
    assert (S.PLANNED, 1) == (house.state(text), house.message(text).retries)


async def test_a_retry_that_would_be_stale_is_not_planned(house: House) -> None:
    text = house.plan(expires_at=house.clock.now() + timedelta(minutes=30))
    await house.turn()
    report(house, "undelivered", 30003)
    assert S.UNDELIVERED == house.state(text)


@pytest.mark.parametrize(("code", "later"), [(30004, S.SUPPRESSED), (30005, S.CANCELLED), (30007, S.PLANNED)])
async def test_what_a_failure_means_for_the_numbers_later_texts(house: House, code: int, later: MessageState) -> None:
    patient = house.enroll()
    text, next_ = house.plan(patient), house.plan(patient, due_at=house.clock.now() + timedelta(days=2))
    await house.turn()
    report(house, "undelivered", code)
    assert (S.UNDELIVERED, later) == (house.state(text), house.state(next_))
    with reading(house.engine) as session:
        assert (code == 30004) == (is_opted_out(session, ANA) is not None)


async def test_an_unregistered_sender_holds_the_day_back(house: House) -> None:
    await accepted(house)
    report(house, "undelivered", 30034)
    later = house.plan(house.enroll(phone="+12125550102"), phone="+12125550102")
    assert ("circuit", S.PLANNED) == ((await house.turn()).closed, house.state(later))
    with reading(house.engine) as session:
        assert [30034] == [circuit.code for circuit in open_circuits(session)]


async def test_polling_brings_what_no_webhook_brought(house: House) -> None:
    texts = [house.plan(house.enroll(phone=f"+1212555010{n}"), phone=f"+1212555010{n}") for n in range(3)]
    await house.turn()
    house.gateway.becomes(house.gateway.ledger[0].sid, "delivered")
    house.gateway.becomes(house.gateway.ledger[1].sid, "undelivered", 30006)
    assert 3 == await house.receipts()
    assert [S.DELIVERED, S.UNDELIVERED, S.ACCEPTED] == [house.state(text) for text in texts]
    assert 1 == await house.receipts()
    house.gateway.down = True
    assert None is await house.receipts()


async def test_a_lost_text_and_its_receipt_together_are_one_text(house: House) -> None:
    text = house.plan()
    house.gateway.script.append(created_but_lost)
    await house.turn()
    report(house, "delivered", token=house.gateway.asked[0].token)
    await house.look_up_until_proven()
    await house.turn()
    assert (S.DELIVERED, 1) == (house.state(text), len(house.sent_to))
