"""Texts that carriers filter: counted of the last hour's, told once until it is over, and never sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.db.threads import DatabaseThreads
from notifier.domain.states import MessageState
from notifier.oversight.alerts.alert_rules import AlertRules, Filtered
from notifier.oversight.alerts.on_call import OnCall
from notifier.oversight.alerts.vital_signs import filtered_lately
from notifier.oversight.alerts.watch import Alerting, watch
from notifier.sending.outcomes.apply_receipt import apply_receipt
from tests.conftest import Rows
from tests.oversight.test_alerts import FakeChannel

S = MessageState
MINUTE = timedelta(minutes=1)


@pytest.fixture
def threads(engine: Engine) -> Iterator[DatabaseThreads]:
    threads = DatabaseThreads(engine)
    yield threads
    threads.close()


def leave(session: Session, rows: Rows, whose: int, at: datetime, *, code: int | None = None, step: str = "") -> int:
    """A text that left, and what the carrier made of it."""
    sid = f"SM{uuid4().hex}"
    found = rows.message(
        session, whose, state=S.ACCEPTED, left_at=at, sid=sid, step=step or uuid4().hex[:8],
        revision=int(uuid4()) % 10**9,
    )  # fmt: skip
    apply_receipt(
        session, sid=sid, status="undelivered" if code else "delivered", error_code=code, token=None,
        at=at, source="poll")  # fmt: skip
    return found


def test_only_what_was_filtered_and_left_within_the_hour_counts(engine: Engine, rows: Rows, now: datetime) -> None:
    with writing(engine) as session:
        whose = rows.enrollment(session)
        for step, code, minutes in (
            ("today", 30007, 1), ("today", 30007, 59), ("sun", 30007, 5), ("sun", 30410, 5), ("sun", None, 5),
            ("sun", 30007, 61),
        ):  # fmt: skip
            leave(session, rows, whose, now - minutes * MINUTE, code=code, step=step)
    with reading(engine) as session:
        assert Filtered(5, (("microneedling", "today", 2), ("microneedling", "sun", 1))) == filtered_lately(
            session, now
        )


def test_where_nothing_was_filtered_nothing_is_counted(engine: Engine, rows: Rows, now: datetime) -> None:
    with writing(engine) as session:
        leave(session, rows, rows.enrollment(session), now)
    with reading(engine) as session:
        assert None is filtered_lately(session, now)


def test_the_index_of_what_left_answers_it(sqlite_engine: Engine, now: datetime) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(sqlite_engine, "before_cursor_execute")
    def _(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "FROM messages" in statement:
            asked.append((statement, parameters))

    with reading(sqlite_engine) as session:
        filtered_lately(session, now)
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]).all()
    steps = [step for _, _, _, step in plan if " messages " in step]
    assert ["SEARCH messages USING INDEX ix_messages_left (left_at>? AND left_at<?)"] == steps


async def test_it_is_told_once_until_it_is_over_and_no_filtered_text_leaves_again(
    threads: DatabaseThreads, rows: Rows, now: datetime
) -> None:
    def fill(session: Session) -> list[int]:
        whose = rows.enrollment(session)
        return [leave(session, rows, whose, now, code=30007 if i < 2 else None) for i in range(20)]

    texts = await threads.write(fill)
    alerting = Alerting("Glow", "host", AlertRules(ZoneInfo("America/New_York")), OnCall((FakeChannel(),)))

    async def told(at: datetime) -> list[str]:
        return [cause for cause in await watch(threads, alerting, now=at) if cause == "filtered"]

    assert ["filtered"] == await told(now)
    assert [] == await told(now + MINUTE)
    assert [] == await told(now + 61 * MINUTE)
    later = now + 90 * MINUTE
    again = await threads.write(
        lambda session: [leave(session, rows, rows.enrollment(session, ordinal=1), later, code=30007) for _ in range(1)]
    )
    await threads.write(lambda session: [leave(session, rows, 1, later) for _ in range(19)])
    assert [] == await told(later), "one in twenty is not more than one in twenty"
    await threads.write(lambda session: leave(session, rows, 1, later, code=30007))
    assert ["filtered"] == await told(later)
    states = await threads.read(
        lambda session: session.scalars(text("SELECT state FROM messages ORDER BY id LIMIT 2")).all()
    )
    assert (["undelivered"] * 2, 20, 1) == (list(states), len(texts), len(again))
