"""Which due text leaves first: what has fallen due is marked ready with its need, the number that claims sort by.

Answers come first, then warnings, then whatever stops being useful first; the order of kinds breaks ties. Only a
backlog is marked: where all that is due can be claimed at once, no order matters.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, Update, bindparam, case, cast, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.rows import table_of
from notifier.db.tables import Message
from notifier.domain.kinds import NEED_ORDER
from notifier.domain.states import MessageState
from schedules.protocol import StepKind

RESTRICT_WITHIN: Final = timedelta(hours=8)
"""A rule that the patient may be breaking already does not wait for its expiry."""
_GROUP, _SECOND = 2**43, 16
"""A need is a group, then a second, then the rank of a kind: the seconds of the year 9999 stay below a group."""
_FIRST: Final = 2
"""So many kinds come before all others, whatever their need."""
_messages = table_of(Message).c


def is_ready() -> ColumnElement[bool]:
    """The condition that a text is marked."""
    return col(Message.need).is_not(None)


def mark_ready(session: Session, now: datetime, *, most: int, but: ColumnElement[bool] | None = None) -> int:
    """Mark planned texts that have fallen due, the oldest first, and how many; `but`: those that wait for a person."""
    dialect = session.get_bind().dialect.name
    statement = _mark_all(dialect) if but is None else _mark(dialect, but)
    return len(session.connection().execute(statement, {"now": now, "most": most}).all())


def unmark(session: Session, *these: ColumnElement[bool]) -> None:
    """These planned texts are not ready: they wait."""
    waiting = update(Message).where(in_state(MessageState.PLANNED), is_ready(), *these).values(need=None)
    session.execute(waiting.execution_options(synchronize_session=False))


def need_of_answer(until: datetime) -> int:
    """An answer is marked from the first: it must not wait until a long backlog is."""
    return int(until.timestamp()) * _SECOND


def rank_of(kind: str) -> int:
    """The place of a kind, 0 first."""
    return NEED_ORDER.index(kind) if kind in NEED_ORDER else len(NEED_ORDER)


@cache
def _mark_all(dialect: str) -> Update:
    return _mark(dialect, None)


def _mark(dialect: str, but: ColumnElement[bool] | None) -> Update:
    due = select(_messages.id).where(
        in_state(MessageState.PLANNED), _messages.need.is_(None), _messages.due_at <= bindparam("now")
    )
    if but is not None:
        due = due.where(~but)
    due = due.order_by(_messages.due_at, _messages.id).limit(bindparam("most")).with_for_update(skip_locked=True)
    these = due.cte("fallen_due")
    marked = update(table_of(Message)).where(_messages.id.in_(select(these.c.id)))
    return marked.values(need=_need(dialect)).returning(_messages.id)


def _need(dialect: str) -> ColumnElement[int]:
    def seconds(at: Any) -> ColumnElement[int]:
        if dialect == "sqlite":
            return cast(func.strftime("%s", at), Integer)
        return cast(func.floor(func.extract("epoch", at)), BigInteger)

    ends = seconds(_messages.expires_at)
    soon = seconds(_messages.due_at) + int(RESTRICT_WITHIN.total_seconds())
    least = func.min(ends, soon) if dialect == "sqlite" else func.least(ends, soon)
    by = case((_messages.kind == StepKind.RESTRICT.value, least), else_=ends)
    ranks = {kind: rank for rank, kind in enumerate(NEED_ORDER)}
    rank = case(ranks, value=_messages.kind, else_=len(NEED_ORDER))
    group = case({kind: place for place, kind in enumerate(NEED_ORDER[:_FIRST])}, value=_messages.kind, else_=_FIRST)
    return cast(group, BigInteger) * _GROUP + cast(by, BigInteger) * _SECOND + rank
