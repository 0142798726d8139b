"""Pairs: which two texts want to leave within an hour of each other. The plan puts one off; authors merge them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from itertools import combinations
from zoneinfo import ZoneInfo

from schedules.checks.density import applies, fullest_answers
from schedules.checks.findings import Finding
from schedules.checks.tried import tried_lengths
from schedules.daily_cap import APART
from schedules.moments import Anchor, Moments, place
from schedules.offsets import wall_first
from schedules.protocol import CareProtocol, StepKind
from schedules.send_window import SendWindow, open_hours

_ZONE = ZoneInfo("America/New_York")
_ORDINARY = date(2026, 6, 17)
_ENDS = tuple(time(hour, minute) for hour in range(8, 20) for minute in (0, 15, 30, 45))
"""When treatments end, up to the last call of the default window."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two steps whose texts come within an hour of each other, and the ends of treatments after which they do."""

    first: str
    second: str
    after: tuple[time, ...]

    @property
    def always(self) -> bool:
        """Whether they do so whenever the treatment ends."""
        return len(self.after) == len(_ENDS)

    def __str__(self) -> str:
        first, last = f"{self.after[0]:%H:%M}", f"{self.after[-1]:%H:%M}"
        when = "always" if self.always else f"after some treatments that end between {first} and {last}"
        return f'"{self.first}" and "{self.second}" want the same hour {when}; one of them waits'


def find_pairs(protocol: CareProtocol, window: SendWindow) -> list[Pair]:
    """All pairs of one protocol after the visit, in the order in which they show first."""
    found: dict[tuple[str, str], dict[time, None]] = defaultdict(dict)
    hours = open_hours(window, _ZONE)
    for answers in fullest_answers(protocol):
        steps = [
            step
            for step in protocol.planned_steps
            if step.enabled and step.kind is not StepKind.PREPARE and applies(protocol, step, answers)
        ]
        for at in _ENDS:
            anchor = Anchor(wall_first(_ORDINARY, at, _ZONE))
            moments = Moments.of(protocol, anchor, _ZONE, answers, tried_lengths(protocol, anchor)[0])
            placed = [(slot.due_at, slot.step.key) for slot in place(steps, moments, hours, None) if slot.due_at]
            for (sooner, first), (later, second) in combinations(sorted(placed), 2):
                if later - sooner < APART:
                    found[min(first, second), max(first, second)][at] = None
    return [Pair(*pair, tuple(sorted(after))) for pair, after in found.items()]


def check_pairs(protocol: CareProtocol, pairs: list[Pair]) -> Iterator[Finding]:
    """Those that always collide and are for the same patients, so that their author can merge them."""
    for pair in pairs:
        if pair.always and protocol.conditions[pair.first] == protocol.conditions[pair.second]:
            what = f'always wants the same hour as "{pair.first}", so one of them waits'
            yield Finding(protocol.id, what, "merge the two, or move one by an hour", pair.second, is_warning=True)
