"""How fast texts may leave: the sender's rate, and a pause where the provider asked for one or cannot be reached."""

from __future__ import annotations

import math
from dataclasses import dataclass

from notifier.domain.retry import backoff

_AHEAD = 0.25
"""Seconds: texts are claimed at most so long before their turn to leave."""


@dataclass(slots=True)
class Pace:
    """One worker's share of a sender's rate. All instants are seconds of the monotonic clock.

    No burst: after an idle hour one text leaves at once, and the next one a full interval later.
    """

    per_second: float
    """0: no limit."""
    next_at: float = -math.inf
    paused_until: float = -math.inf
    failures: int = 0

    def room(self, now: float) -> int | None:
        """How many texts may be claimed now; None: as many as there are."""
        if now < self.paused_until:
            return 0
        if not self.per_second:
            return None
        return max(0, 1 + math.floor((now + _AHEAD - max(now, self.next_at)) * self.per_second))

    def take(self, now: float) -> float:
        """When one more claimed text may leave."""
        if not self.per_second:
            return now
        leaves_at = max(now, self.next_at)
        self.next_at = leaves_at + 1 / self.per_second
        return leaves_at

    def opens_at(self, now: float) -> float:
        """When there is room again."""
        rate = self.next_at - _AHEAD if self.per_second else now
        return max(now, rate, self.paused_until)

    def is_paused(self, now: float) -> bool:
        """Whether nothing may leave, not even what is claimed."""
        return now < self.paused_until

    def failed(self, now: float, *, first: float, longest: float, asked: float | None = None) -> float:
        """Nothing leaves for a while; how many seconds: what the provider asked, else twice as long each time."""
        if not self.is_paused(now):  # what was in flight together failed together: once
            self.failures += 1
        wait = asked if asked is not None else backoff(self.failures, first=first, longest=longest)
        self.paused_until = max(self.paused_until, now + wait)
        return self.paused_until - now

    def went_well(self) -> None:
        """The provider answers: the next pause begins small again."""
        self.failures = 0
