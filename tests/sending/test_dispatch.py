"""What is due leaves once, or stays for a reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.db.engine import writing
from notifier.db.tables import Pause
from notifier.domain.kinds import LOOK_AGAIN
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.holds import hold_number
from notifier.numbers.opt_outs import opt_out
from notifier.numbers.release import release
from notifier.publishing.pause import unpause
from tests.setups.gate import inbound_was_read
from tests.setups.house import House

S = MessageState
E = EnrollmentState
HOUR = timedelta(hours=1)


async def test_a_due_text_leaves_once_and_is_accepted(house: House) -> None:
    text = house.plan()
    turn = await house.turn()
    again = await house.turn()
    assert ["+12125550101"] == house.sent_to
    message = house.message(text)
    assert (S.ACCEPTED, house.gateway.ledger[0].sid, 1) == (message.state, message.sid, message.attempts)
    assert message.text == message.sent_text == house.gateway.ledger[0].body
    assert house.clock.now() == message.left_at
    assert turn.next_due is None is again.next_due
    moves = [(event.from_state, event.to_state) for event in house.events(text)]
    assert [("planned", "attempting"), ("attempting", "accepted")] == moves
    (attempt,) = house.attempts(text)
    assert ("accepted", message.sid, house.gateway.asked[0].token) == (attempt.outcome, attempt.sid, attempt.id)


async def test_a_text_that_is_not_due_stays_and_says_when(house: House) -> None:
    text = house.plan(due_at=house.clock.now() + HOUR)
    turn = await house.turn()
    assert [] == house.sent_to
    assert S.PLANNED == house.state(text)
    assert house.clock.now() + HOUR == turn.next_due


async def test_texts_leave_in_the_order_they_are_due(house: House) -> None:
    now = house.clock.now()
    phones = [f"+1212555{n:04d}" for n in range(100, 130)]
    for place, phone in reversed(list(enumerate(phones))):
        house.plan(house.enroll(phone=phone), phone=phone, due_at=now - timedelta(seconds=60 - place))
    await house.turn()
    assert phones == house.sent_to
    assert house.gateway.most_in_flight <= house.in_flight


async def test_nothing_leaves_while_the_inbound_poll_is_too_old(house: House) -> None:
    text = house.plan()
    for ago in (timedelta(minutes=2, seconds=1), -timedelta(minutes=8)):  # a poll from the future is no poll
        with writing(house.engine) as session:
            inbound_was_read(session, house.clock.now(), ago=ago)
        turn = await house.turn(gate=False)
        assert ("gate", [], S.PLANNED) == (turn.closed, house.sent_to, house.state(text))


async def test_nothing_leaves_before_this_very_process_has_caught_up(house: House) -> None:
    house.plan()
    house.dispatch.caught_up = False
    assert ("gate", []) == ((await house.turn()).closed, house.sent_to)


@pytest.mark.parametrize(
    ("enrollment", "text", "state", "reason"),
    [
        ({"state": E.CANCELLED}, {}, S.CANCELLED, "the enrollment was cancelled"),
        ({"state": E.NO_SHOW}, {}, S.CANCELLED, "the patient did not come"),
        ({"state": E.BOOKED}, {}, S.CANCELLED, "the patient has not been treated"),
        ({"state": E.BOOKED, "treated_at": None}, {"kind": "prepare"}, S.ACCEPTED, None),
        ({}, {"kind": "prepare"}, S.CANCELLED, "the visit is over"),
        ({}, {"kind": "rebook"}, S.CANCELLED, "no consent to rebook texts"),
        ({"rebook_consent": True}, {"kind": "rebook"}, S.ACCEPTED, None),
    ],
)
async def test_the_enrollment_is_checked_again(
    house: House, enrollment: dict[str, Any], text: dict[str, Any], state: MessageState, reason: str | None
) -> None:
    message = house.plan(house.enroll(**enrollment), **text)
    await house.turn()
    assert (state, reason) == (house.state(message), house.message(message).reason)


async def test_a_stale_text_expires_instead(house: House) -> None:
    text = house.plan(expires_at=house.clock.now())
    await house.turn()
    assert (S.EXPIRED, []) == (house.state(text), house.sent_to)
    assert "while it was still useful" in str(house.message(text).reason)


async def test_a_lift_that_somebody_made_due_too_early_waits_for_its_restriction(house: House) -> None:
    end = house.clock.now() + HOUR
    text = house.plan(kind="lift", not_before=end)
    turn = await house.turn()
    assert (S.PLANNED, end, end, []) == (house.state(text), house.message(text).due_at, turn.next_due, house.sent_to)


async def test_an_opted_out_number_gets_nothing(house: House) -> None:
    with writing(house.engine) as session:
        opt_out(session, "+12125550101", source="keyword", at=house.clock.now(), by="patient")
    text = house.plan()
    await house.turn()
    assert (S.SUPPRESSED, []) == (house.state(text), house.sent_to)


async def test_a_held_number_waits_and_the_reason_is_written_once(house: House) -> None:
    with writing(house.engine) as session:
        hold_number(session, "+12125550101", reason="a reply to read", at=house.clock.now(), by="x", kinds="lift")
    patient = house.enroll()
    lift, care = house.plan(patient, kind="lift"), house.plan(patient, kind="care")
    for _ in range(3):
        await house.turn()
        house.clock.pass_(seconds=LOOK_AGAIN.total_seconds())
    assert (S.PLANNED, S.ACCEPTED) == (house.state(lift), house.state(care))
    assert "the number is on hold: a reply to read" == house.message(lift).reason
    assert ["put_off"] == [event.what for event in house.events(lift)]


async def test_what_was_held_leaves_at_once_when_staff_release_the_number(house: House) -> None:
    now = house.clock.now()
    with writing(house.engine) as session:
        hold_number(session, "+12125550101", reason="a reply to read", at=now, by="x")
    text = house.plan()
    await house.turn()
    with writing(house.engine) as session:
        release(session, "+12125550101", now=now, by="desk")
    await house.turn()
    assert S.ACCEPTED == house.state(text)


async def test_what_was_paused_leaves_at_once_when_the_pause_ends(house: House) -> None:
    now = house.clock.now()
    with writing(house.engine) as session:
        session.add(Pause(protocol="microneedling", reason="a typo", by="dr", at=now))
    text = house.plan()
    await house.turn()
    with writing(house.engine) as session:
        unpause(session, "microneedling", now=now, by="dr")
    await house.turn()
    assert S.ACCEPTED == house.state(text)


@pytest.mark.parametrize(("step", "waits"), [(None, True), ("day-1", True), ("day-2", False)])
async def test_a_paused_protocol_or_step_waits(house: House, step: str | None, waits: bool) -> None:
    with writing(house.engine) as session:
        at = house.clock.now()
        session.add(Pause(protocol="microneedling", step=step, reason="a typo", by="dr", at=at))
    text = house.plan(step="day-1")
    await house.turn()
    assert (S.PLANNED if waits else S.ACCEPTED) == house.state(text)
    assert ("paused: a typo" if waits else None) == house.message(text).reason


async def test_a_late_text_waits_for_the_window_and_leaves_in_its_late_words(house: House) -> None:
    night = datetime(2026, 3, 7, 3, 0, tzinfo=UTC)  # 22:00 in New York
    house.clock.pass_until(night)
    patient = house.enroll()
    text = house.plan(patient, nominal_at=night - 2 * HOUR, late_text="Yesterday's words. STOP to opt out.")
    turn = await house.turn()
    morning = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
    assert ([], morning) == (house.sent_to, turn.next_due)
    house.clock.pass_until(morning)
    await house.turn()
    assert "Yesterday's words. STOP to opt out." == house.gateway.ledger[0].body == house.message(text).sent_text


async def test_what_finds_no_open_hour_before_it_is_stale_expires(house: House) -> None:
    house.clock.pass_until(datetime(2026, 3, 7, 3, 0, tzinfo=UTC))
    text = house.plan(expires_at=datetime(2026, 3, 7, 13, 59, tzinfo=UTC))
    await house.turn()
    assert (S.EXPIRED, []) == (house.state(text), house.sent_to)


async def test_later_days_respect_the_area_codes_clock_but_not_the_treatment_day(house: House) -> None:
    nine_in_new_york = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)  # 06:00 in Los Angeles
    house.clock.pass_until(nine_in_new_york)
    today = house.plan(house.enroll(phone="+13105550101", treated_at=nine_in_new_york - HOUR), phone="+13105550101")
    later = house.plan(house.enroll(phone="+13105550102"), phone="+13105550102")
    await house.turn()
    assert (S.ACCEPTED, S.PLANNED) == (house.state(today), house.state(later))
    assert datetime(2026, 3, 7, 16, 0, tzinfo=UTC) == house.message(later).due_at


async def test_the_daily_cap_of_a_number_holds_over_all_its_patients(house: House) -> None:
    texts = [house.plan(house.enroll(folded_name=f"patient{n}")) for n in range(3)]
    await house.turn()
    assert [S.ACCEPTED, S.ACCEPTED, S.PLANNED] == [house.state(text) for text in texts]
    assert datetime(2026, 3, 7, 14, 0, tzinfo=UTC) == house.message(texts[2]).due_at
    assert "2 texts have left for this number today" == house.message(texts[2]).reason


async def test_the_carrier_may_deliver_only_while_the_window_is_open(house: House) -> None:
    house.clock.pass_until(datetime(2026, 3, 7, 0, 40, tzinfo=UTC))  # 19:40 in New York
    house.plan()
    await house.turn()
    house.clock.pass_until(datetime(2026, 3, 7, 15, 0, tzinfo=UTC))
    house.plan(house.enroll(phone="+12125550102"), phone="+12125550102")
    await house.turn()
    assert [20 * 60, 14_400] == [text.validity_seconds for text in house.gateway.asked]


async def test_under_fifteen_minutes_of_the_window_are_too_few(house: House) -> None:
    house.clock.pass_until(datetime(2026, 3, 7, 0, 46, tzinfo=UTC))
    text = house.plan()
    await house.turn()
    assert ([], datetime(2026, 3, 7, 14, 0, tzinfo=UTC)) == (house.sent_to, house.message(text).due_at)


async def test_an_unknown_time_zone_holds_that_text_alone(house: House) -> None:
    bad = house.plan(house.enroll(phone="+12125550102", timezone="Mars/Olympus"), phone="+12125550102")
    good = house.plan()
    await house.turn()
    assert (S.PLANNED, S.ACCEPTED) == (house.state(bad), house.state(good))
    assert "Mars/Olympus" in str(house.message(bad).reason)


async def test_two_workers_share_what_is_due_and_neither_sends_twice(house: House) -> None:
    phones = [f"+1212555{n:04d}" for n in range(100, 160)]
    for phone in phones:
        house.plan(house.enroll(phone=phone), phone=phone)
    house.open_gate()
    first = house.dispatch
    house.start()
    await asyncio.gather(first.turn(), house.dispatch.turn())
    assert phones == sorted(house.sent_to)


async def test_a_stopping_worker_claims_nothing_more(house: House) -> None:
    text = house.plan()
    house.dispatch.stop()
    assert "stopping" == (await house.turn()).closed
    assert (S.PLANNED, []) == (house.state(text), house.sent_to)


async def test_a_rate_lets_one_text_leave_and_then_the_next(sqlite_house: House) -> None:
    sqlite_house.dispatch.pace.per_second = 1.0
    for n in range(3):
        sqlite_house.plan(sqlite_house.enroll(phone=f"+1212555010{n}"), phone=f"+1212555010{n}")
    turn = await sqlite_house.turn()
    assert 1 == len(sqlite_house.sent_to)
    assert 0 < turn.opens_in <= 1
    sqlite_house.clock.pass_(hours=1)  # no burst after an idle hour
    await sqlite_house.turn()
    assert 2 == len(sqlite_house.sent_to)
