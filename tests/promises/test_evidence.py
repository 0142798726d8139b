"""The evidence is the sandbox's own, and "not before" is not taken on the planner's word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import Message
from notifier.demo.cast import CLINIC_PHONE, CLINIC_ZONE, MARIA
from notifier.demo.front_desk import FrontDesk
from notifier.demo.script import Enrolls
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.promises.count import count_promises
from notifier.promises.evidence import gather
from notifier.sandbox.server import SENDER, Sandbox
from schedules.wording import Voice

TREATED = datetime(2026, 3, 7, 15, 30, tzinfo=MARIA.zone).astimezone(UTC)  # elapsed time needs UTC: the clocks change
RULES = PlanningRules(Voice("Lakeside Skin", CLINIC_PHONE), CLINIC_ZONE, must_be_approved=False)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("step", "ends"),
    [
        ("makeup-again", TREATED + 24 * HOUR),
        ("retinoids-again", datetime(2026, 3, 11, tzinfo=MARIA.zone)),  # day 4 begins
        ("sun-over", TREATED + 7 * 24 * HOUR),
    ],
)
def test_a_plan_that_is_wrong_does_not_hide_an_early_text(sqlite_engine: Engine, step: str, ends: datetime) -> None:
    """The row says that it may leave a week ago; the treatment and the protocol say otherwise."""
    FrontDesk(sqlite_engine, RULES).act(Enrolls(TREATED, MARIA, treated_at=TREATED), TREATED)
    early, in_time = (_early(sqlite_engine, step, at) for at in (ends - HOUR / 60, ends))
    assert (("Maria's " + step + ": 1 min early",), ()) == (early, in_time)


def _early(engine: Engine, step: str, at: datetime) -> tuple[str, ...]:
    sandbox = Sandbox(now=lambda: at)
    with writing(engine) as session:
        row = session.scalars(select(Message).where(col(Message.step) == step)).one()
        sent = sandbox.account.create({"To": MARIA.phone, "From": SENDER, "Body": row.text})
        row.not_before = TREATED - timedelta(days=7)
        row.sid, row.sent_text, row.state = sent.sid, row.text, MessageState.DELIVERED
    with reading(engine) as session:
        return count_promises(gather(session, sandbox, {}, at))[0].broken
