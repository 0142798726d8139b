"""Put work off: out of sight until then, and not a text released for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.rows import insert_rows
from notifier.db.tables import TaskSnooze
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.tasks import LONGEST_SNOOZE, TaskRef
from notifier.tasks.pieces import find_tasks


def snooze_tasks(session: Session, refs: Collection[TaskRef], until: datetime, *, now: datetime, by: str) -> int:
    """Keep these off the list until then; how many. What they hold stays held, and something new stands there at once.

    Raises Refused for urgent words, for a time that is past or more than a month away, and where none is open.
    """
    if not now < until <= now + LONGEST_SNOOZE:
        raise Refused(f"work is put off for {LONGEST_SNOOZE.days} days at most, and not into the past", "until")
    found = find_tasks(session, refs, now)
    if not found:
        raise Refused("what is closed already cannot be put off", code=RefusalCode.TASK_UNKNOWN)
    if any(task.is_urgent for task in found.values()):
        raise Refused("urgent words cannot be put off; take the message, call the patient, or hand it over")
    wake_tasks(session, found)
    rows = [{"kind": ref.kind.value, "number": ref.number, "until": until, "at": now, "by": by} for ref in found]
    insert_rows(session, TaskSnooze, rows)
    for ref, task in found.items():
        record_event(
            session, at=now, by=by, what="put_off", why=f"{ref} until {until:%Y-%m-%d %H:%M} UTC",
            enrollment_id=getattr(task.enrollment, "id", None), message_id=getattr(task.message, "id", None),
        )  # fmt: skip
    return len(found)


def wake_tasks(session: Session, refs: Collection[TaskRef]) -> None:
    """Let these stand on the list again."""
    for ref in refs:
        session.execute(
            delete(TaskSnooze).where(col(TaskSnooze.kind) == ref.kind.value, col(TaskSnooze.number) == ref.number)
        )
