"""The staff page's day is answered by indexes, however much history there is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from notifier.db.engine import reading, writing
from notifier.db.protocols import pause, unpause
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.holds import hold_number, release_number
from notifier.oversight import worklists as staff_views

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (
            lambda s, now: staff_views.expected(s, now, now + DAY, 9),
            "enrollments USING INDEX ix_enrollments_booked",
        ),
        (lambda s, now: staff_views.upcoming(s, now, now + DAY, 9), "messages USING INDEX ix_messages_due"),
        (
            lambda s, now: staff_views.count_upcoming(s, {now + DAY, now + 7 * DAY}),
            "messages USING INDEX ix_messages_due",
        ),
        (lambda s, now: staff_views.waiting(s, now + DAY, 9), "messages USING INDEX ix_messages_due"),
        (
            lambda s, now: staff_views.count_left(s, now, now + DAY),
            "messages USING COVERING INDEX ix_messages_left",
        ),
        (lambda s, now: staff_views.open_replies(s, 9, now), "replies USING INDEX ix_replies_unread"),
        (
            lambda s, now: staff_views.holds_without_reply(s, 9),
            "number_holds USING INDEX ix_number_holds_open",
        ),
    ],
)
def test_sqlite_uses_the_index(sqlite_engine: Engine, now: datetime, ask: Any, index: str) -> None:
    plan = _plan(sqlite_engine, lambda session: ask(session, now))
    assert [] == [step for step in plan if step.startswith("SCAN") and index not in step]  # a partial one, read whole
    assert any(index in step for step in plan), plan


def test_the_lists_say_the_same_on_both_databases(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        ana = rows.enrollment(session)
        booked = {"state": EnrollmentState.BOOKED, "treated_at": None, "appointment_at": now + timedelta(hours=1)}
        eva = rows.enrollment(session, phone="+12125550102", folded_name="eva", name="Eva", **booked)
        soon = rows.message(session, ana)
        rows.message(session, eva, state=MessageState.DELIVERED, left_at=now - DAY)
        rows.message(session, ana, due_at=now + 3 * DAY)
    with reading(engine) as session:
        found = {
            "leaving": [one.message.id for one in staff_views.upcoming(session, None, now + DAY, 9)],
            "many": staff_views.count_upcoming(session, [now + 7 * DAY, now + DAY, now]),
            "expected": [one.name for one in staff_views.expected(session, now, now + DAY, 9)],
            "left": staff_views.count_left(session, now - 2 * DAY, now),
        }
    assert {
        "leaving": [soon],
        "many": ({now: 0, now + DAY: 1, now + 7 * DAY: 2}, 0),
        "expected": ["Eva"],
        "left": {MessageState.DELIVERED: 1},
    } == found


def test_what_waits_for_a_person_is_not_counted_as_leaving(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        ana, eva, bob, kim = (
            rows.enrollment(session, phone=f"+1212555010{digit}", name=name, folded_name=name, **more)
            for digit, name, more in (
                (1, "ana", {}),
                (2, "eva", {"state": EnrollmentState.HELD}),
                (3, "bob", {"protocol": "other"}),
                (4, "kim", {}),
            )
        )
        told: Any = {"at": now, "by": "test"}
        hold_number(session, "+12125550101", reason="urgent words", kinds="lift,expect", **told)
        pause(session, "other", "today", reason="wrong", **told)
        hold_number(session, "+12125550104", reason="unclear", **told)
        leaves = [
            rows.message(session, ana, phone="+12125550101", kind="restrict"),
            rows.message(session, bob, phone="+12125550103", step="tonight"),
            rows.message(session, kim, phone="+12125550104", step="answer", kind="reply"),
        ]
        waits = [
            rows.message(session, ana, phone="+12125550101", step="b", kind="lift"),
            rows.message(session, eva, phone="+12125550102"),
            rows.message(session, bob, phone="+12125550103", step="today"),
            rows.message(session, kim, phone="+12125550104"),
        ]
    with writing(engine) as session:
        until = now + DAY
        listed = [one.message.id for one in staff_views.upcoming(session, None, until, 9)]
        waiting = [one.message.id for one in staff_views.waiting(session, until, 9)]
        assert (set(leaves), set(waits)) == (set(listed), set(waiting))
        assert ({until: 3}, 4) == staff_views.count_upcoming(session, [until])
        release_number(session, "+12125550101", at=now, by="test")
        unpause(session, "other", "today", at=now, by="test")
        assert ({until: 5}, 2) == staff_views.count_upcoming(session, [until])


def _plan(engine: Engine, ask: Any) -> list[str]:
    """What SQLite does for the first statement that `ask` sends."""
    asked: list[tuple[str, Any]] = []

    def remember(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", remember)
    with writing(engine) as session:
        ask(session)
        event.remove(engine, "before_cursor_execute", remember)
        statement, parameters = asked[0]
        found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in found]
