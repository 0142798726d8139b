"""Which due text leaves first: what has fallen due is marked ready with its need, the number that claims sort by.

Answers come first, then warnings, then whatever stops being useful first; the order of kinds breaks ties. Only a
backlog is marked: where all that is due can be claimed at once, the order matters to the texts of one number alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.columns import read_instant
from notifier.db.outbox import in_state, next_due_of_all
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import table_of
from notifier.db.tables import Message
from notifier.domain.kinds import NEED_ORDER, REPLY, TELLS
from notifier.domain.states import MessageState

RESTRICT_WITHIN: Final = timedelta(hours=8)
"""A rule that the patient may be breaking already does not wait for its expiry."""
_GROUP, _SECOND = 2**43, 16
"""A need is a group, then a second, then the rank of a kind: the seconds of the year 9999 stay below a group."""
_FIRST: Final = 2
"""So many kinds come before all others, whatever their need."""
_LATE: Final = 3
"""The group of what is late after an outage and waits for a person: behind all others, by when it expires."""
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_messages = table_of(Message).c


def claimable_up_to(now: datetime) -> int:
    """No claim need look at a higher need."""
    return _LATE * _GROUP + (int(now.timestamp()) + 1) * _SECOND


def may_be_claimed() -> ColumnElement[bool]:
    """The condition that a text is ready, or has expired while it waited for a person; binds `up_to` and `now`."""
    in_range = col(Message.need) <= bindparam("up_to")
    return and_(in_range, or_(col(Message.need) < _LATE * _GROUP, col(Message.expires_at) <= bindparam("now")))


def mark_ready(session: Session, now: datetime, *, most: int, after: datetime | None = None) -> None:
    """Mark planned texts that have fallen due (`after` that instant), the oldest first, at most so many."""
    statement = _mark(session.get_bind().dialect.name, late=False)
    session.connection().execute(statement, {"now": now, "most": most, "after": after or _EVER})


def mark_late(session: Session, up_to: datetime, *, most: int) -> None:
    """The same for those that wait for a person, which leave the way to all that fell due later."""
    statement = _mark(session.get_bind().dialect.name, late=True)
    session.connection().execute(statement, {"now": up_to, "most": most, "after": _EVER})


def oldest_of_all(session: Session, *, most: int) -> datetime | None:
    """When the oldest planned text was due, or will be.

    Nobody need look at late texts any more: they come in the order of their need, so many at a time.
    """
    oldest, any_late = _OLDEST.run(session, {}).one()
    if any_late:
        session.connection().execute(_mark_released(session.get_bind().dialect.name), {"most": most})
    return read_instant(oldest)


def unmark(session: Session, *these: ColumnElement[bool]) -> None:
    """These planned texts are not ready: they wait."""
    waiting = update(Message).where(in_state(MessageState.PLANNED), col(Message.need).is_not(None), *these)
    session.execute(waiting.values(need=None).execution_options(synchronize_session=False))


def need_of_reply(until: datetime) -> int:
    """A reply is marked from the first: it must not wait until a long backlog is."""
    return int(until.timestamp()) * _SECOND


def need_of(kind: str, due_at: datetime, expires_at: datetime) -> int:
    """The need of a text that is not marked, because all that is due can be claimed at once."""
    rank = NEED_ORDER.index(kind) if kind in NEED_ORDER else len(NEED_ORDER)
    by = min(expires_at, due_at + RESTRICT_WITHIN) if kind in TELLS else expires_at
    return min(rank, _FIRST) * _GROUP + int(by.timestamp()) * _SECOND + rank


_LATE_ONES: Final = (in_state(MessageState.PLANNED), _messages.need >= literal_column(str(_LATE * _GROUP)))
_OLDEST: Final = PreparedStatement(
    select(next_due_of_all().scalar_subquery(), select(_messages.id).where(*_LATE_ONES).exists())
)


@cache
def _mark(dialect: str, *, late: bool) -> Update:
    due = select(_messages.id).where(
        in_state(MessageState.PLANNED), _messages.need.is_(None), _messages.due_at <= bindparam("now"),
        _messages.due_at > bindparam("after"),
    )  # fmt: skip
    return _update(due.order_by(_messages.due_at, _messages.id), _need(dialect, late=late))


@cache
def _mark_released(dialect: str) -> Update:
    return _update(select(_messages.id).where(*_LATE_ONES).order_by(_messages.need), _need(dialect, late=False))


def _update(these: Select[int], need: ColumnElement[int]) -> Update:
    some = these.limit(bindparam("most")).with_for_update(skip_locked=True).cte("some")
    return update(table_of(Message)).where(_messages.id.in_(select(some.c.id))).values(need=need)


def _need(dialect: str, *, late: bool) -> ColumnElement[int]:
    def seconds(at: Any) -> ColumnElement[int]:
        if dialect == "sqlite":
            return cast(func.strftime("%s", at), Integer)
        return cast(func.floor(func.extract("epoch", at)), BigInteger)

    ends = seconds(_messages.expires_at)
    soon = seconds(_messages.due_at) + int(RESTRICT_WITHIN.total_seconds())
    least = func.min(ends, soon) if dialect == "sqlite" else func.least(ends, soon)
    by = ends if late else case((_messages.kind.in_(TELLS), least), else_=ends)
    rank = case({kind: rank for rank, kind in enumerate(NEED_ORDER)}, value=_messages.kind, else_=len(NEED_ORDER))
    first = {REPLY: 0} if late else {kind: place for place, kind in enumerate(NEED_ORDER[:_FIRST])}
    group = case(first, value=_messages.kind, else_=_LATE if late else _FIRST)
    return cast(group, BigInteger) * _GROUP + cast(by, BigInteger) * _SECOND + rank
