"""The daily cap: at most so many texts on one local day of a number, and an hour between any two of them.

Every text has a rank, and the higher one goes first: the order of kinds, but `restrict` texts that only remind rank
behind the lifts. Of two with the same rank, the enrollment that was there first keeps its place, and of one enrollment
the earlier text. What finds the day full moves to the next one, or has no place. A `warning`, and a `restrict` text
that says a rule for the first time, leave on a full day, too. A reminder less than 6 hours after the text that told its
rule says nothing new: it has no place. A quiet day that was no bar to a rule is one to a text that only reminds of it.

Two texts are an hour apart, the lift after the `restrict`. Where the day is too short for that, the hour shrinks, down
to a quarter; a text that had to be earlier than its moment gives way to an earlier one, any other to a later one.

A day is a local date of the patient whom the text is for. Where the patients of one number live in several zones, a
text counts on the clock of each of them, so that no later check, on whosever clock, finds a day too full.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from operator import eq
from types import MappingProxyType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schedules.moments import TELL_IN_PERSON, first_place, hours_for, leaves_late
from schedules.offsets import wall_first
from schedules.planned import PlannedMessage, in_order
from schedules.protocol import KIND_ORDER, StepKind
from schedules.saying import say_day
from schedules.segments import count_segments
from schedules.send_window import OpenHours

APART: Final = timedelta(hours=1)
"""What should be between two texts to one number."""
LEAST_APART: Final = timedelta(minutes=15)
REMINDS_AFTER: Final = timedelta(hours=6)
"""So long after the text that tells a rule, a reminder of it is worth a text."""
_GAPS: Final = (APART, timedelta(minutes=45), timedelta(minutes=30), LEAST_APART)
_RANK: Final = {kind: float(rank) for rank, kind in enumerate(KIND_ORDER)}
_REMINDER: Final = _RANK[StepKind.LIFT] + 0.5
_NO_PLACE, _MOVED = "no place", "moved "
_SAID_SHORTLY_BEFORE: Final = "it repeats what was told less than 6 hours before"
_DAY = timedelta(days=1)


class Draft(NamedTuple):
    """One enrollment's texts, oldest first, as they would leave if nobody counted."""

    messages: tuple[PlannedMessage, ...]
    hours: OpenHours
    day0: date | None
    known: frozenset[str] = frozenset()
    """Topics that the patient was told before: a `restrict` text that names no other reminds."""
    settled: frozenset[str] = frozenset()
    """Steps that need no place any more: they have left."""
    since: datetime | None = None
    """The instant of planning: nothing is placed before it."""
    told_at: Mapping[str, datetime] = MappingProxyType({})
    """When a text that has left told the topic last."""
    gone: frozenset[str] = frozenset()
    """Steps that tell nothing more than `told_at` says: they have left, were lost, or were missed."""

    @property
    def reminders(self) -> set[str]:
        """The `restrict` steps that say no rule for the first time."""
        rules = [one for one in self.messages if one.kind is StepKind.RESTRICT and one.topics]
        said = self.known.union(*[one.topics for one in rules if one.step in self.settled])
        found: set[str] = set()
        for one in rules:
            if one.due_at is not None and one.step not in self.settled:
                if said.issuperset(one.topics):
                    found.add(one.step)
                said = said.union(one.topics)
        return found

    def off_quiet_days(self) -> Draft:
        """The same without a reminder on a quiet day: each leaves at the next opening, or has no place."""
        if self.hours.on_quiet_days_too is self.hours:
            return self
        hours, reminders = self.hours, self.reminders
        messages = [
            _off_quiet_day(one, hours, self.day0)
            if one.step in reminders and one.due_at is not None and hours.is_quiet(one.due_at)
            else one
            for one in self.messages
        ]
        return self._replace(messages=tuple(sorted(messages, key=in_order)))

    def was_said_shortly_before(self, reminder: PlannedMessage, messages: Iterable[PlannedMessage]) -> bool:
        """Whether all of its rules are told so shortly before: by `messages`, this draft's texts as they are placed by
        now, or by texts that have left."""
        if reminder.due_at is None or reminder.step in self.gone:
            return False
        told = list(self.told_at.items())
        for one in messages:
            if one.kind is StepKind.RESTRICT and one.due_at and one.step not in {reminder.step, *self.gone}:
                told += [(topic, one.due_at) for topic in one.topics]
        since = reminder.due_at - REMINDS_AFTER
        return {topic for topic, at in told if since < at <= reminder.due_at}.issuperset(reminder.topics)


def keep_to_cap(drafts: Sequence[Draft], most: int, left: Iterable[datetime] = ()) -> list[tuple[PlannedMessage, ...]]:
    """The texts of each draft, oldest first, at most `most` of all of them on one local day, each apart from the rest.

    `drafts` are the enrollments of one number, the first enrolled first. `left` are the instants at which texts to that
    number have left, or may have.
    """
    drafts = [draft.off_quiet_days() for draft in drafts]
    left = [at.replace(second=0, microsecond=0) for at in left]  # a text that took a second moves none by that second
    if not left and len(drafts) == 1 and not _is_crowded(drafts[0], most):
        return [drafts[0].messages]
    texts: list[_Text] = []
    for whose, draft in enumerate(drafts):
        reminders = draft.reminders
        texts += [
            _Text(_rank(message, reminders), whose, number, message.step in reminders)
            for number, message in enumerate(draft.messages)
            if message.due_at is not None and message.step not in draft.settled
        ]
    reminding = [due for one in texts if one.reminds and (due := drafts[one.whose].messages[one.number].due_at)]
    places = _Places(drafts, most, left, reminding)
    kept = [list(draft.messages) for draft in drafts]
    for one in sorted(texts):
        kept[one.whose][one.number] = places.place(drafts[one.whose], kept[one.whose], one)
    return [tuple(sorted(messages, key=in_order)) for messages in kept]


def lost_its_place(message: PlannedMessage) -> bool:
    """Whether it is not sent because the day had enough texts."""
    return message.due_at is None and any(note.startswith(_NO_PLACE) for note in message.notes)


class _Text(NamedTuple):
    rank: float
    whose: int
    number: int
    reminds: bool


def _rank(message: PlannedMessage, reminders: set[str]) -> float:
    if message.step in reminders or message.only_reminds:
        return _REMINDER
    names_no_rule = message.kind is StepKind.RESTRICT and not message.topics
    return _RANK[message.kind] + (0.5 if names_no_rule else 0)  # it must find room, which rules need not


def _is_crowded(draft: Draft, most: int) -> bool:
    dues = [message.due_at for message in draft.messages if message.due_at]
    dates = [due.astimezone(draft.hours.zone).date() for due in dues]
    if any(map(eq, dates, dates[most:])) or any(later - sooner < APART for sooner, later in pairwise(dues)):
        return True
    reminders = draft.reminders
    return any(draft.was_said_shortly_before(one, draft.messages) for one in draft.messages if one.step in reminders)


class _Places:
    """What each local date has, on the clock of everybody on the number, and the instants that are taken."""

    def __init__(
        self, drafts: Sequence[Draft], most: int, left: Iterable[datetime], reminding: Sequence[datetime]
    ) -> None:
        self._zones = {draft.hours.zone.key: draft.hours.zone for draft in drafts}
        self._most = most
        self._texts: Counter[tuple[str, date]] = Counter()
        self._taken: list[datetime] = []
        self._rules = sorted(reminding)
        """When `restrict` texts leave, those among them that have no place yet as they wish to."""
        for at in left:
            self._take(at)

    def place(self, draft: Draft, kept: Sequence[PlannedMessage], text: _Text) -> PlannedMessage:
        """The text at its moment, or at the next that has room. `kept` are the draft's texts, as placed by now."""
        message, reminds = kept[text.number], text.reminds
        may_exceed = message.kind is StepKind.WARNING or (
            message.kind is StepKind.RESTRICT and bool(message.topics) and not reminds
        )
        hours = hours_for(message.kind, draft.hours, tells_a_rule=may_exceed)
        wished, full = message.due_at, list[date]()
        at: datetime | None = None
        while wished is not None:
            at = self._room(draft, hours, message, wished, may_exceed)
            if at is not None:
                break
            full.append(wished.astimezone(draft.hours.zone).date())
            tomorrow = wall_first(full[-1] + _DAY, time.min, draft.hours.zone)
            wished = first_place(message.kind, hours, tomorrow, message.expires_at, day0=draft.day0)
        if reminds and at is not None and draft.was_said_shortly_before(message._replace(due_at=at), kept):
            return message._replace(due_at=None, notes=(_SAID_SHORTLY_BEFORE,))
        if at is not None:
            self._take(at)
            if message.kind is StepKind.RESTRICT and not reminds:
                insort(self._rules, at)
        if at == message.due_at:
            return message
        had = f"{' and '.join(map(say_day, full))} had enough texts" if full else "another text leaves within the hour"
        needs_nobody = reminds or message.asks_nobody
        return _moved(message, at, had, hours.zone, tells=() if needs_nobody else (TELL_IN_PERSON,))

    def _room(
        self, draft: Draft, hours: OpenHours, message: PlannedMessage, wished: datetime, may_exceed: bool
    ) -> datetime | None:
        """A moment on the local date of `wished`: apart from every other text, on a day that has room."""
        for gap in _GAPS:
            at = self._later(draft.day0, hours, message, wished, gap)
            if at is not None and (may_exceed or not self._is_full(at)):
                return at
            at = self._earlier(draft, hours, message, wished, gap)
            if at is not None and (may_exceed or not self._is_full(at)):
                return at
        return None

    def _later(
        self, day0: date | None, hours: OpenHours, message: PlannedMessage, wished: datetime, gap: timedelta
    ) -> datetime | None:
        at: datetime | None = wished
        while at is not None and (clashes := self._clashes(message, at, gap)):
            at = first_place(message.kind, hours, clashes[-1] + gap, message.expires_at, day0=day0)
            if at is not None and not _is_same_date(at, wished, hours):
                return None
        return at

    def _earlier(
        self, draft: Draft, hours: OpenHours, message: PlannedMessage, wished: datetime, gap: timedelta
    ) -> datetime | None:
        """Only for what leaves earlier than its nominal moment as it is."""
        if wished >= message.nominal_at:
            return None
        floor = max(message.not_before, draft.since) if draft.since else message.not_before
        at = wished
        while clashes := self._clashes(message, at, gap):
            at = clashes[0] - gap
        fits = at >= floor and _is_same_date(at, wished, hours) and hours.is_open(at, day0=draft.day0)
        return at if fits else None

    def _clashes(self, message: PlannedMessage, at: datetime, gap: timedelta) -> list[datetime]:
        """The instants that are too near; to a lift, also a `restrict` text of the hour after it."""
        near = self._taken[bisect_right(self._taken, at - gap) : bisect_left(self._taken, at + gap)]
        if message.kind is StepKind.LIFT:
            near += self._rules[bisect_right(self._rules, at - gap) : bisect_left(self._rules, at + APART)]
        return sorted(near)

    def _is_full(self, at: datetime) -> bool:
        return any(self._texts[day] >= self._most for day in self._dates(at))

    def _take(self, at: datetime) -> None:
        self._texts.update(self._dates(at))
        insort(self._taken, at)

    def _dates(self, at: datetime) -> list[tuple[str, date]]:
        return [(name, at.astimezone(zone).date()) for name, zone in self._zones.items()]


def _is_same_date(one: datetime, other: datetime, hours: OpenHours) -> bool:
    return one.astimezone(hours.zone).date() == other.astimezone(hours.zone).date()


def _off_quiet_day(message: PlannedMessage, hours: OpenHours, day0: date | None) -> PlannedMessage:
    """A text that only reminds, at the next opening after the quiet day on which it was to leave."""
    quiet = message.due_at or message.nominal_at
    due = first_place(message.kind, hours, quiet, message.expires_at, day0=day0)
    why = f"{say_day(quiet.astimezone(hours.zone).date())} is a quiet day"
    return _moved(message, due, why, hours.zone, tells=())


def _moved(
    message: PlannedMessage, due: datetime | None, why: str, zone: ZoneInfo, tells: tuple[str, ...]
) -> PlannedMessage:
    notes = [note for note in message.notes if not note.startswith(_MOVED)]  # it has left that moment, too
    if due is None:
        return message._replace(due_at=None, notes=(*notes, f"{_NO_PLACE}: {why}", *tells))
    late = message.late_text if leaves_late(message.nominal_at, due, zone) else None
    text = late or message.text
    way = "earlier" if due < message.nominal_at else "later"
    notes.append(f"{_MOVED}{way}: {why}")
    return message._replace(due_at=due, text=text, segments=count_segments(text), notes=tuple(notes))
