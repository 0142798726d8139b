"""The outbox: every text that must be said, and the only way its state changes.

A change is `UPDATE … WHERE state = what I saw`, and it leaves an event in the same transaction. Whoever comes second
finds nothing to update, and is told so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, false, func, literal_column, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.columns import can_be_id, read_instant
from notifier.db.events import cut
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import Row, insert_rows_for_ids, table_of
from notifier.db.tables import Event, Message, Replan
from notifier.domain.informed import changes_what_is_known
from notifier.domain.kinds import CORRECTION, LOOK_AGAIN, OF_NO_PLAN, REPLY, TELLS, TEST
from notifier.domain.states import COUNTS_TODAY, MessageState, check_move
from schedules.topic_words import CATCH_UP

_AT_ONCE = 5000  # ids in one statement; the drivers allow some 32,000 parameters
_messages, _events = table_of(Message).c, table_of(Event).c
_EVENT_COLUMNS = ("at", "by", "what", "from_state", "to_state", "why")


def _insert_events(**words: ColumnElement[str]) -> PreparedStatement:
    given = (bindparam(name, type_=_events[name].type) for name in _EVENT_COLUMNS)
    found = select(_messages.enrollment_id, _messages.id, *given, *words.values()).where(in_array(_messages.id, "ids"))
    names = ["enrollment_id", "message_id", *_EVENT_COLUMNS, *words]
    return PreparedStatement(table_of(Event).insert().from_select(names, found))


_INSERT_EVENTS = _insert_events()
_TO_A_PATIENT = _messages.kind != literal_column(f"'{TEST}'")
_NUMBER_AND_WORDS = _messages.phone + " " + _messages.step + "\n" + _messages.sent_text
_INSERT_LEFT = _insert_events(words=case((_TO_A_PATIENT, _NUMBER_AND_WORDS)))
"""Of a text that leaves to a patient: to which number, and exactly what."""


def _insert_replans(*which: ColumnElement[bool]) -> PreparedStatement:
    of_rules = or_(*(_messages.kind == literal_column(f"'{kind}'") for kind in TELLS))
    whose = select(_messages.enrollment_id, bindparam("at", type_=table_of(Replan).c.at.type), false())
    found = whose.where(in_array(_messages.id, "ids"), of_rules, *which).distinct()
    return PreparedStatement(table_of(Replan).insert().from_select(["enrollment_id", "at", "whole"], found))


_INSERT_REPLANS = _insert_replans()


def is_beside_plan(kind: str, step: str) -> bool:
    """Whether it is none of the plan's own: it says to the patient what was missed, or told otherwise."""
    return step.startswith(CATCH_UP) or kind == CORRECTION


def ask_where_caught_up(session: Session, ids: Sequence[int], at: datetime) -> None:
    """These texts beside the plan's own have left, and may have told a missed rule: look at it anew."""
    if ids:
        _INSERT_REPLANS.run(session, {"at": at, "ids": ids})


def insert(session: Session, rows: Sequence[Row]) -> list[int]:
    """Write down texts; their ids, in the order of the rows. Refuses a second text for the same enrollment and step."""
    return insert_rows_for_ids(session, Message, rows)


def move(
    session: Session,
    message_id: int,
    *,
    seen: MessageState,
    to: MessageState,
    at: datetime,
    by: str,
    why: str | None,
    **values: Any,
) -> bool:
    """Bring a text from the state it was seen in to another; False when somebody was faster.

    `why` becomes the text's `reason` and stands in the event; `values` are further columns to set with it.
    Raises IllegalMove where the table of moves does not allow it.
    """
    return bool(move_many(session, [message_id], seen=seen, to=to, at=at, by=by, why=why, **values))


def move_many(
    session: Session,
    ids: Sequence[int],
    *,
    seen: MessageState,
    to: MessageState,
    at: datetime,
    by: str,
    why: str | None,
    **values: Any,
) -> list[int]:
    """`move` for many; the ids that moved, ascending. The others were no longer in the state seen."""
    moved: list[int] = []
    for start in range(0, len(ids), _AT_ONCE):
        these = col(Message.id).in_(ids[start : start + _AT_ONCE])
        moved += move_where(session, these, seen=seen, to=to, at=at, by=by, why=why, **values)
    return sorted(moved)


def move_where(
    session: Session,
    *which: ColumnElement[bool],
    seen: MessageState,
    to: MessageState,
    at: datetime,
    by: str,
    why: str | None,
    **values: Any,
) -> list[int]:
    """`move` for every text in the state seen that meets the conditions; the ids that moved, in no order."""
    check_move(seen, to)
    values = {"reason": cut(why), **values, "state": to, "stands_since": at, "seen_to": None}
    return _change(session, *which, seen=seen, what="state", to=to, at=at, by=by, why=why, values=values)


def rewrite(
    session: Session,
    message_id: int,
    *,
    at: datetime,
    by: str,
    why: str | None,
    seen: MessageState = MessageState.PLANNED,
    **values: Any,
) -> bool:
    """Change an unsent text (its moment, words, number …) without changing its state, planned or suppressed; False
    when it is no longer in that state. Leaves an event "changed"."""
    this = col(Message.id) == message_id
    return bool(_change(session, this, seen=seen, what="changed", to=seen, at=at, by=by, why=why, values=values))


def _change(
    session: Session,
    *which: ColumnElement[bool],
    seen: MessageState,
    what: str,
    to: MessageState,
    at: datetime,
    by: str,
    why: str | None,
    values: dict[str, Any],
) -> list[int]:
    changed = session.execute(
        update(Message)
        .where(in_state(seen), *which)
        .values(need=None, **values)  # what is changed may be due at another time
        .returning(col(Message.id))
        .execution_options(synchronize_session="fetch")  # rows that the session already holds follow
    )
    ids = [id_ for id_ in changed.scalars() if id_ is not None]
    record_moves(session, ids, seen=seen, to=to, at=at, by=by, why=why, what=what)
    if what == "state" and changes_what_is_known(seen, to):
        for start in range(0, len(ids), _AT_ONCE):
            _INSERT_REPLANS.run(session, {"at": at, "ids": ids[start : start + _AT_ONCE]})
    return ids


def record_moves(
    session: Session,
    ids: Sequence[int],
    *,
    seen: MessageState,
    to: MessageState,
    at: datetime,
    by: str,
    why: str | None,
    what: str = "state",
) -> None:
    """Record the event of a change that the caller has just made to these texts."""
    same = {"at": at, "by": by, "what": what, "from_state": seen.value, "to_state": to.value, "why": cut(why)}
    insert_events = _INSERT_LEFT if to is MessageState.ATTEMPTING else _INSERT_EVENTS
    for start in range(0, len(ids), _AT_ONCE):
        insert_events.run(session, {**same, "ids": ids[start : start + _AT_ONCE]})


def in_state(*states: MessageState) -> ColumnElement[bool]:
    """The condition that a text is in one of these states, as literals, so that the partial indexes serve."""
    return or_(*(col(Message.state) == literal_column(f"'{state.value}'") for state in states))


def is_reply_or_test() -> ColumnElement[bool]:
    """The condition that a text waits for nobody: a reply to a patient, or a test on staff; as literals too."""
    return or_(*(col(Message.kind) == literal_column(f"'{kind}'") for kind in (REPLY, TEST)))


def is_of_plan() -> ColumnElement[bool]:
    """The condition that a text is a step of a plan: what is planned anew, and what the daily cap counts."""
    return and_(*(col(Message.kind) != literal_column(f"'{kind}'") for kind in OF_NO_PLAN))


def next_due(session: Session, *, after: datetime | None = None) -> datetime | None:
    """When the next planned text is due, past or future; with `after`, the first one later than that instant."""
    if after is None:
        return read_instant(_next_due().run(session, {}).scalar())
    return session.scalar(next_due_of_all().where(col(Message.due_at) > after))


@cache
def next_due_of_all() -> Select[datetime | None]:
    """When the next planned text is due, past or future."""
    return select(func.min(col(Message.due_at))).where(in_state(MessageState.PLANNED))


@cache
def _next_due() -> PreparedStatement:
    return PreparedStatement(next_due_of_all())


def look_again(session: Session, *conditions: ColumnElement[bool], at: datetime) -> None:
    """Let texts that were put off for a few minutes be looked at now: what they waited for has ended."""
    session.execute(
        update(Message)
        .where(in_state(MessageState.PLANNED), col(Message.reason).is_not(None), *conditions)
        .where(col(Message.due_at) > at, col(Message.due_at) <= at + LOOK_AGAIN)
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )


def due(session: Session, now: datetime, limit: int) -> list[Message]:
    """Planned texts whose moment has come, the oldest first."""
    found = select(Message).where(in_state(MessageState.PLANNED), col(Message.due_at) <= now)
    return list(session.scalars(found.order_by(col(Message.due_at), col(Message.id)).limit(limit)))


def by_id(session: Session, message_id: int) -> Message | None:
    """The text with this id; None where there is none."""
    if not can_be_id(message_id):
        return None
    return session.scalar(select(Message).where(col(Message.id) == message_id))


def messages_of(session: Session, enrollment_id: int) -> list[Message]:
    """Every text of an enrollment, oldest first; one without a moment stands at its nominal one."""
    return list(session.scalars(_MESSAGES_OF, {"enrollment": enrollment_id}))


_MESSAGES_OF: Final = (  # built once: building it takes longer than asking
    select(Message)
    .where(col(Message.enrollment_id) == bindparam("enrollment"))
    .order_by(func.coalesce(col(Message.due_at), col(Message.nominal_at)), col(Message.id))
)


LONGEST_DAY = timedelta(hours=26)
"""More than any local day has: a clock change gives it 25."""

LEFT: Final = select(col(Message.phone), col(Message.left_at)).where(
    in_array(col(Message.phone), "phones"),
    col(Message.left_at) > bindparam("since"),
    in_state(*sorted(COUNTS_TODAY)),
    is_of_plan(),
)
"""Which texts have left for `phones` after `since`, or may have."""


def left_today(session: Session, phones: set[str], now: datetime) -> dict[str, list[datetime]]:
    """When texts have left for these numbers, or may have, on whatever clock it is still the same day."""
    left: dict[str, list[datetime]] = defaultdict(list)
    known = {"phones": phones, "since": now - LONGEST_DAY}
    for phone, at in session.connection().execute(LEFT, known):
        if at is not None:
            left[phone].append(at)
    return left
