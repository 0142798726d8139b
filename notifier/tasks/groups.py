"""Work by patient, a page at a time: everything about one number is one row.

However much is open, only the ends of the indexes are read: the first pieces tell which numbers come next, and what
else there is about them is found by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from notifier.domain.refused import Refused
from notifier.domain.tasks import RECENT, TaskKind
from notifier.tasks.pieces import Task, open_tasks, tasks_about
from notifier.tasks.sources import Snoozed, snoozed, sources

PAGE: Final = 25
"""Patients on one page."""
PLACE: Final = r"^[01]~[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z~(reply|text|silence|visit|hold|gate)~[0-9]{1,18}$"
"""How a place is written."""
_AT_ONCE: Final = 60
_COUNTED: Final = 2000
"""So many pieces are counted by patient too."""


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


def task_page(
    session: Session, now: datetime, *, older: bool = False, after: Place | None = None, limit: int = PAGE
) -> TaskPage:
    """Some numbers with something urgent or recent, what has waited longest first; or those with older work alone, the
    latest first."""
    hidden = snoozed(session, now)
    groups: list[TaskGroup] = []
    places: list[Place] = []
    for batch in _batches(session, now, hidden, older, after):
        about = tasks_about(session, {phone for _, phone in batch}, now)
        for place, phone in batch:
            if about[phone] and place == _lead(about[phone], now, older):
                groups.append(TaskGroup(phone, tuple(about[phone])))
                places.append(place)
                if len(groups) > limit:
                    return TaskPage(tuple(groups[:limit]), places[limit - 1])
    return TaskPage(tuple(groups))


def count_tasks(session: Session, now: datetime) -> TaskCounts:
    """How much there is. Each source is counted in its own index: no row is read for it."""
    hidden = snoozed(session, now)
    pieces = urgent = recent = 0
    oldest: list[datetime] = []
    for kind, whole in sources(now).items():
        found = _visible(whole, kind, hidden)
        number, since = _plain(found.selected_columns[0]), _plain(found.selected_columns[2])
        if not (many := session.scalar(_counted(found)) or 0):
            continue
        lately = found.with_only_columns(number).where(since >= now - RECENT).limit(_COUNTED).subquery()
        pieces, recent = pieces + many, recent + (session.scalar(select(func.count()).select_from(lately)) or 0)
        first = session.scalar(found.with_only_columns(since).order_by(since).limit(1))
        oldest += [first] if first is not None else []
        if kind is TaskKind.REPLY:
            words = found.where(found.selected_columns.urgent.is_(True))
            urgent = session.scalar(_counted(words)) or 0
            recent += session.scalar(_counted(words.where(since < now - RECENT))) or 0
    patients = older_patients = None
    if pieces <= _COUNTED:
        everything = open_tasks(now, hidden)
        numbers = select(func.count(everything.c.phone.distinct()))
        patients = session.scalar(numbers) or 0
        shown = numbers.where(or_(everything.c.urgent == 1, everything.c.since >= now - RECENT))
        older_patients = patients - (session.scalar(shown) or 0) if pieces > recent else 0
    put_off = sum(len(one) for one in hidden.values())
    return TaskCounts(pieces, pieces - recent, urgent, min(oldest, default=None), patients, older_patients, put_off)


def _counted(found: Select[Any, Any, Any, Any]) -> Select[Any]:
    return found.with_only_columns(func.count())


def _plain(column: Any) -> Any:
    """A column without the name that the list gives it."""
    return getattr(column, "element", column)


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
    while True:
        found: list[tuple[Place, str]] = []
        for kind, source in sources(now).items():
            for urgent in (False,) if older or kind is not TaskKind.REPLY else (True, False):
                found += _end_of(session, _visible(source, kind, hidden), kind, urgent, now, older, after)
        found.sort(key=lambda one: _order(one[0]), reverse=older)
        batch = found[:_AT_ONCE]
        if batch:
            yield batch
        if len(found) <= _AT_ONCE:
            return
        after = batch[-1][0]


def _end_of(
    session: Session,
    source: Select[Any, Any, Any, Any],
    kind: TaskKind,
    urgent: bool,
    now: datetime,
    older: bool,
    after: Place | None,
) -> list[tuple[Place, str]]:
    """The first of one source that come after that place."""
    number, since = _plain(source.selected_columns[0]), _plain(source.selected_columns[2])
    these = source
    if kind is TaskKind.REPLY:
        these = these.where(source.selected_columns.urgent.is_(urgent))
    if not urgent:
        these = these.where(since < now - RECENT if older else since >= now - RECENT)
    if after is not None and urgent and not after.is_urgent:
        return []
    if after is not None and urgent is after.is_urgent:
        these = these.where(_comes_after(number, since, kind, after, older))
    ordered = (since.desc(), number.desc()) if older else (since, number)
    rows = session.execute(these.order_by(*ordered).limit(_AT_ONCE + 1)).all()
    return [(Place(urgent, row.since, kind, row.number), row.phone) for row in rows]


def _comes_after(number: Any, since: Any, kind: TaskKind, after: Place, older: bool) -> Any:
    later = since < after.since if older else since > after.since
    greater = number < after.number if older else number > after.number
    if kind is after.kind:
        return or_(later, and_(since == after.since, greater))
    is_behind = kind.value < after.kind.value if older else kind.value > after.kind.value
    return or_(later, since == after.since) if is_behind else later


def _visible(source: Select[Any, Any, Any, Any], kind: TaskKind, hidden: Snoozed) -> Select[Any, Any, Any, Any]:
    away = hidden.get(kind)
    return source.where(_plain(source.selected_columns[0]).not_in(sorted(away))) if away else source
