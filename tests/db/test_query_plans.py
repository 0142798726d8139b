"""The questions that are asked every second cost the same with ten rows or ten million."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from notifier.db import enrollments, outbox
from notifier.db.engine import is_sqlite, writing
from notifier.db.tables import Message
from notifier.domain.states import MessageState
from notifier.enrollments import eligibility, plans
from notifier.numbers import erased, holds, opt_outs
from notifier.sending import claim, last_look
from notifier.sending.gates import recoveries
from notifier.sending.known import what_is_known

_GIVEN = "SCAN json_each VIRTUAL TABLE INDEX 1:"
"""The values that were asked for, which are one parameter."""
_FEW = ("SCAN pauses", "SCAN CONSTANT ROW", "SCAN erasures")
"""A person writes each pause; of erasures one is looked at."""
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
        (
            lambda s, now: s.connection().execute(claim._READY, {"now": now, "limit": 9, "up_to": 1}),
            "SEARCH messages USING INDEX ix_messages_ready (need<?)",
        ),
        (
            lambda s, now: s.connection().execute(claim._UNMARKED, {"now": now, "limit": 9, "after": now}),
            "SEARCH messages USING INDEX ix_messages_unmarked (due_at>? AND due_at<?)",
        ),
        (lambda s, now: outbox.messages_of(s, 1), "SEARCH messages USING INDEX"),
        (lambda s, now: opt_outs.is_opted_out(s, ANA), "SEARCH opt_outs USING INDEX ix_opt_outs_open"),
        (lambda s, now: holds.open_holds(s, ANA), "SEARCH number_holds USING INDEX ix_number_holds_open"),
        (recoveries.last_departure, "SEARCH messages USING INDEX ix_messages_left"),
        (lambda s, now: recoveries.count_waiting(s, now, now), "SEARCH messages USING INDEX ix_messages_due"),
        (lambda s, now: recoveries.open_recoveries(s), "SCAN recoveries USING INDEX ix_recoveries_open"),
        (lambda s, now: enrollments.sharing_phone(s, ANA), "SEARCH enrollments USING INDEX"),
        (
            lambda s, now: outbox.left_today(s, {ANA, BEA}, now),
            "SEARCH messages USING INDEX ix_messages_phone_left (phone=? AND left_at>?)",
        ),
        (
            lambda s, now: holds.holds_on(s, {ANA, BEA}),
            "SEARCH number_holds USING INDEX ix_number_holds_open (phone=?)",
        ),
        (lambda s, now: eligibility._EVERYTHING.run(s, _of_a_new_one(now)), "COMPOUND QUERY"),
        (lambda s, now: what_is_known(s, {ANA, BEA}, {1}, left_before=now), "COMPOUND QUERY"),
        (
            lambda s, now: opt_outs.opted_out_phones(s, {ANA, BEA}),
            "SEARCH opt_outs USING INDEX ix_opt_outs_open (phone=?)",
        ),
        (
            lambda s, now: plans.enrollments_on(s, {ANA, BEA}),
            "SEARCH enrollments USING INDEX sqlite_autoindex_enrollments_2 (phone=?)",
        ),
        (lambda s, now: enrollments.by_external_id(s, "A1"), "SEARCH enrollments USING INDEX"),
    ],
)
def test_sqlite_uses_the_index(sqlite_engine: Engine, now: datetime, ask: Any, expected: str) -> None:
    plan = _plan(sqlite_engine, lambda session: ask(session, now))
    assert [] == [step for step in plan if step.startswith("SCAN") and step not in (_GIVEN, *_FEW, expected)]
    assert plan[0].startswith(expected)


def _of_a_new_one(now: datetime) -> dict[str, Any]:
    names = {"protocols": {"plain"}, "versions": {"1"}, "names": {"ana"}, "external_ids": {"A1"}}
    return {**names, "phones": {ANA, BEA}, "since": now, "now": now}


@pytest.mark.postgres
def test_postgresql_can_use_the_index(postgresql_engine: Engine, now: datetime) -> None:
    """Tables that are empty it would rather read whole, so that is made dear."""
    known = {"now": now, "limit": 9, "up_to": 1, "after": now}
    table: list[tuple[Any, str]] = [
        (outbox.next_due, "ix_messages_due"),
        (lambda s: outbox.due(s, now, 10), "ix_messages_due"),
        (lambda s: s.execute(select(Message).where(outbox.in_state(MessageState.UNKNOWN))), "ix_messages_open"),
        (lambda s: s.connection().execute(claim._READY, known), "ix_messages_ready"),
        (lambda s: s.connection().execute(claim._UNMARKED, known), "ix_messages_unmarked"),
        (lambda s: recoveries.last_departure(s, now), "ix_messages_left"),
        (lambda s: s.connection().execute(last_look._AS_THEY_ARE_NOW, {"attempts": ["a", "b"]}), "pk_attempts"),
        (recoveries.open_recoveries, "ix_recoveries_open"),
        (lambda s: opt_outs.is_opted_out(s, ANA), "ix_opt_outs_open"),
        (lambda s: holds.open_holds(s, ANA), "ix_number_holds_open"),
        (lambda s: enrollments.sharing_phone(s, ANA), "uq_enrollments_same"),
        (lambda s: enrollments.by_external_id(s, "A1"), "uq_enrollments_external_id"),
        (lambda s: s.execute(erased.ERASED_ROWS, {"phones": {ANA}, "ids": {"A1"}}), "uq_enrollments_external_id"),
    ]
    for ask, index in table:
        plan = _plan(postgresql_engine, ask)
        assert any(index in step for step in plan), (index, plan)
        assert not any("Seq Scan" in step for step in plan), (index, plan)


def test_a_state_is_said_as_a_literal() -> None:
    """PostgreSQL's plan for any parameter could not use a partial index."""
    assert "messages.state = 'planned'" == str(outbox.in_state(MessageState.PLANNED))


def test_an_opt_out_finds_its_texts_by_number(sqlite_engine: Engine, now: datetime) -> None:
    plan = _plan(
        sqlite_engine,
        lambda session: opt_outs.opt_out(session, ANA, source="staff", at=now, by="t"),
        of="UPDATE messages",
    )
    assert [] == [step for step in plan if step.startswith("SCAN")]


def test_the_plan_would_show_a_missing_index(sqlite_engine: Engine) -> None:
    """What these tests look at does tell the difference."""
    with sqlite_engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_messages_due"))
    assert ["SEARCH messages"] == _plan(sqlite_engine, outbox.next_due)


def _plan(engine: Engine, ask: Any, of: str = "") -> list[str]:
    """What the database does for the first statement that `ask` sends (and that starts with `of`)."""
    asked: list[tuple[str, Any]] = []

    def remember(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")) and statement.startswith(of):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", remember)
    with writing(engine) as session:
        ask(session)
        event.remove(engine, "before_cursor_execute", remember)
        statement, parameters = asked[0]
        if not is_sqlite(engine):
            session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
            return list(session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
        found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in found]
