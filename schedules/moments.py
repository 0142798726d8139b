"""Moments: from a step's nominal moment to the open one in which its text leaves.

Outside the send window `lift`, `ask`, `expect`, `check_in` and `rebook` move later, an `ask` also to a day with enough
staffed hours left; `warning`, `restrict` and `care` move earlier on their own local date, never before the anchor, else
later: `care` on that date, the others to the next opening; `prepare` moves earlier, across dates if it must, never
before the enrollment. A quiet day moves texts as the night does, `care` to the next open date, too; but a clinic's own
hold neither a `warning` nor a rule that nobody has told yet. A `restrict` text is useful while every restriction that
it names holds. What finds no place before it expires has none: staff tell the patient in person; of a question they
need not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schedules.conditions import Answers
from schedules.offsets import NOT_YET, Length, wall_first
from schedules.own_lengths import AS_THE_PROTOCOL, OwnLengths
from schedules.planned import WAITS_UNTIL_CLEARED
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.saying import say_moment
from schedules.send_window import OpenHours

TELL_IN_PERSON = "tell the patient in person"
NOT_TOLD = "not told"
"""Why a lift has no moment: nobody has told the patient the rule that it lifts."""
ASK_AFTER = timedelta(days=7)
"""So long after the treatment staff are asked whether a gate without a length is cleared."""
_ENROLLED_LATE = ("late: enrolled after its moment", "enrolled too late for it")
_MARKED_LATE = ("late: it had been cleared before this", "it was cleared too long ago to say it")
_NO_OPEN_HOUR = "no open hour before it expires"
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_NEXT_OPENING = frozenset({StepKind.WARNING, StepKind.RESTRICT})
"""Kinds that are better said on another date than not at all."""
_MOVES_EARLIER = _NEXT_OPENING | {StepKind.CARE}
_DAY = timedelta(days=1)
_LONGEST_WAY_EARLIER = 7 * _DAY
"""How far a `prepare` text may move earlier where no enrollment sets the limit."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a plan counts from: the end of the treatment (T0), or the appointment while there is no T0 yet."""

    at: datetime
    treated: bool = True

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"{self.at.isoformat()} has no time zone; an anchor is an aware instant")
        if not _FIRST_YEAR <= self.at.year < _LAST_YEAR:
            raise ValueError(f"{self.at:%Y-%m-%d} is not between {_FIRST_YEAR} and {_LAST_YEAR - 1}; check the date")
        object.__setattr__(self, "at", self.at.astimezone(UTC))


class Moments(NamedTuple):
    """Anchor, day 0 and the end of each restriction that holds for this patient."""

    anchor: Anchor
    zone: ZoneInfo
    day0: date | None
    """The local date of the treatment; None before it."""
    ends: Mapping[str, datetime]
    """By topic; `NOT_YET` where it ends with a gate that staff have not opened."""
    own: OwnLengths = AS_THE_PROTOCOL
    asks: Mapping[str, datetime] = MappingProxyType({})
    """By topic that ends with a gate: when it may be asked whether that is cleared."""

    @classmethod
    def of(
        cls,
        protocol: CareProtocol,
        anchor: Anchor,
        zone: ZoneInfo,
        answers: Answers,
        own: OwnLengths = AS_THE_PROTOCOL,
    ) -> Moments:
        holds = {
            topic: restriction
            for topic, restriction in protocol.restrictions.items()
            if anchor.treated and restriction.holds(answers)
        }
        ends = {topic: own.end(topic, one, anchor.at, zone) for topic, one in holds.items()}
        asks = {
            topic: over if (over := own.length_over(topic, one, anchor.at, zone)) > anchor.at else anchor.at + ASK_AFTER
            for topic, one in holds.items()
            if one.is_gate
        }
        return cls(anchor, zone, anchor.at.astimezone(zone).date() if anchor.treated else None, ends, own, asks)

    def lengths(self, protocol: CareProtocol, until: Mapping[str, datetime]) -> dict[str, Length]:
        """By topic: how long each restriction holds, in whole days where it holds `until` another instant than its own.

        Before the visit too, when nothing has an end yet.
        """
        own = ((topic, self.own.length(topic, restriction)) for topic, restriction in protocol.restrictions.items())
        other = {topic for topic, end in until.items() if end != self.ends.get(topic)}
        return {
            topic: Length.until(until[topic], self.anchor.at) if topic in other and until[topic] < NOT_YET else length
            for topic, length in own
            if length is not None
        }

    def own_topics(self, protocol: CareProtocol) -> frozenset[str]:
        """Topics whose end for this patient is not what the protocol says by itself."""
        if not self.own.said:
            return frozenset()
        return frozenset(
            topic
            for topic in self.own.said.keys() & protocol.restrictions.keys()
            if self.own.said[topic] != protocol.restrictions[topic].unless_said
        )

    def nominal(self, step: Step) -> datetime:
        """When the step wants to be said; one before the anchor becomes the anchor (but for `prepare`).

        Of a lift that waits for a gate: when it may be asked whether that is cleared.
        """
        if step.at is None:
            ends = [end if (end := self.ends[topic]) < NOT_YET else self.asks[topic] for topic in step.lifts]
            return max(ends)
        at = step.at.after(self.anchor.at, self.zone)
        return at if step.kind is StepKind.PREPARE else max(at, self.anchor.at)

    def limits(self, step: Step, nominal: datetime, enrolled_at: datetime | None) -> tuple[datetime, datetime]:
        """`not_before` and `expires_at`: a text is stale, too, once a restriction that it speaks of has ended."""
        useful = [nominal + step.stale_after.length] if step.stale_after else []
        if (occurrence := step.occurrence) and occurrence.following:
            useful.append(occurrence.following.after(self.anchor.at, self.zone))
        if step.kind is StepKind.PREPARE:
            return enrolled_at or nominal - _LONGEST_WAY_EARLIER, min(*useful, self.anchor.at)
        expires = min([*useful, *[self.ends[topic] for topic in step.still_held]])
        return nominal if step.kind is StepKind.LIFT else self.anchor.at, expires

    def waits(self, step: Step) -> bool:
        """Whether a gate that it lifts is still closed."""
        return bool(self.asks) and any(self.ends[topic] >= NOT_YET for topic in step.lifts)


def is_superseded(slot: Slot, moments: Moments) -> bool:
    """Whether it is an occurrence of a repeat whose next one was due before the treatment had ended."""
    return slot.step.occurrence is not None and slot.expires_at <= moments.anchor.at and moments.anchor.treated


class Slot(NamedTuple):
    """A step's place in time, before it has words."""

    step: Step
    nominal_at: datetime
    not_before: datetime
    expires_at: datetime
    due_at: datetime | None
    is_gated: bool = False
    """Whether it lifts a gate, be that open or not."""

    def is_late(self, zone: ZoneInfo) -> bool:
        """Whether it leaves on a later local date than its nominal one."""
        return self.due_at is not None and leaves_late(self.nominal_at, self.due_at, zone)

    def notes(self, hours: OpenHours, enrolled_at: datetime | None) -> tuple[str, ...]:
        """Why it does not leave at its nominal moment, in words. `hours`: those of the patient."""
        if self.due_at == self.nominal_at:
            return ()
        if self.not_before >= NOT_YET:
            return (WAITS_UNTIL_CLEARED,)
        hours = _hours_of(self.step, hours)
        asks = self.step.kind is StepKind.ASK
        tells_a_rule = bool(self.step.named_rules)
        reminds = self.step.occurrence is not None and self.step.occurrence.reminds and not tells_a_rule
        if enrolled_at and self.nominal_at < enrolled_at:
            late, too_late = _MARKED_LATE if self.is_gated else _ENROLLED_LATE
            why = late if self.due_at else too_late
        elif self.due_at is None:
            why = "no open hour with two staffed ones left before it expires" if asks else _NO_OPEN_HOUR
            why += ": a quiet day" if hours.is_quiet(self.nominal_at) else ""
        else:
            way = "later" if self.due_at > self.nominal_at else "earlier"
            closed = hours.why_closed(self.nominal_at, self.due_at)
            why = f"moved {way} from {say_moment(self.nominal_at, hours.zone)}: {closed}"
            why += " or too late in the staffed hours" if asks else ""
        return (why,) if self.due_at or asks or reminds else (why, TELL_IN_PERSON)


def hours_for(kind: str, hours: OpenHours, *, tells_a_rule: bool) -> OpenHours:
    """When a text of this kind may leave. `tells_a_rule`: it names one that nobody has told the patient yet."""
    return hours.on_quiet_days_too if kind == StepKind.WARNING or tells_a_rule else hours


def leaves_late(nominal_at: datetime, at: datetime, zone: ZoneInfo) -> bool:
    """Whether `at` is on a later local date than the nominal moment."""
    return at.astimezone(zone).date() > nominal_at.astimezone(zone).date()


def place(steps: Sequence[Step], moments: Moments, hours: OpenHours, enrolled_at: datetime | None) -> list[Slot]:
    """Give every step its moment, oldest first, as if nobody counted the texts of a day."""
    return sorted([_place_one(step, moments, hours, enrolled_at) for step in steps], key=_in_order)


def _hours_of(step: Step, hours: OpenHours) -> OpenHours:
    """A rule is taken to be untold here: whether a text only reminds shows once all have their places."""
    if hours.on_quiet_days_too is hours:
        return hours
    return hours_for(step.kind, hours, tells_a_rule=bool(step.named_rules))


def _place_one(step: Step, moments: Moments, hours: OpenHours, enrolled_at: datetime | None) -> Slot:
    nominal = moments.nominal(step)
    if moments.waits(step):
        return Slot(step, nominal, NOT_YET, NOT_YET, None)
    hours = _hours_of(step, hours)
    not_before, expires = moments.limits(step, nominal, enrolled_at)
    earliest = max(not_before, enrolled_at) if enrolled_at else not_before
    is_gated = bool(moments.asks) and not moments.asks.keys().isdisjoint(step.lifts)
    if nominal >= earliest:
        due = _open_moment(step.kind, nominal, earliest, expires, hours, moments.day0)
    else:
        due = first_place(step.kind, hours, earliest, expires, day0=moments.day0)
    return Slot(step, nominal, not_before, expires, due, is_gated)


def _open_moment(
    kind: StepKind, nominal: datetime, earliest: datetime, expires: datetime, hours: OpenHours, day0: date | None
) -> datetime | None:
    if nominal >= expires:
        return None
    if kind is StepKind.ASK:
        return hours.first_staffed(nominal, expires, day0=day0)
    if hours.is_open(nominal, day0=day0):
        return nominal
    if kind is StepKind.PREPARE:
        return hours.previous_open(nominal, earliest, day0=day0)
    if kind not in _MOVES_EARLIER:
        return hours.next_open(nominal, expires, day0=day0)
    on = nominal.astimezone(hours.zone).date()
    earlier = hours.previous_open(nominal, max(_midnight(on, hours.zone), earliest), day0=day0)
    on_another_date = kind in _NEXT_OPENING or hours.is_quiet(nominal)
    last = expires if on_another_date else min(_midnight(on + _DAY, hours.zone), expires)
    return earlier or hours.next_open(nominal, last, day0=day0)


def first_place(
    kind: str, hours: OpenHours, at: datetime, before: datetime, *, day0: date | None = None
) -> datetime | None:
    """The first instant in [at, before) at which a text of this kind may leave, or None."""
    first = hours.first_staffed if kind == StepKind.ASK else hours.first_open
    return first(at, before, day0=day0)


def _in_order(slot: Slot) -> tuple[datetime, datetime]:
    return slot.due_at or slot.nominal_at, slot.nominal_at


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return wall_first(on, time.min, zone)
