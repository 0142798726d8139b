"""Recoveries: after an outage the late texts wait, after a restored backup all do, until a person has looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.need import unmark
from notifier.db.outbox import in_state, is_reply_or_test, next_due
from notifier.db.rows import insert_if_new, insert_rows
from notifier.db.tables import Message, Recovery, RecoveryKind
from notifier.domain.counted import counted
from notifier.domain.states import MessageState

LATE: Final = timedelta(hours=1)
"""A text that has been due for longer is late. An outage is as long: none left in all that time."""
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
BY_WORKER: Final = "worker"
"""Who begins a recovery that nobody asked for."""
LATE_WAITS: Final = "late after an outage: it waits for a person"
"""Of each of them, for staff; written nowhere, for there may be hundreds of thousands."""
_S = MessageState
_OPEN: Final = select(Recovery).where(col(Recovery.ended_at).is_(None))


def open_recoveries(session: Session) -> dict[RecoveryKind, Recovery]:
    """Why texts wait for a person right now; empty where none do."""
    return {one.kind: one for one in session.scalars(_OPEN)}


def waits(up_to: datetime, now: datetime) -> ColumnElement[bool]:
    """The condition that a planned text is one of the late that wait. What has expired waits for nobody."""
    return and_(col(Message.due_at) <= up_to, col(Message.expires_at) > now, ~is_reply_or_test())


def begin_after_outage(session: Session, *, above: int, now: datetime) -> Recovery | None:
    """Let the late texts wait if there are more than `above` of them and none has left for an hour.

    A burst that takes hours at the sender's rate is no outage: texts leave all the time. Nor does what a person has
    released wait again.
    """
    up_to, released = now - LATE, _released_up_to(session)
    last = last_departure(session, now + _CLOCKS_DIFFER)
    if last is not None and last > up_to:
        return None
    these = [in_state(_S.PLANNED), waits(up_to, now)]
    if released is not None:
        these.append(col(Message.due_at) > released)
    some = select(col(Message.id)).where(*these).limit(above + 1).subquery()
    if (session.scalar(select(func.count()).select_from(some)) or 0) <= above:
        return None
    many = session.scalar(select(func.count()).select_from(Message).where(*these)) or 0
    row = {"kind": RecoveryKind.LATE, "up_to": up_to, "texts": many, "at": now, "by": BY_WORKER}
    if insert_if_new(session, Recovery, row):
        unmark(session, waits(up_to, now))
        why = f"{counted(many, 'late text waits', 'late texts wait')} for a person"
        record_event(session, at=now, by=BY_WORKER, what="recovery_began", why=why)
    return open_recoveries(session).get(RecoveryKind.LATE)


def begin_after_restore(session: Session, *, up_to: datetime, now: datetime, by: str) -> bool:
    """Let everything wait: these tables know nothing after `up_to`. False where it does already; the earlier moment
    holds then."""
    row = {"kind": RecoveryKind.RESTORED, "up_to": up_to, "at": now, "by": by}
    if insert_if_new(session, Recovery, row):
        return True
    waiting = (col(Recovery.kind) == RecoveryKind.RESTORED, col(Recovery.ended_at).is_(None))
    session.execute(update(Recovery).where(*waiting, col(Recovery.up_to) > up_to).values(up_to=up_to))
    return False


def release_late(session: Session, *, texts: int, up_to: datetime, now: datetime, by: str) -> None:
    """A person has looked at the late texts, so many: they leave as every check and the rate allow.

    Also before a worker has found them: it will not ask again for what was due `up_to` then.
    """
    if not end(session, RecoveryKind.LATE, at=now, by=by, why=f"{counted(texts, 'late text')} released"):
        done = {"kind": RecoveryKind.LATE, "up_to": up_to, "texts": texts, "at": now, "by": by, "ended_at": now}
        insert_rows(session, Recovery, [{**done, "ended_by": by}])


def end(session: Session, kind: RecoveryKind, *, at: datetime, by: str, why: str) -> bool:
    """Nothing waits for this any longer; False where nothing did."""
    this = update(Recovery).where(col(Recovery.kind) == kind, col(Recovery.ended_at).is_(None))
    ended = session.execute(this.values(ended_at=at, ended_by=by).returning(col(Recovery.id))).all()
    if ended:
        record_event(session, at=at, by=by, what="recovery_ended", why=why)
    return bool(ended)


def count_waiting(session: Session, up_to: datetime, now: datetime) -> int:
    """How many late texts wait."""
    these = (in_state(_S.PLANNED), waits(up_to, now))
    return session.scalar(select(func.count()).select_from(Message).where(*these)) or 0


def any_waiting(session: Session, up_to: datetime, now: datetime) -> bool:
    """Whether a late text waits."""
    found = (
        select(col(Message.id)).where(in_state(_S.PLANNED), waits(up_to, now)).order_by(col(Message.due_at)).limit(1)
    )
    return session.scalar(found) is not None


def next_departure(session: Session, late: Recovery | None) -> datetime | None:
    """When the next text is due that may leave without a person."""
    return next_due(session, after=late.up_to if late else None)


def what_it_is(then: str, *, went_back: bool) -> str:
    """Why Twilio must be asked. `then`: up to when these tables know what happened; `went_back`: nobody restored a
    backup, a worker missed what it had written."""
    return f"the database went back in time, perhaps to {then}" if went_back else f"this is a backup of {then}"


def sentences(session: Session, now: datetime) -> list[str]:
    """What whoever runs the machine must know and do. It names commands, so no page says it: see web/alarms.py."""
    said = []
    for kind, one in open_recoveries(session).items():
        if kind is RecoveryKind.RESTORED:
            what = what_it_is(f"{one.up_to:%Y-%m-%d %H:%M} UTC", went_back=one.by == BY_WORKER)
            said.append(f"nothing is sent: {what}; ask Twilio what left since: notifier recover")
        elif many := count_waiting(session, one.up_to, now):
            texts = counted(many, "late text waits", "late texts wait")
            said.append(f"{texts} for a person: notifier recover --plan")
    return said


def last_departure(session: Session, before: datetime) -> datetime | None:
    """When the last planned text left before then, and was not merely tried; None for never."""
    left = select(col(Message.left_at)).where(
        col(Message.left_at).is_not(None),
        col(Message.left_at) < before,
        col(Message.state).in_([_S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.UNDELIVERED]),
        ~is_reply_or_test(),
    )
    return session.scalar(left.order_by(col(Message.left_at).desc()).limit(1))


def _released_up_to(session: Session) -> datetime | None:
    found = select(func.max(col(Recovery.up_to))).where(col(Recovery.kind) == RecoveryKind.LATE)
    return session.scalar(found.where(col(Recovery.ended_at).is_not(None)))
