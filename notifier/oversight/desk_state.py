"""What an open page asks every few seconds: whether anything that needs a person has come, gone or changed hands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, null, select, text, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Alert, Enrollment, Reply, TaskClaim, TaskSnooze
from notifier.tasks.sources import is_open_reply, sources

_A_DAY: Final = timedelta(days=1)
_MOST_VISITS: Final = 200
"""As many as a day shows."""


@dataclass(frozen=True, slots=True)
class DeskState:
    """Counts and a token; no name, no number and no words."""

    token: str
    """Another one as soon as the lists of a page may look different."""
    open: int
    """Pieces of work that are open and not put off."""
    urgent: int
    """What patients wrote with urgent words, and nobody has closed."""
    latest_urgent: int
    """Grows when more urgent words come."""


def desk_state(session: Session, now: datetime) -> DeskState:
    """What is open now, on the same conditions as the lists; each part is counted in its own index.

    What becomes work by the passing of time is seen on the full minute.
    """
    counts, marks = _statements(now.replace(second=0, microsecond=0))
    urgent, alerts, *kinds = session.execute(counts).all()
    put_off, taken = session.execute(marks).all()
    said = [
        tuple(one) for one in (urgent, alerts, *kinds, put_off, taken, *session.execute(_visits(), _days_about(now)))
    ]
    token = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    return DeskState(token, sum(one[1] for one in kinds) - put_off[1], urgent[1], urgent[2] or 0)


@cache
def _visits() -> Any:
    """The newest enrollment, and who is booked about now, at what time."""
    newest = select(func.max(col(Enrollment.id)), null())
    when = col(Enrollment.appointment_at)
    booked = select(col(Enrollment.id), when).where(
        col(Enrollment.treated_at).is_(None),
        text("enrollments.state = 'booked'"),  # as a literal, or the partial index could not serve
        when >= bindparam("since"),
        when < bindparam("until"),
    )
    return union_all(newest, booked.order_by(when).limit(_MOST_VISITS).subquery().select())


def _days_about(now: datetime) -> dict[str, datetime]:
    """A day before and after, whatever the clinic's zone; in whole minutes, as what else time brings."""
    minute = now.replace(second=0, microsecond=0)
    return {"since": minute - _A_DAY, "until": minute + _A_DAY}


@lru_cache(maxsize=2)
def _statements(now: datetime) -> tuple[Any, Any]:
    """Two statements, made once a minute: a page asks often, and making them is what costs."""
    urgent = select(func.count(), func.max(col(Reply.id))).where(is_open_reply(), col(Reply.urgent).is_(True))
    alerts = select(func.count(), func.max(col(Alert.id))).where(col(Alert.cleared_at).is_(None))
    kinds = [
        found.with_only_columns(func.count(), func.sum(getattr(number := found.selected_columns[0], "element", number)))
        for found in sources(now).values()
    ]
    put_off = select(func.count(), func.max(col(TaskSnooze.at))).where(col(TaskSnooze.until) > now)
    taken = select(func.count(), func.max(col(TaskClaim.at)))
    return _together([urgent, alerts, *kinds]), _together([put_off, taken])


def _together(signs: Sequence[Any]) -> Any:
    """All of them in one statement, in their order."""
    numbered = (one.add_columns(literal_column(str(place)).label("place")) for place, one in enumerate(signs))
    several = union_all(*(select(each.c.place, *list(each.c)[:2]) for each in (one.subquery() for one in numbered)))
    return several.order_by("place")
