"""What a long-running part of the house asks of a clock; everything else gets `now` as an argument."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Timekeeper(Protocol):
    """Wall time says when a text is due; monotonic time says how long something took, whatever the wall clock does."""

    def now(self) -> datetime:
        """This instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump and never run backwards; only differences mean anything."""
        ...

    def machine_time(self, at: datetime) -> datetime:
        """What the machine's own wall clock shows at that instant (another one only where the clock is shifted)."""
        ...
