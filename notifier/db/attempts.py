"""The calls of a batch, opened and closed as a set: each statement is one, however many calls it is about.

Row by row the driver would step through as many statements, and give way to the other threads between any two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from secrets import token_hex
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from notifier.db.array_param import in_array
from notifier.db.columns import json_text
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import table_of
from notifier.db.tables import Attempt

_table: Final = table_of(Attempt)
_attempts: Final = _table.c
_SAME: Final = ("worker_id", "started_at", "lease_until", "sender")


class ClosedAttempt(NamedTuple):
    """What became of one call, as it is written down."""

    id: str
    finished_at: str
    """As `columns.instant_text`."""
    outcome: str
    code: int | None
    detail: str | None
    sid: str | None


def new_attempt_ids(at: datetime, many: int) -> list[str]:
    """Uuids in the order of time (RFC 9562, version 7), which nobody can guess.

    Those of one batch are neighbors in the index: random ones would each change another of its pages.
    """
    began = f"{int(at.timestamp() * 1000):012x}"
    head, random = f"{began[:8]}-{began[8:]}-7", token_hex(10 * many)
    parts = (random[place : place + 20] for place in range(0, 20 * many, 20))
    return [f"{head}{r[:3]}-{_VARIANT[r[3]]}{r[4:7]}-{r[7:19]}" for r in parts]


_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def open_attempts(
    session: Session,
    attempts: Mapping[str, int],
    *,
    worker_id: str,
    started_at: datetime,
    lease_until: datetime,
    sender: str | None,
) -> None:
    """A call of each of these texts is about to begin; its text by attempt. `lease_until`: on the database's clock."""
    same = {"worker_id": worker_id, "started_at": started_at, "lease_until": lease_until, "sender": sender}
    _open(session.get_bind().dialect.name).run(session, {**same, "attempts": json_text(attempts)})


def all_are_open(session: Session, ids: Sequence[str]) -> bool:
    """Whether each of these attempts is there and nothing is written down about it; locked, those that are."""
    return _OPEN.run(session, {"attempts": ids}).scalar() == len(ids)


def close_attempts(session: Session, closed: Sequence[ClosedAttempt]) -> None:
    """Write down what became of calls."""
    if closed:
        _close(session.get_bind().dialect.name).run(session, {"closed": json_text(closed)})


# The order of the ids is that of the locks: two who lock the same ones must not wait for each other.
_OPEN: Final = PreparedStatement(
    select(func.count()).select_from(
        select(_attempts.id)
        .where(in_array(_attempts.id, "attempts"), _attempts.outcome.is_(None))
        .order_by(_attempts.id)
        .with_for_update()
        .subquery()
    )
)


@cache
def _open(dialect: str) -> PreparedStatement:
    """A document is one parameter; it is an object, each attempt with its text's id."""
    read = func.json_each_text if dialect == "postgresql" else func.json_each
    pair = read(_document("attempts", dialect)).table_valued("key", "value").c
    same = (bindparam(name, type_=_attempts[name].type) for name in _SAME)
    found: Select[Any] = select(pair.key, cast(pair.value, _attempts.message_id.type), literal_column("0"), *same)
    return PreparedStatement(_table.insert().from_select(["id", "message_id", "empty_lists", *_SAME], found))


@cache
def _close(dialect: str) -> PreparedStatement:
    """Here it is a list of `ClosedAttempt`, each a list itself."""
    read = func.json_array_elements if dialect == "postgresql" else func.json_each
    row = read(_document("closed", dialect)).table_valued("value").c.value
    given = {name: cast(_at(row, place), _attempts[name].type) for place, name in enumerate(ClosedAttempt._fields)}
    return PreparedStatement(update(_table).where(_attempts.id == given.pop("id")).values(given))


def _at(row: ColumnElement[Any], place: int) -> ColumnElement[str]:
    return row.op("->>")(literal_column(str(place)))


def _document(name: str, dialect: str) -> ColumnElement[Any]:
    given = bindparam(name, type_=Text())
    return cast(given, JSON) if dialect == "postgresql" else given
