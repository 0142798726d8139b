"""The daily cap: at most so many texts on one local day of a number, whoever on that number they are for.

Every text has a rank, and the higher one goes first: `restrict` and `care`, then lifts, then `restrict` texts that say
nothing new but remind, then everything else. Of two with the same rank, the enrollment that was there first keeps
its place, and of one enrollment the earlier text. What finds the day full moves to the next one, or has no place.

A day is a local date of the patient whom the text is for. Where the patients of one number live in several zones, a
text counts on the clock of each of them, so that no later check, on whosever clock, finds a day too full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from operator import eq

from schedules.moments import TELL_IN_PERSON, first_place, leaves_late
from schedules.offsets import wall_first
from schedules.planned import PlannedMessage, in_order
from schedules.protocol import StepKind
from schedules.saying import say_day
from schedules.segments import count_segments
from schedules.send_window import OpenHours

_RANK = {StepKind.WARNING: 0, StepKind.RESTRICT: 0, StepKind.CARE: 0, StepKind.LIFT: 1}
_REMINDER, _THE_REST = 2, 3
_NO_PLACE, _MOVED = "no place", "moved "
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """One enrollment's texts, oldest first, as they would leave if nobody counted."""

    messages: tuple[PlannedMessage, ...]
    hours: OpenHours
    day0: date | None
    reminders: frozenset[str] = frozenset()
    """Steps that say again what an earlier one has said."""
    settled: frozenset[str] = frozenset()
    """Steps that need no place any more: they have left."""


def keep_to_cap(drafts: Sequence[Draft], most: int, left: Iterable[datetime] = ()) -> list[tuple[PlannedMessage, ...]]:
    """The texts of each draft, oldest first, at most `most` of all of them on one local day.

    `drafts` are the enrollments of one number, the first enrolled first. `left` are the instants at which texts to that
    number have left, or may have.
    """
    left = tuple(left)
    if not left and len(drafts) == 1 and not _may_be_over(drafts[0], most):
        return [drafts[0].messages]
    days = _DaysTaken(drafts, most, left)
    texts = [
        (_rank(draft, message), whose, number)
        for whose, draft in enumerate(drafts)
        for number, message in enumerate(draft.messages)
        if message.due_at is not None and message.step not in draft.settled
    ]
    kept = [list(draft.messages) for draft in drafts]
    for _, whose, number in sorted(texts):
        kept[whose][number] = days.place(drafts[whose], kept[whose][number])
    return [tuple(sorted(messages, key=in_order)) for messages in kept]


def _may_be_over(draft: Draft, most: int) -> bool:
    dates = [message.due_at.astimezone(draft.hours.zone).date() for message in draft.messages if message.due_at]
    return any(map(eq, dates, dates[most:]))


def _rank(draft: Draft, message: PlannedMessage) -> int:
    return _REMINDER if message.step in draft.reminders else _RANK.get(message.kind, _THE_REST)


def lost_its_place(message: PlannedMessage) -> bool:
    """Whether it is not sent because the day had enough texts."""
    return message.due_at is None and any(note.startswith(_NO_PLACE) for note in message.notes)


class _DaysTaken:
    """How many texts each local date has, on the clock of everybody on the number."""

    def __init__(self, drafts: Sequence[Draft], most: int, left: Iterable[datetime]) -> None:
        self._zones = {draft.hours.zone.key: draft.hours.zone for draft in drafts}
        self._most = most
        self._texts: Counter[tuple[str, date]] = Counter()
        for at in left:
            self._texts.update(self._dates(at))

    def place(self, draft: Draft, message: PlannedMessage) -> PlannedMessage:
        """The text at its moment, or on the first later day that has room."""
        due, full = message.due_at, list[date]()
        while due is not None and any(self._texts[day] >= self._most for day in self._dates(due)):
            full.append(due.astimezone(draft.hours.zone).date())
            tomorrow = wall_first(full[-1] + _DAY, time.min, draft.hours.zone)
            due = first_place(message.kind, draft.hours, tomorrow, message.expires_at, day0=draft.day0)
        if due is not None:
            self._texts.update(self._dates(due))
        return _moved(message, due, full, draft) if full else message

    def _dates(self, at: datetime) -> list[tuple[str, date]]:
        return [(name, at.astimezone(zone).date()) for name, zone in self._zones.items()]


def _moved(message: PlannedMessage, due: datetime | None, full: Sequence[date], draft: Draft) -> PlannedMessage:
    had = f"{' and '.join(map(say_day, full))} had enough texts"
    notes = [note for note in message.notes if not note.startswith(_MOVED)]  # it has left that moment, too
    if due is None:
        tell = () if message.kind is StepKind.ASK else (TELL_IN_PERSON,)
        return replace(message, due_at=None, notes=(*notes, f"{_NO_PLACE}: {had}", *tell))
    late = message.late_text if leaves_late(message.nominal_at, due, draft.hours.zone) else None
    text = late or message.text
    notes.append(f"{_MOVED}later: {had}")
    return replace(message, due_at=due, text=text, segments=count_segments(text), notes=tuple(notes))
