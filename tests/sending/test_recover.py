"""After an outage many late texts wait for a person, newer ones go on, and what is released is what was shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment, Message, RecoveryKind
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import opt_out
from notifier.oversight.forecast import text_lines
from notifier.sending.claim import claim
from notifier.sending.gates.recoveries import open_recoveries, sentences
from notifier.sending.recover import LateFate, RecoveryPlan, plan_recovery, release
from tests.setups.house import House

S = MessageState
HOUR = timedelta(hours=1)


@pytest.fixture
def house(house: House) -> House:
    """More than two late texts wait."""
    house.recover_above = 2
    house.start()
    return house


def plan(house: House, many: int, *, first: int = 100, useful_for: timedelta = timedelta(days=1)) -> list[int]:
    phones = [f"+1212555{number:04d}" for number in range(first, first + many)]
    until = house.clock.now() + useful_for
    return [house.plan(house.enroll(phone=phone), phone=phone, expires_at=until) for phone in phones]


def look(house: House) -> RecoveryPlan:
    with reading(house.engine) as session:
        return plan_recovery(session, house.rules, house.clock.now())


def apply(house: House, shown: RecoveryPlan) -> int:
    with writing(house.engine) as session:
        return release(session, shown, now=house.clock.now(), by="desk")


def said(house: House) -> list[str]:
    with reading(house.engine) as session:
        return sentences(session, house.clock.now())


async def test_late_texts_above_the_threshold_wait_and_new_ones_go_on(house: House) -> None:
    late = plan(house, 3)
    house.clock.pass_(hours=2)
    house.start()
    new = plan(house, 2, first=200)
    await house.turn()
    assert [S.PLANNED] * 3 == [house.state(one) for one in late]
    assert [S.ACCEPTED] * 2 == [house.state(one) for one in new]
    assert ["3 late texts wait for a person: notifier recover --plan"] == said(house)
    with reading(house.engine) as session:
        lines = text_lines(session, [(session.get_one(Message, one), session.get_one(Enrollment, 1)) for one in late])
        assert all("waits for a person" in (line.reason or "") for line in lines)


async def test_as_many_as_the_threshold_leave_by_themselves(house: House) -> None:
    late = plan(house, 2)
    house.clock.pass_(hours=2)
    await house.turn()
    assert [S.ACCEPTED] * 2 == [house.state(one) for one in late]
    assert [] == said(house)


async def test_an_hour_is_not_late(house: House) -> None:
    plan(house, 3)
    house.clock.pass_(minutes=59)
    await house.turn()
    assert 3 == len(house.gateway.ledger)


async def test_a_burst_that_takes_hours_at_the_senders_rate_is_no_outage(house: House) -> None:
    plan(house, 9)
    house.clock.pass_(minutes=50)
    early = house.plan(house.enroll(phone="+12125550300"), phone="+12125550300", due_at=house.clock.now() - 2 * HOUR)
    house.in_flight = 1
    house.start()
    await house.turn()
    assert S.ACCEPTED == house.state(early)
    rest = plan(house, 4, first=400)
    with writing(house.engine) as session:
        for one in rest:
            found = session.get(type(house.message(one)), one)
            assert found is not None
            found.due_at = house.clock.now() - 2 * HOUR
    await house.turn()
    assert [S.ACCEPTED] * 4 == [house.state(one) for one in rest]


async def test_what_is_released_leaves_and_is_not_asked_about_again(house: House) -> None:
    late = plan(house, 3)
    house.clock.pass_(hours=2)
    await house.turn()
    assert 3 == apply(house, look(house))
    house.start()
    await house.turn()
    assert [S.ACCEPTED] * 3 == [house.state(one) for one in late]
    assert [] == said(house)


async def test_a_person_may_look_before_the_worker_starts(house: House) -> None:
    late = plan(house, 3)
    house.clock.pass_(hours=2)
    assert 3 == apply(house, look(house))
    await house.turn()
    assert [S.ACCEPTED] * 3 == [house.state(one) for one in late]


async def test_nothing_is_released_that_was_not_shown(house: House) -> None:
    plan(house, 3)
    house.clock.pass_(hours=2)
    await house.turn()
    shown = look(house)
    shown = replace(shown, texts=frozenset(sorted(shown.texts)[1:]))
    with pytest.raises(Refused, match="1 more texts are late than were shown"):
        apply(house, shown)
    await house.turn()
    assert [] == house.gateway.ledger


async def test_a_second_outage_is_asked_about_again(house: House) -> None:
    plan(house, 3)
    house.clock.pass_(hours=2)
    await house.turn()
    apply(house, look(house))
    await house.turn()
    plan(house, 3, first=200)
    house.clock.pass_(hours=2)
    await house.turn()
    assert ["3 late texts wait for a person: notifier recover --plan"] == said(house)


async def test_what_expires_while_it_waits_is_given_up_with_its_reason(house: House) -> None:
    late = plan(house, 3, useful_for=3 * HOUR)
    house.clock.pass_(hours=2)
    await house.turn()
    house.clock.pass_(hours=1)
    await house.turn()
    assert [S.EXPIRED] * 3 == [house.state(one) for one in late]
    assert "useful" in (house.message(late[0]).reason or "")
    await house.turn()
    with reading(house.engine) as session:
        assert {} == open_recoveries(session)


async def test_down_for_three_days(house: House) -> None:
    """Useful ones wait and leave once, spread over the open hours; the others have expired."""
    old, useful = plan(house, 4, useful_for=2 * HOUR), plan(house, 3, first=200, useful_for=timedelta(days=5))
    house.clock.pass_(days=3, hours=10)  # past midnight in New York
    house.start()
    await house.turn()
    assert [S.EXPIRED] * 4 == [house.state(one) for one in old]
    shown = look(house)
    assert [LateFate.MOVED] * 3 == [one.fate for one in shown.late]
    assert {"leaves": 0, "moved": 3, "waits": 0, "withdrawn": 0, "expired": 4} == shown.counts()
    opens = shown.late[0].leaves_at
    assert opens is not None
    apply(house, shown)
    await house.turn()
    assert [] == house.gateway.ledger
    house.clock.pass_until(opens)
    await house.turn()
    assert [S.ACCEPTED] * 3 == [house.state(one) for one in useful]
    assert 3 == len(house.gateway.ledger)


async def test_the_plan_says_of_each_text_what_becomes_of_it(house: House) -> None:
    phone = "+12125550900"
    whose = house.enroll(phone=phone, name="Eve")
    three = [house.plan(whose, phone=phone) for _ in range(3)]
    held = house.enroll(state="held", phone="+12125550901")
    waits = house.plan(held, phone="+12125550901")
    house.clock.pass_(hours=2)
    fates = {one.message: (one.fate, one.name) for one in look(house).late}
    assert {
        three[0]: (LateFate.LEAVES, "Eve"),
        three[1]: (LateFate.LEAVES, "Eve"),
        three[2]: (LateFate.MOVED, "Eve"),
        waits: (LateFate.WAITS, "Ana Ruiz"),
    } == fates


async def test_an_opt_out_between_plan_and_apply_counts(house: House) -> None:
    late = plan(house, 3)
    house.clock.pass_(hours=2)
    await house.turn()
    shown = look(house)
    with writing(house.engine) as session:
        opt_out(session, "+12125550100", source="keyword", at=house.clock.now(), by="patient")
    assert 2 == apply(house, shown)
    await house.turn()
    assert [S.SUPPRESSED, S.ACCEPTED, S.ACCEPTED] == [house.state(one) for one in late]


async def test_two_workers_that_come_back_find_one_outage(house: House) -> None:
    plan(house, 3)
    house.clock.pass_(hours=2)
    await house.turn()
    house.start()
    await house.turn()
    with reading(house.engine) as session:
        found = open_recoveries(session)
    assert [RecoveryKind.LATE] == list(found)
    assert 3 == found[RecoveryKind.LATE].texts


async def test_while_they_wait_the_worker_is_rung_by_the_next_one_that_may_leave(house: House) -> None:
    plan(house, 3)
    house.clock.pass_(hours=2)
    soon = house.clock.now() + timedelta(minutes=5)
    house.plan(house.enroll(phone="+12125550200"), phone="+12125550200", due_at=soon)
    assert soon == (await house.turn()).next_due


async def test_no_transaction_touches_more_than_a_batch_of_the_late_texts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of thousands would keep every other writer waiting: they are marked, and released, in batches."""
    monkeypatch.setattr("notifier.sending.claim._MARKED_AT_ONCE", 40)
    marked = "SELECT count(*) FROM messages WHERE state = 'planned' AND need >= 3 * 8796093022208"

    def after_one_claim() -> int:
        house.open_gate()
        with writing(house.engine) as session:
            claim(session, house.rules, now=house.clock.now(), worker_id="w", limit=1)
        with reading(house.engine) as session:
            return session.scalar(text(marked)) or 0

    late = plan(house, 100)
    house.clock.pass_(hours=2)
    assert [40, 80, 100, 100] == [after_one_claim() for _ in range(4)]
    assert [] == house.gateway.ledger
    apply(house, look(house))
    assert [60, 20, 0] == [after_one_claim() for _ in range(3)]
    await house.turn()
    await house.takeover()
    assert {S.ACCEPTED, S.UNKNOWN} == {house.state(one) for one in late}


def test_a_plan_counts_all_of_them_and_lists_the_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.sending.recover.LISTED", 2)
    useful = []
    for number in range(7):
        house.clock.pass_(minutes=1)
        useful += plan(house, 1, first=900 - number)
    gone = plan(house, 3, first=300, useful_for=HOUR)
    house.clock.pass_(hours=2)
    shown = look(house)
    assert (frozenset([*useful, *gone]), 7, 3, 10) == (shown.texts, shown.useful, shown.too_late, shown.patients)
    assert useful[:2] == [one.message for one in shown.late] == [one.message for one in shown.excerpt]
    assert (8, 7, 3) == (shown.omitted, shown.fates[LateFate.LEAVES], shown.fates[LateFate.EXPIRED])
