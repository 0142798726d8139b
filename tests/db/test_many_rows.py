"""Many rows at once: PostgreSQL takes them as one document, SQLite one by one, and both keep and refuse the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event
from sqlalchemy import text as sql
from sqlalchemy.exc import DataError, StatementError

from notifier.db import outbox
from notifier.db.engine import writing
from notifier.db.rows import insert_rows
from notifier.db.tables import Event, Message
from notifier.domain.states import MessageState


@pytest.mark.postgres
def test_many_texts_go_to_postgresql_in_one_copy(postgresql_engine: Engine, rows: Any) -> None:
    """Sent one by one, each would cost the server as much as a small statement: an import took twice as long."""
    told: list[str] = []
    with writing(postgresql_engine) as session:
        text = _text(rows.enrollment(session), rows.now)
        event.listen(postgresql_engine, "before_cursor_execute", lambda *heard: told.append(heard[2]))
        insert_rows(session, Message, [{**text, "step": f"step {n}"} for n in range(3000)])
    assert ["COPY messages", "NOTIFY notifier"] == [statement.partition(" (")[0] for statement in told]


@pytest.mark.parametrize("count", [1, 2])
def test_each_value_arrives_as_it_was_given_alone_and_among_many(engine: Engine, rows: Any, count: int) -> None:
    at = datetime(2026, 3, 6, 19, 10, 0, 123456, tzinfo=ZoneInfo("America/New_York"))
    odd = 'a "quote", a \\ and \\u0041, {brace}\na line, ñ 😀'
    given = {"text": odd, "due_at": at, "expires_at": at, "topics": [odd], "notes": [], "late_text": None, "reason": ""}
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        text = {**_text(enrollment, rows.now), **given, "state": MessageState.EXPIRED}
        insert_rows(session, Message, [{**text, "step": f"step {n}"} for n in range(count)])
        texts = outbox.messages_of(session, enrollment)
        nothing = session.execute(sql("SELECT count(*) FROM messages WHERE late_text IS NULL")).scalar()
    assert [given] * count == [{name: getattr(found, name) for name in given} for found in texts]
    assert [(MessageState.EXPIRED, 0)] * count == [(found.state, found.attempts) for found in texts]
    assert count == nothing


NAIVE = datetime(2026, 3, 6, 19)  # noqa: DTZ001  # the very thing that must not get in


@pytest.mark.parametrize("wrong", [{"due_at": NAIVE}, {"state": "gone"}])
def test_a_naive_instant_or_an_unknown_state_is_refused_among_many_too(
    engine: Engine, rows: Any, wrong: dict[str, Any]
) -> None:
    with writing(engine) as session:
        text = _text(rows.enrollment(session), rows.now)
    with pytest.raises((ValueError, StatementError, LookupError)), writing(engine) as session:
        insert_rows(session, Message, [text, {**text, "step": "other", **wrong}])


def test_rows_that_differ_in_their_columns_are_not_inserted_together(engine: Engine, now: datetime) -> None:
    same = {"at": now, "by": "t", "what": "told"}
    with pytest.raises(ValueError, match="the same columns"), writing(engine) as session:
        insert_rows(session, Event, [same, {**same, "why": "it would be lost"}])


@pytest.mark.postgres
def test_a_value_that_is_too_long_is_refused_among_many_too(postgresql_engine: Engine, now: datetime) -> None:
    same = {"at": now, "by": "t"}
    with pytest.raises(DataError), writing(postgresql_engine) as session:
        insert_rows(session, Event, [{**same, "what": "told"}, {**same, "what": "w" * 41}])


def _text(enrollment: int, now: datetime) -> dict[str, Any]:
    return {
        "enrollment_id": enrollment,
        "step": "today",
        "kind": "care",
        "phone": "+12125550101",
        "state": MessageState.PLANNED,
        "nominal_at": now,
        "not_before": now,
        "due_at": now,
        "expires_at": now + timedelta(days=1),
        "text": "Keep it clean. STOP to opt out.",
    }
