"""A patient's texts as a page shows them: day by day on the patient's clock, each in its bubble."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from notifier.db.tables import Message
from notifier.domain.states import MessageState
from notifier.web.widgets.formats import day, hour
from schedules.planned import PlannedMessage
from schedules.segments import Segments, count_segments

_WAITS: Final = "waits"
"""In the place of the hour, of what waits for a gate."""
_NOT_SAID = frozenset({MessageState.EXPIRED, MessageState.CANCELLED, MessageState.SUPPRESSED})


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text."""

    step: str
    kind: str
    at: datetime
    """When it leaves; where no text will, the moment at which somebody should say it; of one that waits for a gate,
    when it may be asked whether that is cleared."""
    hour: str
    text: str
    segments: Segments
    notes: tuple[str, ...]
    in_person: bool
    """No text will say it: staff tell the patient."""
    asks_nobody: bool = False
    """No text will say it, and nobody has to: it was to remind, or to ask."""
    message: int | None = None
    state: str | None = None
    reason: str | None = None
    has_left: bool = False

    @property
    def is_off(self) -> bool:
        """Whether it is shown as something that is not said."""
        return self.asks_nobody or (self.state is not None and self.state in _NOT_SAID)


@dataclass(frozen=True, slots=True)
class Day:
    """One local date and its texts."""

    on: date
    name: str
    number: int
    """0 is the day of the treatment, or of the visit; negative before it."""
    bubbles: tuple[Bubble, ...]


def planned(messages: Iterable[PlannedMessage], zone: ZoneInfo) -> list[Bubble]:
    """The texts of a plan as bubbles; times are in `zone`."""
    return [
        Bubble(
            step=one.step,
            kind=one.kind.value,
            at=(at := one.due_at or one.nominal_at),
            hour=_WAITS if one.waits else hour(at, zone),
            text=one.text,
            segments=one.segments,
            notes=one.notes,
            in_person=not one.is_to_come and not one.asks_nobody,
            asks_nobody=not one.is_to_come and one.asks_nobody,
        )
        for one in messages
    ]


def stored(messages: Iterable[Message], zone: ZoneInfo, waits_for: dict[int, str]) -> list[Bubble]:
    """The texts of the outbox. `waits_for`: what keeps a planned one, by message."""
    found = []
    for one in messages:
        at = one.left_at or one.due_at or one.nominal_at
        text = one.sent_text or one.text
        is_gated = one.state is MessageState.PLANNED and one.due_at is None
        found.append(
            Bubble(
                step=one.step,
                kind=one.kind,
                at=at,
                hour=_WAITS if is_gated else hour(at, zone),
                text=text,
                segments=count_segments(text),
                notes=tuple(one.notes or ()),
                in_person=one.state is MessageState.EXPIRED,
                message=one.id,
                state=one.state.value,
                reason=waits_for.get(one.id or 0) or one.reason,
                has_left=one.left_at is not None,
            )
        )
    return sorted(found, key=lambda bubble: bubble.at)


def by_day(bubbles: Sequence[Bubble], zone: ZoneInfo, day0: date) -> list[Day]:
    """Bubbles by their day in `zone`; `day0` is the day of the treatment or visit."""
    in_order = sorted(bubbles, key=lambda bubble: bubble.at)
    return [
        Day(on, day(on), (on - day0).days, tuple(those))
        for on, those in groupby(in_order, key=lambda bubble: bubble.at.astimezone(zone).date())
    ]
