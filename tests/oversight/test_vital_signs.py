"""What is asked every few seconds must cost the same with ten texts or ten million."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from notifier.db.engine import reading, writing
from notifier.domain.states import MessageState
from notifier.oversight.alerts.vital_signs import MOST_COUNTED, moves_since, read_vital_signs


def test_no_question_reads_a_whole_table(sqlite_engine: Engine, now: datetime) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(sqlite_engine, "before_cursor_execute")
    def _(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "FROM" in statement and "sqlite_master" not in statement:
            asked.append((statement, parameters))

    with reading(sqlite_engine) as session:
        read_vital_signs(session, now)
        moves_since(session, 0)
        steps = [
            step[3]
            for statement, parameters in list(asked)
            for step in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    big = [step for step in steps if step.split()[1:2] in (["messages"], ["events"], ["receipts"])]
    assert len(big) > 10
    by_index = ("ix_messages_due", "ix_messages_open", "ix_messages_awaited")
    texts = [step for step in big if " messages" in step]
    assert [] == [step for step in texts if not any(index in step for index in by_index)]
    # The others go backwards along the primary key and end at their LIMIT, or begin at an id.
    others = [step for step in big if step not in texts]
    assert {"SCAN events", "SCAN receipts"} == {step for step in others if step.startswith("SCAN")}


def test_a_count_ends_where_it_stops_to_matter(
    sqlite_engine: Engine, rows: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.oversight.alerts.vital_signs.MOST_COUNTED", 2)
    with writing(sqlite_engine) as session:
        patient = rows.enrollment(session)
        for _ in range(3):
            rows.message(session, patient, state=MessageState.UNKNOWN)
        assert 2 == read_vital_signs(session, now).waiting["unknown"]
        assert MOST_COUNTED == 10_000


def test_moves_are_counted_in_portions_and_none_twice(
    sqlite_engine: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.oversight.alerts.vital_signs.MOST_COUNTED", 2)
    with writing(sqlite_engine) as session:
        assert (0, {}) == moves_since(session, None)
        for what in ("state", "held", "held", "state"):
            session.execute(
                text("INSERT INTO events (at, \"by\", what, to_state) VALUES (:at, 'w', :what, 'sent')"),
                {"at": now.isoformat(), "what": what},
            )
        assert (2, {"sent": 1}) == moves_since(session, 0)
        assert (4, {"sent": 1}) == moves_since(session, 2)
        assert (4, {}) == moves_since(session, 4)
