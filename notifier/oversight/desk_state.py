"""What an open page asks every few seconds: whether anything that needs a person has come, gone or changed hands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import DateTime, bindparam, cast, func, literal_column, null, select, text, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.columns import UTCDateTime
from notifier.db.tables import Alert, Enrollment, Reply, TaskClaim, TaskSnooze
from notifier.tasks.sources import is_open_reply, parameters, plain, sources

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
    minute = now.replace(second=0, microsecond=0)
    counts, marks = _statements()
    urgent, alerts, *kinds = session.execute(counts, parameters(minute)).all()
    put_off, *others = session.execute(marks, {"now": minute} | _days_about(minute)).all()
    said = [tuple(one) for one in (urgent, alerts, *kinds, put_off, *others)]
    token = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    return DeskState(token, sum(one[1] for one in kinds) - put_off[1], urgent[1], urgent[2] or 0)


def _visits() -> tuple[Any, Any]:
    """The newest enrollment, and who is booked about now, at what time."""
    newest = select(func.max(col(Enrollment.id)), cast(null(), DateTime(timezone=True)))
    when = col(Enrollment.appointment_at)
    booked = select(col(Enrollment.id), when).where(
        col(Enrollment.treated_at).is_(None),
        text("enrollments.state = 'booked'"),  # as a literal, or the partial index could not serve
        when >= bindparam("since", type_=UTCDateTime()),
        when < bindparam("until", type_=UTCDateTime()),
    )
    return newest, booked.order_by(when).limit(_MOST_VISITS).subquery().select()


def _days_about(minute: datetime) -> dict[str, datetime]:
    """A day before and after, whatever the clinic's zone."""
    return {"since": minute - _A_DAY, "until": minute + _A_DAY}


@cache
def _statements() -> tuple[Any, Any]:
    """Made once: a page asks often, and making them is what costs. What counts, and what marks a moment."""
    urgent = select(func.count(), func.max(col(Reply.id))).where(is_open_reply(), col(Reply.urgent).is_(True))
    alerts = select(func.count(), func.max(col(Alert.id))).where(col(Alert.cleared_at).is_(None))
    kinds = [
        found.with_only_columns(func.count(), func.sum(plain(found.selected_columns[0])))
        for found in sources().values()
    ]
    now = bindparam("now", type_=UTCDateTime())
    put_off = select(func.count(), func.max(col(TaskSnooze.at))).where(col(TaskSnooze.until) > now)
    taken = select(func.count(), func.max(col(TaskClaim.at)))
    return _together([urgent, alerts, *kinds]), _together([put_off, taken, *_visits()])


def _together(signs: Sequence[Any]) -> Any:
    """All of them in one statement, in their order."""
    numbered = (one.add_columns(literal_column(str(place)).label("place")) for place, one in enumerate(signs))
    several = union_all(*(select(each.c.place, *list(each.c)[:2]) for each in (one.subquery() for one in numbered)))
    return several.order_by("place", text("2"))
