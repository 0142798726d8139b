"""Silence: a question is asked once more, in other words, while it is of use, and never after anything was written."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from notifier.conversations.ask_again import ask_again
from notifier.db.engine import writing
from notifier.domain.states import EnrollmentState
from tests.setups.asking import ANA, RULES, ask, hears, replies, said
from tests.setups.sending import Sending

AGAIN = (
    "we have not heard from you. How are you? Reply 1 fine, 2 a question, 3 worse, or call 555-0100. STOP to opt out."
)


async def passes(sending: Sending, hours: float) -> None:
    """Time passes, the question is asked again if its time has come, and what is due leaves."""
    sending.clock.pass_(hours=hours)
    with writing(sending.engine) as session:
        ask_again(session, RULES, sending.clock.now())
    await sending.turn()


async def test_who_writes_nothing_is_asked_once_more_after_a_day_and_never_a_third_time(sending: Sending) -> None:
    await ask(sending)
    await passes(sending, 23)
    assert [] == said(sending)
    for _ in range(4):
        await passes(sending, 20)
    assert [AGAIN] == said(sending)


async def test_nobody_who_wrote_anything_is_asked_again(sending: Sending) -> None:
    for number, words in enumerate(("1", "thank you", "my skin?", "STOP")):
        phone = f"+1212555050{number}"
        await ask(sending, phone, name=f"Ana {number}", folded_name=f"ana{number}")
        await hears(sending, words, phone=phone)
    await passes(sending, 25)
    assert not any(AGAIN in said(sending, f"+1212555050{number}") for number in range(4))


async def test_an_answer_to_the_second_asking_answers_the_question(sending: Sending) -> None:
    asked = await ask(sending)
    await passes(sending, 25)
    await hears(sending, "fine")
    assert [(asked, "1", "itself")] == [(one.ask_id, one.choice, one.closed_by) for one in replies(sending)]


@pytest.mark.parametrize("state", [EnrollmentState.CANCELLED, EnrollmentState.HELD])
async def test_who_is_not_on_a_running_plan_is_not_asked_again(sending: Sending, state: EnrollmentState) -> None:
    await ask(sending, state=EnrollmentState.ACTIVE)
    with writing(sending.engine) as session:
        session.execute(text("UPDATE enrollments SET state = :state"), {"state": state.value})
    await passes(sending, 25)
    assert [] == said(sending)


async def test_the_second_asking_counts_by_the_daily_cap_and_leaves_only_while_somebody_is_there(
    sending: Sending,
) -> None:
    await ask(sending)
    sending.clock.pass_(hours=24)
    for _ in range(2):
        sending.plan(1, phone=ANA)
        await sending.turn()
        sending.clock.pass_(minutes=15)
    await passes(sending, 0)
    assert AGAIN not in said(sending)
    await passes(sending, 20)
    assert AGAIN in said(sending)
