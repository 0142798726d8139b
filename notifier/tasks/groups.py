"""Work by patient, a page at a time: everything about one number is one row.

However much is open, only the ends of the indexes are read: the first pieces tell which numbers come next, and what
else there is about them is found by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, literal_column, or_, select, union_all
from sqlalchemy.orm import Session

from notifier.domain.refused import Refused
from notifier.domain.tasks import RECENT, TaskKind
from notifier.tasks.pieces import Task, tasks_about
from notifier.tasks.sources import RECENT_SINCE, Snoozed, Source, parameters, plain, snoozed, sources, visible

PAGE: Final = 25
"""Patients on one page."""
PLACE: Final = r"^[01]~[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z~(reply|text|silence|visit|hold|gate)~[0-9]{1,18}$"
"""How a place is written."""
_AT_ONCE: Final = 60


class Place(NamedTuple):
    """Where a piece stands among the others. No number and no name is in it: it may stand in an address."""

    is_urgent: bool
    since: datetime
    kind: TaskKind
    number: int

    def __str__(self) -> str:
        return f"{int(self.is_urgent)}~{self.since.isoformat().replace('+00:00', 'Z')}~{self.kind}~{self.number}"

    @classmethod
    def parse(cls, typed: str) -> Place:
        """Raises Refused for what is no place."""
        try:
            urgent, since, kind, number = (typed if re.match(PLACE, typed) else "").split("~")
            return cls(urgent == "1", datetime.fromisoformat(since), TaskKind(kind), int(number))
        except ValueError:
            raise Refused("this address names no page of the list; open the list anew") from None


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """The open work about one number, urgent first, then the oldest."""

    phone: str
    tasks: tuple[Task, ...]

    @property
    def is_urgent(self) -> bool:
        return self.tasks[0].is_urgent

    @property
    def since(self) -> datetime:
        """Since when the oldest of it waits."""
        return min(one.since for one in self.tasks)

    @property
    def latest(self) -> datetime:
        """When the latest of it came."""
        return max(one.since for one in self.tasks)

    @property
    def rows(self) -> tuple[tuple[Task, ...], ...]:
        """Its work as rows: the texts of one patient that reached nobody are one, where the first of them stands."""
        rows: dict[object, list[Task]] = {}
        for one in self.tasks:
            missed = one.enrollment is not None and one.has_not_reached
            rows.setdefault(one.enrollment.id if missed and one.enrollment else one.ref, []).append(one)
        return tuple(tuple(row) for row in rows.values())


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some numbers in their order."""

    groups: tuple[TaskGroup, ...] = ()
    next: Place | None = None
    """After which the next page goes on; None where this is the last."""


def task_page(
    session: Session,
    now: datetime,
    hidden: Snoozed | None = None,
    *,
    older: bool = False,
    after: Place | None = None,
    limit: int = PAGE,
) -> TaskPage:
    """Some numbers with something urgent or recent, what has waited longest first; or those with older work alone, the
    latest first. `hidden`: what is put off, for whoever has looked already."""
    hidden = snoozed(session, now) if hidden is None else hidden
    groups: list[TaskGroup] = []
    places: list[Place] = []
    for batch in _batches(session, now, hidden, older, after):
        about = tasks_about(session, {phone for _, phone in batch}, now, hidden)
        for place, phone in batch:
            if about[phone] and place == _lead(about[phone], now, older):
                groups.append(TaskGroup(phone, tuple(about[phone])))
                places.append(place)
                if len(groups) > limit:
                    return TaskPage(tuple(groups[:limit]), places[limit - 1])
    return TaskPage(tuple(groups))


def _lead(tasks: Sequence[Task], now: datetime, older: bool) -> Place | None:
    """Where a number stands: at the first of what is urgent or recent about it; with older work alone, at its
    latest."""
    places = [Place(one.is_urgent, one.since, one.ref.kind, one.ref.number) for one in tasks]
    recent = [one for one in places if one.is_urgent or one.since >= now - RECENT]
    if older:
        return None if recent else max(places, key=_order)
    return min(recent, key=_order, default=None)


def _order(place: Place) -> tuple[bool, datetime, str, int]:
    return not place.is_urgent, place.since, place.kind.value, place.number


def _batches(
    session: Session, now: datetime, hidden: Snoozed, older: bool, after: Place | None
) -> Iterator[list[tuple[Place, str]]]:
    """Pieces in their order with their numbers, some at a time; of each source no more than are needed."""
    away = frozenset(hidden)
    while True:
        ends = _first_ends(older, away) if after is None else _ends(older, away, after)
        rows = session.execute(ends, parameters(now, hidden)).all()
        found = [(Place(bool(one.urgent), one.since, TaskKind(one.kind), one.number), one.phone) for one in rows]
        found.sort(key=lambda one: _order(one[0]), reverse=older)
        batch = found[:_AT_ONCE]
        if batch:
            yield batch
        if len(found) <= _AT_ONCE:
            return
        after = batch[-1][0]


def _ends(older: bool, away: frozenset[TaskKind], after: Place | None) -> Any:
    """The first of every source that come after that place, in one statement."""
    parts = []
    said: list[Any]
    for kind, source in sources().items():
        for urgent in (False,) if older or kind is not TaskKind.REPLY else (True, False):
            if after is None or after.is_urgent or not urgent:
                end = _end_of(visible(kind, source, away), kind, urgent, older, after).subquery()
                said = [literal_column(f"'{kind}'").label("kind"), literal_column(str(int(urgent))).label("urgent")]
                parts.append(select(*said, end.c.since, end.c.number, end.c.phone))
    return union_all(*parts)


@cache
def _first_ends(older: bool, away: frozenset[TaskKind]) -> Any:
    return _ends(older, away, None)


def _end_of(source: Source, kind: TaskKind, urgent: bool, older: bool, after: Place | None) -> Source:
    number, since = plain(source.selected_columns[0]), plain(source.selected_columns[2])
    these = source
    if kind is TaskKind.REPLY:
        these = these.where(source.selected_columns.urgent.is_(urgent))
    if not urgent:
        these = these.where(since < RECENT_SINCE if older else since >= RECENT_SINCE)
    if after is not None and urgent is after.is_urgent:
        these = these.where(_comes_after(number, since, kind, after, older))
    ordered = (since.desc(), number.desc()) if older else (since, number)
    return these.order_by(*ordered).limit(_AT_ONCE + 1)


def _comes_after(number: Any, since: Any, kind: TaskKind, after: Place, older: bool) -> Any:
    later = since < after.since if older else since > after.since
    greater = number < after.number if older else number > after.number
    if kind is after.kind:
        return or_(later, and_(since == after.since, greater))
    is_behind = kind.value < after.kind.value if older else kind.value > after.kind.value
    return or_(later, since == after.since) if is_behind else later
