"""The calendar: who is expected, came, did not come, or is unmarked, on any day of the clinic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Enrollment
from notifier.domain.states import EnrollmentState
from schedules.offsets import wall_first

MOST: Final = 300
"""Visits of one day, or unmarked ones, at once."""
_A_DAY: Final = timedelta(days=1)
_LONGEST_VISIT: Final = timedelta(hours=12)


class VisitState(StrEnum):
    """What became of a visit."""

    BOOKED = "booked"
    UNMARKED = "unmarked"
    """Its time has come, and nobody has said whether the patient was treated."""
    TREATED = "treated"
    NO_SHOW = "no-show"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment, or the treatment that it became."""

    enrollment: Enrollment
    at: datetime
    """The end of the treatment; the appointment where there was none."""
    state: VisitState

    def planned_end(self, now: datetime) -> datetime | None:
        """`planned_end` of the enrollment."""
        return planned_end(self.enrollment, now)

    def to_json(self) -> dict[str, Any]:
        """Plain values; instants as ISO 8601 in UTC."""
        one = self.enrollment
        names = ("external_id", "name", "phone", "protocol", "provider", "office")
        said = {name: getattr(one, name) for name in names}
        return {"enrollment": one.id, **said, "at": self.at.isoformat(), "visit": self.state.value}


def planned_end(stored: Enrollment, now: datetime) -> datetime | None:
    """When a booked visit was to end, as its booking system's file says, where that has passed: to be confirmed.

    None also where somebody has moved the appointment away from it.
    """
    end, begin = stored.planned_end, stored.appointment_at
    return end if end and begin and begin < end <= min(now, begin + _LONGEST_VISIT) else None


@dataclass(frozen=True, slots=True)
class VisitsOfDay:
    """How many visits one local day of the clinic has, by what became of them."""

    on: date
    many: Counter[VisitState] = field(default_factory=Counter)


def day_of(on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The midnights of a local day."""
    return wall_first(on, time.min, zone), wall_first(on + _A_DAY, time.min, zone)


def week_of(on: date) -> list[date]:
    """Monday to Sunday of the week that a day is in."""
    monday = on - timedelta(days=on.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def visits(session: Session, on: date, zone: ZoneInfo, now: datetime, limit: int = MOST) -> list[Visit]:
    """The visits of a local day, the first to come first."""
    since, until = day_of(on, zone)
    found = select(Enrollment).where(*_near(since, until), since <= _AT, until > _AT)
    rows = session.scalars(found.order_by(_AT, col(Enrollment.id)).limit(limit))
    return [_visit(one, now) for one in rows]


def count_visits(session: Session, days: Sequence[date], zone: ZoneInfo, now: datetime) -> list[VisitsOfDay]:
    """Of days in a row."""
    edges = [day_of(on, zone)[0] for on in (*days, days[-1] + _A_DAY)]
    columns = (col(Enrollment.treated_at), col(Enrollment.appointment_at), col(Enrollment.state))
    rows = session.execute(select(*columns).where(*_near(edges[0], edges[-1]), edges[0] <= _AT, edges[-1] > _AT)).all()
    counted = [VisitsOfDay(on) for on in days]
    for treated_at, appointment_at, state in rows:
        at = treated_at or appointment_at
        assert at is not None  # every enrollment has one of them
        for one, (since, until) in zip(counted, pairwise(edges), strict=True):
            if since <= at < until:
                one.many[_state(treated_at, at, state, now)] += 1
    return counted


def unmarked(session: Session, now: datetime, limit: int = MOST) -> list[Visit]:
    """Appointments of any age of which nobody has said what became of them, the latest first."""
    found = select(Enrollment).where(*_unmarked(now)).order_by(col(Enrollment.appointment_at).desc())
    return [_visit(one, now) for one in session.scalars(found.limit(limit))]


def count_unmarked(session: Session, now: datetime) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(Enrollment).where(*_unmarked(now))) or 0


_AT: Final = func.coalesce(col(Enrollment.treated_at), col(Enrollment.appointment_at))


def _near(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """The index has the patient's own date, which may be the day before or after the clinic's."""
    return (
        col(Enrollment.treated_on) >= since.date() - _A_DAY,
        col(Enrollment.treated_on) <= until.date() + _A_DAY,
    )


def _unmarked(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # The state as a literal, or the partial index could not serve.
    booked = (col(Enrollment.treated_at).is_(None), text("enrollments.state = 'booked'"))
    return (*booked, col(Enrollment.appointment_at) <= now)  # type: ignore[return-value]  # a literal condition is one


def _visit(one: Enrollment, now: datetime) -> Visit:
    at = one.treated_at or one.appointment_at
    assert at is not None  # every enrollment has one of them
    return Visit(one, at, _state(one.treated_at, at, one.state, now))


def _state(treated_at: datetime | None, at: datetime, state: EnrollmentState, now: datetime) -> VisitState:
    if treated_at is not None:
        return VisitState.TREATED
    if state in (EnrollmentState.NO_SHOW, EnrollmentState.CANCELLED):
        return VisitState(state.value.replace("_", "-"))
    return VisitState.UNMARKED if at <= now else VisitState.BOOKED
