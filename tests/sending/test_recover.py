"""After an outage many late texts wait for a person, newer ones go on, and what is released is what was shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment, Message, RecoveryKind
from notifier.domain.id_set import IdSet
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import opt_out
from notifier.oversight.forecast import text_lines
from notifier.sending.claim import claim
from notifier.sending.gates.recoveries import open_recoveries, sentences
from notifier.sending.recover import LateFate, RecoveryPlan, plan_recovery, release
from tests.setups.sending import Sending

S = MessageState
HOUR = timedelta(hours=1)


@pytest.fixture
def sending(sending: Sending) -> Sending:
    """More than two late texts wait."""
    sending.recover_above = 2
    sending.start()
    return sending


def plan(sending: Sending, many: int, *, first: int = 100, useful_for: timedelta = timedelta(days=1)) -> list[int]:
    phones = [f"+1212555{number:04d}" for number in range(first, first + many)]
    until = sending.clock.now() + useful_for
    return [sending.plan(sending.enroll(phone=phone), phone=phone, expires_at=until) for phone in phones]


def look(sending: Sending) -> RecoveryPlan:
    with reading(sending.engine) as session:
        return plan_recovery(session, sending.rules, sending.clock.now())


def apply(sending: Sending, shown: RecoveryPlan) -> int:
    with writing(sending.engine) as session:
        return release(session, shown, now=sending.clock.now(), by="desk")


def said(sending: Sending) -> list[str]:
    with reading(sending.engine) as session:
        return sentences(session, sending.clock.now())


async def test_late_texts_above_the_threshold_wait_and_new_ones_go_on(sending: Sending) -> None:
    late = plan(sending, 3)
    sending.clock.pass_(hours=2)
    sending.start()
    new = plan(sending, 2, first=200)
    await sending.turn()
    assert [S.PLANNED] * 3 == [sending.state(one) for one in late]
    assert [S.ACCEPTED] * 2 == [sending.state(one) for one in new]
    assert ["3 late texts wait for a person: notifier recover --plan"] == said(sending)
    with reading(sending.engine) as session:
        lines = text_lines(session, [(session.get_one(Message, one), session.get_one(Enrollment, 1)) for one in late])
        assert all("waits for a person" in (line.reason or "") for line in lines)


async def test_as_many_as_the_threshold_leave_by_themselves(sending: Sending) -> None:
    late = plan(sending, 2)
    sending.clock.pass_(hours=2)
    await sending.turn()
    assert [S.ACCEPTED] * 2 == [sending.state(one) for one in late]
    assert [] == said(sending)


async def test_an_hour_is_not_late(sending: Sending) -> None:
    plan(sending, 3)
    sending.clock.pass_(minutes=59)
    await sending.turn()
    assert 3 == len(sending.gateway.ledger)


async def test_a_burst_that_takes_hours_at_the_senders_rate_is_no_outage(sending: Sending) -> None:
    plan(sending, 9)
    sending.clock.pass_(minutes=50)
    early = sending.plan(
        sending.enroll(phone="+12125550300"), phone="+12125550300", due_at=sending.clock.now() - 2 * HOUR
    )
    sending.in_flight = 1
    sending.start()
    await sending.turn()
    assert S.ACCEPTED == sending.state(early)
    rest = plan(sending, 4, first=400)
    with writing(sending.engine) as session:
        for one in rest:
            found = session.get(type(sending.message(one)), one)
            assert found is not None
            found.due_at = sending.clock.now() - 2 * HOUR
    await sending.turn()
    assert [S.ACCEPTED] * 4 == [sending.state(one) for one in rest]


async def test_what_is_released_leaves_and_is_not_asked_about_again(sending: Sending) -> None:
    late = plan(sending, 3)
    sending.clock.pass_(hours=2)
    await sending.turn()
    assert 3 == apply(sending, look(sending))
    sending.start()
    await sending.turn()
    assert [S.ACCEPTED] * 3 == [sending.state(one) for one in late]
    assert [] == said(sending)


async def test_a_person_may_look_before_the_worker_starts(sending: Sending) -> None:
    late = plan(sending, 3)
    sending.clock.pass_(hours=2)
    assert 3 == apply(sending, look(sending))
    await sending.turn()
    assert [S.ACCEPTED] * 3 == [sending.state(one) for one in late]


async def test_nothing_is_released_that_was_not_shown(sending: Sending) -> None:
    late = plan(sending, 3)
    sending.clock.pass_(hours=2)
    await sending.turn()
    shown = look(sending)
    shown = replace(shown, texts=IdSet(late[1:]))
    with pytest.raises(Refused, match="1 more text is late than was shown"):
        apply(sending, shown)
    await sending.turn()
    assert [] == sending.gateway.ledger


async def test_a_second_outage_is_asked_about_again(sending: Sending) -> None:
    plan(sending, 3)
    sending.clock.pass_(hours=2)
    await sending.turn()
    apply(sending, look(sending))
    await sending.turn()
    plan(sending, 3, first=200)
    sending.clock.pass_(hours=2)
    await sending.turn()
    assert ["3 late texts wait for a person: notifier recover --plan"] == said(sending)


async def test_what_expires_while_it_waits_is_given_up_with_its_reason(sending: Sending) -> None:
    late = plan(sending, 3, useful_for=3 * HOUR)
    sending.clock.pass_(hours=2)
    await sending.turn()
    sending.clock.pass_(hours=1)
    await sending.turn()
    assert [S.EXPIRED] * 3 == [sending.state(one) for one in late]
    assert "useful" in (sending.message(late[0]).reason or "")
    await sending.turn()
    with reading(sending.engine) as session:
        assert {} == open_recoveries(session)


async def test_down_for_three_days(sending: Sending) -> None:
    """Useful ones wait and leave once, spread over the open hours; the others have expired."""
    old, useful = plan(sending, 4, useful_for=2 * HOUR), plan(sending, 3, first=200, useful_for=timedelta(days=5))
    sending.clock.pass_(days=3, hours=10)  # past midnight in New York
    sending.start()
    await sending.turn()
    assert [S.EXPIRED] * 4 == [sending.state(one) for one in old]
    shown = look(sending)
    assert [LateFate.MOVED] * 3 == [one.fate for one in shown.late]
    assert {"leaves": 0, "moved": 3, "waits": 0, "withdrawn": 0, "expired": 4} == shown.counts()
    opens = shown.late[0].leaves_at
    assert opens is not None
    apply(sending, shown)
    await sending.turn()
    assert [] == sending.gateway.ledger
    sending.clock.pass_until(opens)
    await sending.turn()
    assert [S.ACCEPTED] * 3 == [sending.state(one) for one in useful]
    assert 3 == len(sending.gateway.ledger)


async def test_the_plan_says_of_each_text_what_becomes_of_it(sending: Sending) -> None:
    phone = "+12125550900"
    whose = sending.enroll(phone=phone, name="Eve")
    three = [sending.plan(whose, phone=phone) for _ in range(3)]
    held = sending.enroll(state="held", phone="+12125550901")
    waits = sending.plan(held, phone="+12125550901")
    sending.clock.pass_(hours=2)
    now = sending.clock.now()
    fates = {one.message: (one.fate, one.name, one.leaves_at) for one in look(sending).late}
    assert {
        three[0]: (LateFate.LEAVES, "Eve", now),
        three[1]: (LateFate.MOVED, "Eve", now + timedelta(minutes=15)),
        three[2]: (LateFate.MOVED, "Eve", datetime(2026, 3, 7, 14, 0, tzinfo=UTC)),
        waits: (LateFate.WAITS, "Ana Ruiz", None),
    } == fates


async def test_an_opt_out_between_plan_and_apply_counts(sending: Sending) -> None:
    late = plan(sending, 3)
    sending.clock.pass_(hours=2)
    await sending.turn()
    shown = look(sending)
    with writing(sending.engine) as session:
        opt_out(session, "+12125550100", source="keyword", at=sending.clock.now(), by="patient")
    assert 2 == apply(sending, shown)
    await sending.turn()
    assert [S.SUPPRESSED, S.ACCEPTED, S.ACCEPTED] == [sending.state(one) for one in late]


async def test_two_workers_that_come_back_find_one_outage(sending: Sending) -> None:
    plan(sending, 3)
    sending.clock.pass_(hours=2)
    await sending.turn()
    sending.start()
    await sending.turn()
    with reading(sending.engine) as session:
        found = open_recoveries(session)
    assert [RecoveryKind.LATE] == list(found)
    assert 3 == found[RecoveryKind.LATE].texts


async def test_while_they_wait_the_worker_is_rung_by_the_next_one_that_may_leave(sending: Sending) -> None:
    plan(sending, 3)
    sending.clock.pass_(hours=2)
    soon = sending.clock.now() + timedelta(minutes=5)
    sending.plan(sending.enroll(phone="+12125550200"), phone="+12125550200", due_at=soon)
    assert soon == (await sending.turn()).next_due


async def test_no_transaction_touches_more_than_a_batch_of_the_late_texts(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of thousands would keep every other writer waiting: they are marked, and released, in batches."""
    monkeypatch.setattr("notifier.sending.claim._MARKED_AT_ONCE", 8)
    marked = "SELECT count(*) FROM messages WHERE state = 'planned' AND need >= 3 * 8796093022208"

    def after_one_claim() -> int:
        sending.open_gate()
        with writing(sending.engine) as session:
            claim(session, sending.rules, now=sending.clock.now(), worker_id="w", limit=1)
        with reading(sending.engine) as session:
            return session.scalar(text(marked)) or 0

    late = plan(sending, 20)
    sending.clock.pass_(hours=2)
    assert [8, 16, 20, 20] == [after_one_claim() for _ in range(4)]
    assert [] == sending.gateway.ledger
    apply(sending, look(sending))
    assert [12, 4, 0] == [after_one_claim() for _ in range(3)]
    await sending.turn()
    await sending.takeover()
    assert {S.ACCEPTED, S.UNKNOWN} == {sending.state(one) for one in late}


def test_a_plan_counts_all_of_them_and_lists_the_first(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.sending.recover.LISTED", 2)
    useful = []
    for number in range(7):
        sending.clock.pass_(minutes=1)
        useful += plan(sending, 1, first=900 - number)
    gone = plan(sending, 3, first=300, useful_for=HOUR)
    sending.clock.pass_(hours=2)
    shown = look(sending)
    assert (10, 7, 3, 10) == (len(shown.texts), shown.useful, shown.too_late, shown.patients)
    assert [] == [one for one in (*useful, *gone) if one not in shown.texts]
    assert useful[:2] == [one.message for one in shown.late] == [one.message for one in shown.excerpt]
    assert (8, 7, 3) == (shown.omitted, shown.fates[LateFate.LEAVES], shown.fates[LateFate.EXPIRED])


def test_a_lift_whose_rule_text_is_itself_too_late_is_not_called_useful(sending: Sending) -> None:
    expected = {}
    for catches_up, phone in ((True, "+12125550801"), (False, "+12125550802")):
        whose = sending.enroll(phone=phone, catches_up=catches_up)
        until = sending.clock.now() + HOUR
        rule = sending.plan(whose, phone=phone, step="today", kind="restrict", topics=["sun"], expires_at=until)
        lift = sending.plan(whose, phone=phone, step="sun-again", kind="lift", topics=["sun"])
        expected[rule] = (LateFate.EXPIRED, "it could not leave while it was still useful")
        expected[lift] = (LateFate.WAITS, "not told: sun; tell the patient in person")
    sending.clock.pass_(hours=2)
    assert expected == {one.message: (one.fate, one.why) for one in look(sending).late}
