"""What is due leaves once, or stays for a reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from notifier.db.engine import writing
from notifier.db.tables import Pause
from notifier.domain.kinds import LOOK_AGAIN
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.holds import hold_number
from notifier.numbers.opt_outs import opt_out
from notifier.numbers.release import release
from notifier.publishing.pause import unpause
from tests.setups.gate import inbound_was_read
from tests.setups.sending import Sending

S = MessageState
E = EnrollmentState
HOUR = timedelta(hours=1)


async def test_a_due_text_leaves_once_and_is_accepted(sending: Sending) -> None:
    text = sending.plan()
    with capture_logs() as logs:
        turn = await sending.turn()
        again = await sending.turn()
    said = {"event": "accepted", "log_level": "info", "message": text, "sid": sending.gateway.ledger[0].sid}
    assert [said] == [line for line in logs if line["event"] == "accepted"]
    assert ["+12125550101"] == sending.sent_to
    message = sending.message(text)
    assert (S.ACCEPTED, sending.gateway.ledger[0].sid, 1) == (message.state, message.sid, message.attempts)
    assert message.text == message.sent_text == sending.gateway.ledger[0].body
    assert sending.clock.now() == message.left_at
    assert turn.next_due is None is again.next_due
    moves = [(event.from_state, event.to_state) for event in sending.events(text)]
    assert [("planned", "attempting"), ("attempting", "accepted")] == moves
    (attempt,) = sending.attempts(text)
    assert ("accepted", message.sid, sending.gateway.asked[0].token) == (attempt.outcome, attempt.sid, attempt.id)


async def test_a_text_that_is_not_due_stays_and_says_when(sending: Sending) -> None:
    text = sending.plan(due_at=sending.clock.now() + HOUR)
    turn = await sending.turn()
    assert [] == sending.sent_to
    assert S.PLANNED == sending.state(text)
    assert sending.clock.now() + HOUR == turn.next_due


async def test_texts_leave_in_the_order_they_are_due(sending: Sending) -> None:
    now = sending.clock.now()
    phones = [f"+1212555{n:04d}" for n in range(100, 130)]
    for place, phone in reversed(list(enumerate(phones))):
        sending.plan(sending.enroll(phone=phone), phone=phone, due_at=now - timedelta(seconds=60 - place))
    await sending.turn()
    assert phones == sending.sent_to
    assert sending.gateway.most_in_flight <= sending.in_flight


async def test_the_first_poll_that_succeeds_reads_since_the_first_patient(sending: Sending) -> None:
    """Twilio's lists could not be read for days, from the first enrollment on."""
    text = sending.plan(expires_at=sending.clock.now() + timedelta(days=9))
    sending.gateway.reply("+12125550101", "STOP")
    sending.clock.pass_(days=3)
    assert await sending.inbound()
    await sending.turn()
    assert S.SUPPRESSED == sending.state(text)


async def test_nothing_leaves_while_the_inbound_poll_is_too_old(sending: Sending) -> None:
    text = sending.plan()
    for ago in (timedelta(minutes=2, seconds=1), -timedelta(minutes=8)):  # a poll from the future is no poll
        with writing(sending.engine) as session:
            inbound_was_read(session, sending.clock.now(), ago=ago)
        turn = await sending.turn(gate=False)
        assert ("gate", [], S.PLANNED) == (turn.closed, sending.sent_to, sending.state(text))


async def test_nothing_leaves_before_this_very_process_has_caught_up(sending: Sending) -> None:
    sending.plan()
    sending.dispatch.caught_up = False
    assert ("gate", []) == ((await sending.turn()).closed, sending.sent_to)


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
    sending: Sending, enrollment: dict[str, Any], text: dict[str, Any], state: MessageState, reason: str | None
) -> None:
    message = sending.plan(sending.enroll(**enrollment), **text)
    await sending.turn()
    assert (state, reason) == (sending.state(message), sending.message(message).reason)


async def test_a_stale_text_expires_instead(sending: Sending) -> None:
    text = sending.plan(expires_at=sending.clock.now())
    await sending.turn()
    assert (S.EXPIRED, []) == (sending.state(text), sending.sent_to)
    assert "while it was still useful" in str(sending.message(text).reason)


async def test_a_lift_that_somebody_made_due_too_early_waits_for_its_restriction(sending: Sending) -> None:
    end = sending.clock.now() + HOUR
    text = sending.plan(kind="lift", not_before=end)
    turn = await sending.turn()
    assert (S.PLANNED, end, end, []) == (
        sending.state(text),
        sending.message(text).due_at,
        turn.next_due,
        sending.sent_to,
    )


async def test_an_opted_out_number_gets_nothing(sending: Sending) -> None:
    with writing(sending.engine) as session:
        opt_out(session, "+12125550101", source="keyword", at=sending.clock.now(), by="patient")
    text = sending.plan()
    await sending.turn()
    assert (S.SUPPRESSED, []) == (sending.state(text), sending.sent_to)


async def test_a_held_number_waits_and_the_reason_is_written_once(sending: Sending) -> None:
    with writing(sending.engine) as session:
        hold_number(session, "+12125550101", reason="a reply to read", at=sending.clock.now(), by="x", kinds="lift")
    patient = sending.enroll()
    lift, care = sending.plan(patient, kind="lift"), sending.plan(patient, kind="care")
    for _ in range(3):
        await sending.turn()
        sending.clock.pass_(seconds=LOOK_AGAIN.total_seconds())
    assert (S.PLANNED, S.ACCEPTED) == (sending.state(lift), sending.state(care))
    assert "the number is on hold: a reply to read" == sending.message(lift).reason
    assert ["put_off"] == [event.what for event in sending.events(lift)]


async def test_what_was_held_leaves_at_once_when_staff_release_the_number(sending: Sending) -> None:
    now = sending.clock.now()
    with writing(sending.engine) as session:
        hold_number(session, "+12125550101", reason="a reply to read", at=now, by="x")
    text = sending.plan()
    await sending.turn()
    with writing(sending.engine) as session:
        release(session, "+12125550101", now=now, by="desk")
    await sending.turn()
    assert S.ACCEPTED == sending.state(text)


async def test_what_was_paused_leaves_at_once_when_the_pause_ends(sending: Sending) -> None:
    now = sending.clock.now()
    with writing(sending.engine) as session:
        session.add(Pause(protocol="microneedling", reason="a typo", by="dr", at=now))
    text = sending.plan()
    await sending.turn()
    with writing(sending.engine) as session:
        unpause(session, "microneedling", reason="mended", now=now, by="dr")
    await sending.turn()
    assert S.ACCEPTED == sending.state(text)


@pytest.mark.parametrize(("step", "waits"), [(None, True), ("day-1", True), ("day-2", False)])
async def test_a_paused_protocol_or_step_waits(sending: Sending, step: str | None, waits: bool) -> None:
    with writing(sending.engine) as session:
        at = sending.clock.now()
        session.add(Pause(protocol="microneedling", step=step, reason="a typo", by="dr", at=at))
    text = sending.plan(step="day-1")
    await sending.turn()
    assert (S.PLANNED if waits else S.ACCEPTED) == sending.state(text)
    assert ("paused: a typo" if waits else None) == sending.message(text).reason


async def test_a_late_text_waits_for_the_window_and_leaves_in_its_late_words(sending: Sending) -> None:
    night = datetime(2026, 3, 7, 3, 0, tzinfo=UTC)  # 22:00 in New York
    sending.clock.pass_until(night)
    patient = sending.enroll()
    text = sending.plan(patient, nominal_at=night - 2 * HOUR, late_text="Yesterday's words. STOP to opt out.")
    turn = await sending.turn()
    morning = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
    assert ([], morning) == (sending.sent_to, turn.next_due)
    sending.clock.pass_until(morning)
    await sending.turn()
    assert "Yesterday's words. STOP to opt out." == sending.gateway.ledger[0].body == sending.message(text).sent_text


async def test_what_finds_no_open_hour_before_it_is_stale_expires(sending: Sending) -> None:
    sending.clock.pass_until(datetime(2026, 3, 7, 3, 0, tzinfo=UTC))
    text = sending.plan(expires_at=datetime(2026, 3, 7, 13, 59, tzinfo=UTC))
    await sending.turn()
    assert (S.EXPIRED, []) == (sending.state(text), sending.sent_to)


async def test_later_days_respect_the_area_codes_clock_but_not_the_treatment_day(sending: Sending) -> None:
    nine_in_new_york = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)  # 06:00 in Los Angeles
    sending.clock.pass_until(nine_in_new_york)
    today = sending.plan(sending.enroll(phone="+13105550101", treated_at=nine_in_new_york - HOUR), phone="+13105550101")
    later = sending.plan(sending.enroll(phone="+13105550102"), phone="+13105550102")
    await sending.turn()
    assert (S.ACCEPTED, S.PLANNED) == (sending.state(today), sending.state(later))
    assert datetime(2026, 3, 7, 16, 0, tzinfo=UTC) == sending.message(later).due_at


async def test_the_daily_cap_of_a_number_holds_over_all_its_patients(sending: Sending) -> None:
    texts = [sending.plan(sending.enroll(folded_name=f"patient{n}")) for n in range(3)]
    await sending.turn()
    sending.clock.pass_(minutes=15)
    await sending.turn()
    assert [S.ACCEPTED, S.ACCEPTED, S.PLANNED] == [sending.state(text) for text in texts]
    assert datetime(2026, 3, 7, 14, 0, tzinfo=UTC) == sending.message(texts[2]).due_at
    assert "2 texts have left for this number today" == sending.message(texts[2]).reason


async def test_the_carrier_may_deliver_only_while_the_window_is_open(sending: Sending) -> None:
    sending.clock.pass_until(datetime(2026, 3, 7, 0, 40, tzinfo=UTC))  # 19:40 in New York
    sending.plan()
    await sending.turn()
    sending.clock.pass_until(datetime(2026, 3, 7, 15, 0, tzinfo=UTC))
    sending.plan(sending.enroll(phone="+12125550102"), phone="+12125550102")
    await sending.turn()
    assert [20 * 60, 14_400] == [text.validity_seconds for text in sending.gateway.asked]


async def test_under_fifteen_minutes_of_the_window_are_too_few(sending: Sending) -> None:
    sending.clock.pass_until(datetime(2026, 3, 7, 0, 46, tzinfo=UTC))
    text = sending.plan()
    await sending.turn()
    assert ([], datetime(2026, 3, 7, 14, 0, tzinfo=UTC)) == (sending.sent_to, sending.message(text).due_at)


async def test_an_unknown_time_zone_holds_that_text_alone(sending: Sending) -> None:
    bad = sending.plan(sending.enroll(phone="+12125550102", timezone="Mars/Olympus"), phone="+12125550102")
    good = sending.plan()
    await sending.turn()
    assert (S.PLANNED, S.ACCEPTED) == (sending.state(bad), sending.state(good))
    assert "Mars/Olympus" in str(sending.message(bad).reason)


async def test_two_workers_share_what_is_due_and_neither_sends_twice(sending: Sending) -> None:
    phones = [f"+1212555{n:04d}" for n in range(100, 160)]
    for phone in phones:
        sending.plan(sending.enroll(phone=phone), phone=phone)
    sending.open_gate()
    first = sending.dispatch
    sending.start()
    await asyncio.gather(first.turn(), sending.dispatch.turn())
    assert phones == sorted(sending.sent_to)


async def test_a_stopping_worker_claims_nothing_more(sending: Sending) -> None:
    text = sending.plan()
    sending.dispatch.stop()
    assert "stopping" == (await sending.turn()).closed
    assert (S.PLANNED, []) == (sending.state(text), sending.sent_to)


async def test_a_rate_lets_one_text_leave_and_then_the_next(sqlite_house: Sending) -> None:
    sqlite_house.dispatch.pace.per_second = 1.0
    for n in range(3):
        sqlite_house.plan(sqlite_house.enroll(phone=f"+1212555010{n}"), phone=f"+1212555010{n}")
    turn = await sqlite_house.turn()
    assert 1 == len(sqlite_house.sent_to)
    assert 0 < turn.opens_in <= 1
    sqlite_house.clock.pass_(hours=1)  # no burst after an idle hour
    await sqlite_house.turn()
    assert 2 == len(sqlite_house.sent_to)
