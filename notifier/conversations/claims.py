"""Who is on a piece of work: taken by one person until the shift ends, given back, taken over, or handed over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Delete, delete, or_
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.inbox import the_reply
from notifier.db.rows import insert_if_new
from notifier.db.tables import Reply, TaskClaim
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.tasks import TaskKind, TaskRef

SHIFT: Final = timedelta(hours=12)
"""How long a shift is taken to last where nobody has said when the clinic is staffed."""


def shift_ends(now: datetime, staffed: StaffedHours | None, zone: ZoneInfo) -> datetime:
    """When whoever takes a message now no longer has it: as the shift ends, or as the next one begins at night."""
    return (staffed and staffed.next_change(now, zone)) or now + SHIFT


def claim_of_reply(now: datetime) -> ColumnElement[bool]:
    """How a reply's claim is joined where its shift has not ended; the same rule as `current_claim`, for lists."""
    return (
        (col(TaskClaim.number) == col(Reply.id))
        & (col(TaskClaim.kind) == TaskKind.REPLY.value)
        & or_(col(TaskClaim.ends_at).is_(None), col(TaskClaim.ends_at) > now)
    )


def current_claim(session: Session, task: TaskRef, *, now: datetime) -> TaskClaim | None:
    """Who is on it; None for nobody, also where the shift of whoever took it has ended."""
    found = session.get(TaskClaim, (task.kind.value, task.number), populate_existing=True)
    return None if found is None or (found.ends_at is not None and found.ends_at <= now) else found


def claim(
    session: Session,
    task: TaskRef,
    *,
    now: datetime,
    by: str,
    ends_at: datetime | None = None,
    take_over: bool = False,
) -> str:
    """Say that one is on it; who it is, where a colleague was faster. `take_over`: from the colleague, explicitly."""
    held = session.get(TaskClaim, (task.kind.value, task.number), populate_existing=True)
    is_over = held is not None and held.ends_at is not None and held.ends_at <= now
    if held is not None and (is_over or (take_over and held.by != by)):
        # Exactly what was seen: a claim that a colleague has made meanwhile stays.
        session.execute(_of(task).where(col(TaskClaim.by) == held.by, col(TaskClaim.at) == held.at))
        session.expire_all()
    row = {"kind": task.kind.value, "number": task.number, "at": now, "by": by, "ends_at": ends_at}
    insert_if_new(session, TaskClaim, row)
    taken = session.get(TaskClaim, (task.kind.value, task.number), populate_existing=True)
    return taken.by if taken else by


def give_back(session: Session, task: TaskRef) -> None:
    """Let somebody else see to it."""
    session.execute(_of(task))
    session.expire_all()


def claim_reply(
    session: Session,
    reply_id: int,
    *,
    now: datetime,
    by: str,
    ends_at: datetime | None = None,
    take_over: bool = False,
) -> str:
    """`claim` of what a patient wrote. Raises Refused where there is no such reply."""
    the_reply(session, reply_id)
    task = TaskRef(TaskKind.REPLY, reply_id)
    return claim(session, task, now=now, by=by, ends_at=ends_at, take_over=take_over)


def give_back_reply(session: Session, reply_id: int) -> None:
    """Let somebody else see to what a patient wrote. Raises Refused where there is no such reply."""
    the_reply(session, reply_id)
    give_back(session, TaskRef(TaskKind.REPLY, reply_id))


def refuse_taken(session: Session, reply_id: int, *, now: datetime, by: str, take_over: bool) -> None:
    """Raise Refused where a colleague is on it and nobody has said that it is taken over; else it is one's own."""
    task = TaskRef(TaskKind.REPLY, reply_id)
    held = current_claim(session, task, now=now)
    if held is None or held.by == by:
        return
    if not take_over:
        who = held.by.rpartition(":")[2]
        raise Refused(f"{who} has taken this message; take it over first", code=RefusalCode.TAKEN_BY_COLLEAGUE)
    claim(session, task, now=now, by=by, ends_at=held.ends_at, take_over=True)


def _of(task: TaskRef) -> Delete:
    return delete(TaskClaim).where(col(TaskClaim.kind) == task.kind.value, col(TaskClaim.number) == task.number)
