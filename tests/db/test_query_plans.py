"""The questions that are asked every second cost the same with ten rows or ten million."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from notifier.db import enrollments, outbox
from notifier.db.engine import writing
from notifier.db.tables import Message
from notifier.domain.states import MessageState
from notifier.enrollments import plans
from notifier.numbers import holds, opt_outs
from notifier.sending.gates import recoveries

_GIVEN = "SCAN json_each VIRTUAL TABLE INDEX 1:"
"""The values that were asked for, which are one parameter."""
ANA, BEA = "+12125550101", "+12125550102"


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda s, now: outbox.next_due(s), "SEARCH messages USING INDEX ix_messages_due"),
        (
            lambda s, now: outbox.next_due(s, after=now),
            "SEARCH messages USING INDEX ix_messages_due (due_at>?)",
        ),
        (lambda s, now: outbox.due(s, now, 10), "SEARCH messages USING INDEX ix_messages_due (due_at<?)"),
        (
            lambda s, now: s.execute(select(Message).where(outbox.in_state(MessageState.UNKNOWN))),
            "SEARCH messages USING INDEX ix_messages_open (state=?)",
        ),
        (lambda s, now: outbox.messages_of(s, 1), "SEARCH messages USING INDEX"),
        (lambda s, now: opt_outs.is_opted_out(s, "clinic", ANA), "SEARCH opt_outs USING INDEX ix_opt_outs_open"),
        (lambda s, now: holds.open_holds(s, "clinic", ANA), "SEARCH number_holds USING INDEX ix_number_holds_open"),
        (lambda s, now: recoveries.last_departure(s, "clinic", now), "SEARCH messages USING INDEX ix_messages_left"),
        (lambda s, now: recoveries.count_waiting(s, "clinic", now, now), "SEARCH messages USING INDEX ix_messages_due"),
        (lambda s, now: recoveries.open_recoveries(s, "clinic"), "SEARCH recoveries USING INDEX ix_recoveries_open"),
        (lambda s, now: enrollments.sharing_phone(s, "clinic", ANA), "SEARCH enrollments USING INDEX"),
        (
            lambda s, now: outbox.left_today(s, "clinic", {ANA, BEA}, now),
            "SEARCH messages USING INDEX ix_messages_phone_left (clinic_id=? AND phone=? AND left_at>?)",
        ),
        (
            lambda s, now: holds.holds_among(s, "clinic", {ANA, BEA}),
            "SEARCH number_holds USING INDEX ix_number_holds_open (clinic_id=? AND phone=?)",
        ),
        (
            lambda s, now: opt_outs.opted_out_among(s, "clinic", {ANA, BEA}),
            "SEARCH opt_outs USING INDEX ix_opt_outs_open (clinic_id=? AND phone=?)",
        ),
        (
            lambda s, now: plans.enrollments_on(s, "clinic", {ANA, BEA}),
            "SEARCH enrollments USING INDEX sqlite_autoindex_enrollments_1 (clinic_id=? AND phone=?)",
        ),
        (lambda s, now: enrollments.by_external_id(s, "clinic", "A1"), "SEARCH enrollments USING INDEX"),
    ],
)
def test_sqlite_uses_the_index(sqlite_engine: Engine, now: datetime, ask: Any, expected: str) -> None:
    plan = _plan(sqlite_engine, lambda session: ask(session, now))
    assert [] == [step for step in plan if step.startswith("SCAN") and step != _GIVEN]
    assert plan[0].startswith(expected)


def test_a_state_is_said_as_a_literal() -> None:
    """PostgreSQL's plan for any parameter could not use a partial index."""
    assert "messages.state = 'planned'" == str(outbox.in_state(MessageState.PLANNED))


def test_an_opt_out_finds_its_texts_by_number(sqlite_engine: Engine, now: datetime) -> None:
    plan = _plan(
        sqlite_engine,
        lambda session: opt_outs.opt_out(session, "clinic", ANA, source="staff", at=now, by="t"),
        of="UPDATE messages",
    )
    assert [] == [step for step in plan if step.startswith("SCAN")]


def test_the_plan_would_show_a_missing_index(sqlite_engine: Engine) -> None:
    """What these tests look at does tell the difference."""
    with sqlite_engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_messages_due"))
    assert ["SEARCH messages"] == _plan(sqlite_engine, outbox.next_due)


def _plan(engine: Engine, ask: Any, of: str = "") -> list[str]:
    """What SQLite does for the first statement that `ask` sends (and that starts with `of`)."""
    asked: list[tuple[str, Any]] = []

    def remember(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")) and statement.startswith(of):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", remember)
    with writing(engine) as session:
        ask(session)
        event.remove(engine, "before_cursor_execute", remember)
        statement, parameters = asked[0]
        found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in found]
