"""A count of one promise, which adds up over the patients: memory does not grow with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any


@dataclass(slots=True)
class Tally:
    """How many of each, the least and the most of something, and a sentence for each breach."""

    numbers: Counter[str] = field(default_factory=Counter)
    least: Any = None
    most: Any = None
    broken: list[str] = field(default_factory=list)

    def saw(self, value: timedelta | time) -> None:
        """One value more, of which the least and the most are kept."""
        self.least = value if self.least is None else min(self.least, value)
        self.most = value if self.most is None else max(self.most, value)

    def add(self, other: Tally) -> None:
        """What was counted of other patients."""
        self.numbers.update(other.numbers)
        self.broken += other.broken
        for value in (other.least, other.most):
            if value is not None:
                self.saw(value)


def length(span: timedelta) -> str:
    """A span in words: 5.0 s, 12 min, 3 h 05 min."""
    seconds = abs(span).total_seconds()
    minutes = int(seconds // 60)
    if not minutes:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def hour(at: time) -> str:
    """A time of day: 4:30 PM."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"
