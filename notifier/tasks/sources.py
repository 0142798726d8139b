"""Where work comes from: one query for each kind, over the rows that need a person as they stand.

Nothing is written when work begins. A text that bounces is work because it has bounced, so no path can forget to say
so; closing it is what is written. Each query reads a partial index that holds what is open and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, false, func, literal_column, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.columns import UTCDateTime
from notifier.db.rows import table_of
from notifier.db.tables import Enrollment, Message, NumberHold, OptOut, Reply, TaskSnooze
from notifier.db.tables.outbox import OPEN_ASKS, OPEN_TEXTS, WAITING_LIFTS
from notifier.domain.states import RUNNING
from notifier.domain.tasks import AHEAD, RECENT, TaskKind
from notifier.numbers.asks import wrote_since
from notifier.numbers.open_replies import has_open_reply
from schedules.asking import AGAIN

UNMARKED_AFTER: Final = timedelta(hours=2)
"""After its beginning, a visit that nobody has marked is work."""
_NOT_URGENT: Final = false().label("urgent")
# Tables, not classes: an office's narrowing is for what is listed.
_opt_out, _enrollment = table_of(OptOut).alias(), table_of(Enrollment).alias()

Source = Select[Any, Any, Any, Any]
Snoozed = Mapping[TaskKind, Collection[int]]
"""What is out of sight now, by kind."""
_Instant = datetime | ColumnElement[datetime]
_now, _ahead, _unmarked_before, _recent_since = (
    bindparam(name, type_=UTCDateTime()) for name in ("now", "ahead", "unmarked_before", "recent_since")
)
RECENT_SINCE: Final[ColumnElement[datetime]] = _recent_since
"""From when on work is recent, as a parameter."""


def snoozed(session: Session, now: datetime) -> Snoozed:
    """Every piece of work that somebody has put off, and whose time has not come."""
    found: dict[TaskKind, list[int]] = {}
    put_off = select(col(TaskSnooze.kind), col(TaskSnooze.number)).where(col(TaskSnooze.until) > now)
    for kind, number in session.execute(put_off):
        found.setdefault(TaskKind(kind), []).append(number)
    return found


def parameters(now: datetime, away: Snoozed | None = None) -> dict[str, Any]:
    """The values of a statement over `sources`, which is the same whenever it runs: making one costs more than asking
    it. `away`: what `visible` leaves out."""
    instants = {
        "now": now,
        "ahead": now + AHEAD,
        "unmarked_before": now - UNMARKED_AFTER,
        "recent_since": now - RECENT,
    }
    return instants | {_away(kind): sorted(numbers) for kind, numbers in (away or {}).items()}


def visible(
    kind: TaskKind, source: Select[Any, Any, Any, Any], away: Collection[TaskKind]
) -> Select[Any, Any, Any, Any]:
    """A source without what is put off; `away`: the kinds of which anything is."""
    if kind not in away:
        return source
    return source.where(plain(source.selected_columns[0]).not_in(bindparam(_away(kind), expanding=True)))


def _away(kind: TaskKind) -> str:
    return f"away_{kind}"


def plain(column: Any) -> Any:
    """A column without the name that the list gives it."""
    return getattr(column, "element", column)


@cache
def sources() -> Mapping[TaskKind, Source]:
    """By kind, what is open: `number`, `phone`, `since` and `urgent` of each. It takes `parameters`."""
    number: Any = col(Message.id).label("number")
    found: dict[TaskKind, tuple[Any, ...]] = {
        TaskKind.REPLY: (
            *(col(Reply.id).label("number"), col(Reply.phone), col(Reply.at).label("since"), col(Reply.urgent)),
            is_open_reply(),
        ),
        TaskKind.TEXT: (
            *(number, col(Message.phone), since_of_text().label("since"), _NOT_URGENT),
            *_is_open_text_before(_ahead),
        ),
        TaskKind.SILENCE: (
            *(number, col(Message.phone), col(Message.expires_at).label("since"), _NOT_URGENT),
            *is_silent(_now),
        ),
        TaskKind.VISIT: (
            *(col(Enrollment.id).label("number"), col(Enrollment.phone)),
            *(col(Enrollment.appointment_at).label("since"), _NOT_URGENT),
            *is_booked_before(_unmarked_before),
        ),
        TaskKind.GATE: (
            *(number, col(Message.phone), col(Message.nominal_at).label("since"), _NOT_URGENT),
            *is_gate(_now),
        ),
        TaskKind.HOLD: (
            *(col(NumberHold.id).label("number"), col(NumberHold.phone), col(NumberHold.at).label("since")),
            *(_NOT_URGENT, *is_held_without_reply()),
        ),
    }
    return {kind: select(*said[:4]).where(*said[4:]) for kind, said in found.items()}


def is_open_reply() -> ColumnElement[bool]:
    """The condition that nobody has closed a reply."""
    return col(Reply.closed_at).is_(None)


def is_open_text(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a text needs a person. A second asking that could not leave asks for nothing."""
    return _is_open_text_before(now + AHEAD)


def _is_open_text_before(nominal: _Instant) -> tuple[ColumnElement[bool], ...]:
    first = ~col(Message.step).endswith(AGAIN)
    return needs_person(), col(Message.nominal_at) < nominal, first


def needs_person() -> ColumnElement[bool]:
    """The condition that a text needs a person, as its index has it."""
    return literal_column(f"({_qualified(OPEN_TEXTS)})")


def since_of_text() -> ColumnElement[datetime]:
    """Since when a text stands as it does."""
    return func.coalesce(col(Message.stands_since), col(Message.nominal_at), type_=UTCDateTime())


def is_silent(now: _Instant) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a question is of no more use and nothing has come on it, from a number that wants texts."""
    out = select(_opt_out.c.id).where(_opt_out.c.phone == col(Message.phone), _opt_out.c.ended_at.is_(None))
    ended = select(_enrollment.c.id).where(_enrollment.c.id == col(Message.enrollment_id))
    ended = ended.where(_enrollment.c.state.not_in(RUNNING))
    asked_once = ~col(Message.step).endswith(AGAIN)
    open_ask: ColumnElement[bool] = literal_column(f"({_qualified(OPEN_ASKS)})")
    return open_ask, col(Message.expires_at) <= now, asked_once, ~wrote_since(), ~out.exists(), ~ended.exists()


def is_gate(now: _Instant) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a lift waits for what it lifts to be cleared, and that its length is over."""
    waits: ColumnElement[bool] = literal_column(f"({WAITING_LIFTS.replace('state', 'messages.state')})")
    return waits, col(Message.nominal_at) <= now


def is_booked_before(at: _Instant) -> tuple[ColumnElement[bool], ...]:
    """The conditions that an enrollment's visit was to begin by then, and nobody has marked it."""
    # As a literal, or the partial index could not serve.
    booked: ColumnElement[bool] = literal_column("enrollments.state = 'booked'")
    return col(Enrollment.treated_at).is_(None), booked, col(Enrollment.appointment_at) < at


def is_held_without_reply() -> tuple[ColumnElement[bool], ...]:
    """The conditions that a number is held although nothing that came from it is open."""
    return col(NumberHold.released_at).is_(None), ~has_open_reply(table_of(NumberHold).c.phone)


def _qualified(where: str) -> str:
    """The words of an index, with the table's name before each column."""
    found = where
    for column in ("seen_to", "enrollment_id", "state", "kind"):
        found = found.replace(f"{column} ", f"messages.{column} ")
    return found
