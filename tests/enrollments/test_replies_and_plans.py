"""An answer belongs to the conversation, not to the plan: no change of the plan touches it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from notifier.conversations.reply_texts import plan_reply
from notifier.db.engine import reading
from notifier.db.enrollments import the_enrollment
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change
from notifier.enrollments.lifecycle import apply
from notifier.numbers.holds import hold_number
from notifier.oversight.forecast import show
from tests.setups.clinic import ANA, ClinicSetup


@pytest.fixture
def answered(clinic: ClinicSetup) -> ClinicSetup:
    """Ana is enrolled, and an answer to her is about to leave."""
    clinic.enroll()

    def answer(session: Session) -> int:
        her = the_enrollment(session, 1)
        until = clinic.now + timedelta(hours=1)
        return plan_reply(session, her, ANA, "Call us.", step="reply-1", now=clinic.now, until=until, by="dana")

    clinic.act(answer)
    return clinic


@pytest.mark.parametrize("what", ["protocol", "treated_at"])
def test_a_change_of_the_plan_leaves_an_answer_as_it_is(answered: ClinicSetup, what: str) -> None:
    before = answered.texts(1)["reply-1"]
    earlier = ChangeRequest(treated_at=answered.now - timedelta(hours=2))
    given = ChangeRequest(protocol=answered.protocols["makeup-only"]) if what == "protocol" else earlier
    made = answered.act(apply, 1, Change(given), rules=answered.rules, now=answered.now, by="desk")
    after = answered.texts(1)["reply-1"]
    assert (MessageState.PLANNED, before.due_at, before.text) == (after.state, after.due_at, after.text)
    assert made.texts
    assert "reply-1" not in {text.step for text in made.texts}


def test_a_held_number_keeps_her_steps_and_not_our_answer(answered: ClinicSetup) -> None:
    answered.act(hold_number, ANA, reason="her words must be read", at=answered.now, by="patient")
    with reading(answered.engine) as session:
        held = {line.step: line.reason for line in show(session, 1)}
    assert (None, "the number is on hold: her words must be read") == (held["reply-1"], held["today"])
