"""The evidence is the sandbox's own, and "not before" is not taken on the planner's word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment, Message
from notifier.demo.cast import CLINIC_PHONE, CLINIC_ZONE, MARIA
from notifier.demo.front_desk import FrontDesk
from notifier.demo.script import Enrolls
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.promises.count import count_promises
from notifier.promises.evidence import ends_of, gather, intents
from notifier.sandbox.server import SENDER, Sandbox
from schedules.quiet_days import QuietDays
from schedules.restriction import Restriction
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


def test_a_patients_own_quiet_days_are_in_the_evidence(sqlite_engine: Engine) -> None:
    FrontDesk(sqlite_engine, RULES).act(Enrolls(TREATED, MARIA, treated_at=TREATED), TREATED)
    with writing(sqlite_engine) as session:
        session.scalars(select(Enrollment)).one().quiet_days = "Sun"
    with reading(sqlite_engine) as session:
        assert {QuietDays.parse("Sun")} == {one.quiet for one in intents(session)}


def _early(engine: Engine, step: str, at: datetime) -> tuple[str, ...]:
    sandbox = Sandbox(now=lambda: at)
    with writing(engine) as session:
        row = session.scalars(select(Message).where(col(Message.step) == step)).one()
        sent = sandbox.account.create({"To": MARIA.phone, "From": SENDER, "Body": row.text})
        row.not_before = TREATED - timedelta(days=7)
        row.sid, row.sent_text, row.state = sent.sid, row.text, MessageState.DELIVERED
    with reading(engine) as session:
        return count_promises(gather(session, sandbox, {}, at))[0].broken


def test_a_patients_own_length_and_a_closed_gate_end_no_earlier_than_plain_arithmetic_says() -> None:
    treated = datetime(2026, 3, 6, 19, tzinfo=UTC)
    cases: list[tuple[dict[str, Any], dict[str, str], str | None, dict[str, str], timedelta]] = [
        ({"days": 7}, {}, None, {}, timedelta(days=7)),
        ({"days": 7}, {"sun": "10d"}, None, {}, timedelta(days=10)),
        ({"days": 7}, {"sun": "48h"}, None, {}, timedelta(days=7)),
        ({"days": 7}, {"sun": "48h"}, "Dr. Lee", {}, timedelta(hours=48)),
        ({"hours": 24, "up_to": {"hours": 72}}, {}, None, {}, timedelta(hours=72)),
        ({"hours": 24, "up_to": {"hours": 72}}, {"sun": "30h"}, None, {}, timedelta(hours=30)),
        ({"until": "cleared"}, {}, None, {"sun": "2026-03-16T19:00:00+00:00"}, timedelta(days=10)),
        ({"until": "cleared"}, {}, None, {}, datetime.max.replace(tzinfo=UTC) - treated),
    ]
    for rule, said, decided_by, cleared, latest in cases:
        whose: dict[str, Any] = {"treated_at": treated, "treated_on": treated.date(), "timezone": "UTC"}
        enrollment = Enrollment(**whose, restrictions=said, decided_by=decided_by, cleared=cleared)
        assert treated + latest == max(ends_of(Restriction.model_validate(rule), "sun", enrollment)), (rule, said)
