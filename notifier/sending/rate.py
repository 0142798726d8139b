"""How fast texts may leave: each sender's rate, and pauses: a sender's own where the provider asked for one, and one of
all while the provider cannot be reached."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from notifier.domain.backoff import Random, backoff

_AHEAD = 0.25
"""Seconds: texts are claimed at most so long before their turn to leave."""


@dataclass(slots=True)
class Pace:
    """One worker's share of each sender's rate, and the pauses.

    All instants are seconds of the monotonic clock.

    No burst: after an idle hour one text leaves at once, and the next one a full interval later.
    """

    per_second: float
    """Of each sender; 0: no limit."""
    next_at: dict[str | None, float] = field(default_factory=dict)
    """When the next text may leave, by sender."""
    paused_until: float = -math.inf
    """All of them."""
    failures: int = 0
    holds: dict[str | None, _Hold] = field(default_factory=dict)
    """The pauses of one sender alone, by sender."""
    random: Random | None = None
    """None: every pause is as long as it is said to be."""

    def room(self, now: float, sender: str | None = None) -> int | None:
        """How many texts may be claimed for a sender now; None: as many as there are."""
        if self.is_paused(now, sender):
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

    def opens_at(self, now: float, senders: Collection[str | None] = (None,)) -> float:
        """When there is room again for the first of these senders; `now` where not all of them wait for a pause."""
        full = [at - _AHEAD for at in self.next_at.values() if at - _AHEAD > now] if self.per_second else []
        held = [self.holds[one].until for one in senders if self.is_paused(now, one) and one in self.holds]
        all_held = min(held) if len(held) == len(senders) else now
        return max(now, min(full, default=now), all_held, self.paused_until)

    def is_paused(self, now: float, sender: str | None = None) -> bool:
        """Whether nothing may leave through this sender, not even what is claimed."""
        hold = self.holds.get(sender)
        return now < self.paused_until or (hold is not None and now < hold.until)

    def failed(self, now: float, *, first: float, longest: float) -> float:
        """Nothing leaves for a while; how many seconds: twice as long each time."""
        if now >= self.paused_until:  # what was in flight together failed together: once
            self.failures += 1
        wait = backoff(self.failures, first=first, longest=longest, random=self.random)
        self.paused_until = max(self.paused_until, now + wait)
        return self.paused_until - now

    def hold(
        self, now: float, sender: str | None, *, first: float, longest: float, retry_after: float | None = None
    ) -> float:
        """Nothing leaves through this sender for a while; how many seconds: `retry_after`, else as above."""
        hold = self.holds.setdefault(sender, _Hold())
        if now >= hold.until:
            hold.failures += 1
        wait = (
            retry_after
            if retry_after is not None
            else backoff(hold.failures, first=first, longest=longest, random=self.random)
        )
        hold.until = max(hold.until, now + wait)
        return hold.until - now

    def _next(self, sender: str | None) -> float:
        return self.next_at.get(sender, -math.inf)

    def went_well(self, sender: str | None = None) -> None:
        """The provider takes what comes through this sender: the next pause begins small again."""
        self.failures = 0
        if hold := self.holds.get(sender):
            hold.failures = 0


@dataclass(slots=True)
class _Hold:
    until: float = -math.inf
    failures: int = 0
