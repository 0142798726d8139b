"""How much is open: counted in one statement, each source in its own index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import func, literal_column, null, or_, select, union_all
from sqlalchemy.orm import Session

from notifier.domain.tasks import TaskKind
from notifier.tasks.pieces import open_tasks
from notifier.tasks.sources import RECENT_SINCE, Snoozed, parameters, plain, snoozed, sources, visible

_COUNTED: Final = 2000
"""So many pieces are counted by patient too."""


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How much is open, on the same conditions as the list."""

    pieces: int = 0
    older: int = 0
    """Of these, what has waited for more than three days, and is not urgent; at least, where thousands are recent."""
    urgent: int = 0
    oldest: datetime | None = None
    patients: int | None = 0
    """Numbers that it is about; None where there is too much to count."""
    older_patients: int | None = 0
    """Of these, the ones about whom nothing is recent or urgent."""
    snoozed: int = 0
    """What is put off, and in none of these counts."""


def count_tasks(session: Session, now: datetime, hidden: Snoozed | None = None) -> TaskCounts:
    """How much there is: no row is read for it. `hidden`: what is put off, for whoever has looked already."""
    hidden = snoozed(session, now) if hidden is None else hidden
    away, values = frozenset(hidden), parameters(now, hidden)
    kinds = session.execute(_counting(away), values).all()
    pieces, urgent = sum(one.pieces for one in kinds), sum(one.urgent or 0 for one in kinds)
    recent = sum(one.recent + (one.urgent_before or 0) for one in kinds)
    oldest = min((one.oldest for one in kinds if one.oldest is not None), default=None)
    patients = older_patients = None
    if pieces <= _COUNTED:
        patients, shown = session.execute(_counting_patients(away), values).one() if pieces else (0, 0)
        older_patients = patients - shown if pieces > recent else 0
    put_off = sum(len(one) for one in hidden.values())
    return TaskCounts(pieces, pieces - recent, urgent, oldest, patients, older_patients, put_off)


@cache
def _counting(away: frozenset[TaskKind]) -> Any:
    return union_all(*(_counts_of(kind, visible(kind, source, away)) for kind, source in sources().items()))


def _counts_of(kind: TaskKind, found: Any) -> Any:
    number, since = plain(found.selected_columns[0]), plain(found.selected_columns[2])
    lately = found.with_only_columns(number).where(since >= RECENT_SINCE).limit(_COUNTED).subquery()
    parts = {
        "pieces": found.with_only_columns(func.count()),
        "recent": select(func.count()).select_from(lately),
        "oldest": found.with_only_columns(since).order_by(since).limit(1),
        "urgent": None,
        "urgent_before": None,
    }
    if kind is TaskKind.REPLY:
        words = found.where(found.selected_columns.urgent.is_(True))
        parts["urgent"] = words.with_only_columns(func.count())
        parts["urgent_before"] = words.where(since < RECENT_SINCE).with_only_columns(func.count())
    said = [(null() if one is None else one.scalar_subquery()).label(name) for name, one in parts.items()]
    return select(literal_column(f"'{kind}'").label("kind"), *said)


@cache
def _counting_patients(away: frozenset[TaskKind]) -> Any:
    """Numbers that open work is about, and those of them about which something is urgent or recent."""
    found = open_tasks(away)
    shown = or_(found.c.urgent == 1, found.c.since >= RECENT_SINCE)
    return select(func.count(found.c.phone.distinct()), func.count(found.c.phone.distinct()).filter(shown))
