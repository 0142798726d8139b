"""The first text on its way: the hours and holds of every text, and no place among those of a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from notifier.db.engine import writing
from notifier.domain.kinds import FIRST
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.holds import hold_number
from notifier.numbers.opt_outs import opt_out
from schedules.protocol import FIRST_TEXT
from tests.setups.sending import Sending

S = MessageState
IS_FIRST: dict[str, Any] = {"kind": FIRST, "step": FIRST_TEXT}


async def test_it_takes_no_place_among_the_two_texts_of_a_day_and_needs_none(sending: Sending) -> None:
    ana = sending.enroll()
    sending.plan(ana, **IS_FIRST)
    sending.plan(ana)
    await sending.turn()
    sending.clock.pass_(minutes=15)
    sending.plan(ana)
    await sending.turn()
    assert 3 == len(sending.sent_to)
    sending.plan(ana, **IS_FIRST, revision=1)
    too_many = sending.plan(ana)
    await sending.turn()
    assert (4, S.PLANNED) == (len(sending.sent_to), sending.state(too_many))


async def test_it_leaves_for_who_is_only_booked(sending: Sending) -> None:
    ana = sending.enroll(state=EnrollmentState.BOOKED, treated_at=None, appointment_at=sending.clock.now())
    text = sending.plan(ana, **IS_FIRST)
    await sending.turn()
    assert S.ACCEPTED == sending.state(text)


async def test_it_waits_for_hours_and_holds_and_an_opted_out_number_gets_none(sending: Sending) -> None:
    night, opening = datetime(2026, 3, 7, 2, 30, tzinfo=UTC), datetime(2026, 3, 7, 14, tzinfo=UTC)
    sending.clock.pass_until(night)
    text = sending.plan(**IS_FIRST)
    await sending.turn()
    assert (S.PLANNED, opening) == (sending.state(text), sending.message(text).due_at)
    sending.clock.pass_until(opening)
    phone = sending.message(text).phone
    with writing(sending.engine) as session:
        hold_number(session, phone, reason="unread", at=opening, by="test")
    await sending.turn()
    assert S.PLANNED == sending.state(text)
    with writing(sending.engine) as session:
        opt_out(session, phone, source="keyword", at=opening, by="test")
    await sending.turn()
    assert (S.SUPPRESSED, []) == (sending.state(text), sending.sent_to)
