"""How fast texts may leave: each sender's rate, and a pause where the provider asked for one or cannot be reached."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from notifier.domain.backoff import Random, backoff

_AHEAD = 0.25
"""Seconds: texts are claimed at most so long before their turn to leave."""


@dataclass(slots=True)
class Pace:
    """One worker's share of each sender's rate; a pause is for all of them.

    All instants are seconds of the monotonic clock.

    No burst: after an idle hour one text leaves at once, and the next one a full interval later.
    """

    per_second: float
    """Of each sender; 0: no limit."""
    next_at: dict[str | None, float] = field(default_factory=dict)
    """When the next text may leave, by sender."""
    paused_until: float = -math.inf
    failures: int = 0
    random: Random | None = None
    """None: every pause is as long as it is said to be."""

    def room(self, now: float, sender: str | None = None) -> int | None:
        """How many texts may be claimed for a sender now; None: as many as there are."""
        if now < self.paused_until:
            return 0
        if not self.per_second:
            return None
        return max(0, 1 + math.floor((now + _AHEAD - max(now, self._next(sender))) * self.per_second))

    def rooms(self, now: float, senders: Iterable[str | None]) -> dict[str | None, int] | None:
        """The same for each of these senders; None: as many as there are."""
        found = {sender: self.room(now, sender) for sender in senders}
        return {sender: room for sender, room in found.items() if room is not None} or None

    def take(self, now: float, sender: str | None = None) -> float:
        """When one more claimed text may leave."""
        if not self.per_second:
            return now
        leaves_at = max(now, self._next(sender))
        self.next_at[sender] = leaves_at + 1 / self.per_second
        return leaves_at

    def opens_at(self, now: float) -> float:
        """When there is room again for the first sender that has none now; `now` where all have some."""
        full = [at - _AHEAD for at in self.next_at.values() if at - _AHEAD > now] if self.per_second else []
        return max(now, min(full, default=now), self.paused_until)

    def is_paused(self, now: float) -> bool:
        """Whether nothing may leave, not even what is claimed."""
        return now < self.paused_until

    def failed(self, now: float, *, first: float, longest: float, asked: float | None = None) -> float:
        """Nothing leaves for a while; how many seconds: what the provider asked, else twice as long each time."""
        if not self.is_paused(now):  # what was in flight together failed together: once
            self.failures += 1
        wait = asked if asked is not None else backoff(self.failures, first=first, longest=longest, random=self.random)
        self.paused_until = max(self.paused_until, now + wait)
        return self.paused_until - now

    def _next(self, sender: str | None) -> float:
        return self.next_at.get(sender, -math.inf)

    def went_well(self) -> None:
        """The provider answers: the next pause begins small again."""
        self.failures = 0
