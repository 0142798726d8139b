"""What was open before open replies held texts holds only numbers with running enrollments, and is told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from alembic import command
from sqlalchemy import Engine, text

from notifier.conversations.close import close_reply
from notifier.db import migrate
from notifier.db.engine import file_of, reading, writing
from notifier.db.events import record_event
from notifier.db.schema import upgrade
from notifier.domain.open_replies import TextsDecision
from notifier.domain.states import EnrollmentState
from notifier.numbers.open_replies import numbers_with_open_replies
from notifier.oversight.alerts.stored_alerts import gather

RUNS, ENDED, NOBODYS, OLDER, NEWER, CLOSED = (f"+1212555010{number}" for number in range(6))


def test_what_was_open_holds_running_enrollments_also_on_the_newer_number(
    empty_engine: Engine, rows: Any, now: datetime
) -> None:
    row = "INSERT INTO replies (sid, phone, at, text, media_count, meaning, urgent, closed_at) "
    row += "VALUES (:phone, :phone, :at, 'x', 0, 'other', :urgent, :closed)"
    if file := file_of(empty_engine):
        file.touch()
    upgrade(empty_engine)
    with writing(empty_engine) as session:
        for phone, state in ((RUNS, "active"), (ENDED, "cancelled"), (CLOSED, "active")):
            rows.enrollment(session, phone=phone, state=EnrollmentState(state))
        moved = rows.enrollment(session, phone=NEWER)
        rows.message(session, moved, phone=OLDER, left_at=now - timedelta(days=3))
        rows.message(session, moved, phone=NEWER, step="later")
        record_event(session, at=now, by="desk", what="changed", enrollment_id=moved, why="phone")
    with empty_engine.begin() as connection:
        command.downgrade(migrate.config(connection), "0018")
        for phone in (RUNS, ENDED, NOBODYS, OLDER, CLOSED):
            at = (now - timedelta(days=1)).isoformat(" ")
            closed = at if phone == CLOSED else None
            connection.execute(text(row), {"phone": phone, "at": at, "urgent": False, "closed": closed})
    upgrade(empty_engine)
    with reading(empty_engine) as session:
        assert {RUNS, NEWER} == numbers_with_open_replies(session)
        assert 2 == gather(session, now).held_since_upgrade
    with writing(empty_engine) as session:
        reply = session.execute(text("SELECT id FROM replies WHERE phone = :phone"), {"phone": RUNS}).scalar_one()
        close_reply(session, reply, TextsDecision.GO_ON, now=now, by="dana")
        assert 1 == gather(session, now).held_since_upgrade
