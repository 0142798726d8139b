"""What a long-running part of the house asks of a clock; everything else gets `now` as an argument."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol


class Timekeeper(Protocol):
    """Wall time says when a text is due; monotonic time says how long something took, whatever the wall clock does."""

    def now(self) -> datetime:
        """This instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump and never run backwards; only differences mean anything."""
        ...

    def machine_now(self) -> datetime:
        """What the machine's own wall clock shows."""
        ...

    def machine_time(self, at: datetime) -> datetime:
        """What the machine's own wall clock shows at that instant (another one only where the clock is shifted)."""
        ...


LEAP: Final = timedelta(minutes=10)
"""A wall clock that moves so far against the monotonic one, or lies so far behind what has happened, is not trusted."""
STEP: Final = timedelta(seconds=2)
"""One that moves by more than this was set by somebody: it is compared before it is used again."""
AGREE: Final = timedelta(minutes=5)
"""Two clocks that are so near to each other say the same time."""


class ClockWatch:
    """Whether the wall clock may be trusted to say that a text is due.

    One that leaps ahead would send texts early, and one that is set back at night would send them in the day that it
    shows: neither can be undone. So after any step nothing leaves until another clock agrees, the clock is back where
    it was, or a person says that it is right.
    """

    def __init__(self) -> None:
        self.doubt: str | None = None
        """Why it is not trusted, in words for staff."""
        self.is_uncompared = False
        """It is a start or a small step, and no other clock was asked yet: no reason to alarm anybody."""
        self.reported: str | None = None
        """The doubt that staff can see; whoever keeps it for them sets it."""
        self.unheard: str | None = None
        """Why the provider could not be asked, as it was last logged: it is asked every few seconds."""
        self._offset: float | None = None
        """Wall clock minus monotonic clock, while it was last trusted."""
        self._leapt = False
        self._before_leap: tuple[str | None, bool] = (None, False)

    def begin(self, now: datetime, last: datetime | None) -> None:
        """Start watching. `last`: when this database was last in use, by its own rows (UTC)."""
        self.is_uncompared = last is None or now >= last - LEAP
        self.doubt = "the clock has not been compared with the provider's yet"
        if last is not None and not self.is_uncompared:
            self.doubt = f"the clock shows {_say(now)}, but this database was in use at {_say(last)}"

    def look(self, wall: datetime, monotonic: float) -> None:
        """Compare the two clocks of the machine, as often as anything depends on them."""
        offset = wall.timestamp() - monotonic
        gained = 0.0 if self._offset is None else offset - self._offset
        if abs(gained) <= LEAP.total_seconds():
            if self._leapt:  # and is back where it was
                self._leapt, (self.doubt, self.is_uncompared) = False, self._before_leap
            if abs(gained) > STEP.total_seconds() and self.doubt is None:
                self.doubt, self.is_uncompared = "the clock was set, and has not been compared since", True
            self._offset = offset
        elif not self._leapt:
            self._leapt, self._before_leap = True, (self.doubt, self.is_uncompared)
            moved = f"leapt {_span(gained)} ahead" if gained > 0 else f"was set back by {_span(-gained)}"
            self.doubt = f"the clock {moved}, and no other clock has confirmed it yet"
            self.is_uncompared = False

    def hear(self, now: datetime, provider: datetime | None) -> None:
        """Compare with the provider's clock (UTC); None where the provider does not say the time."""
        if provider is None:
            if self.is_uncompared:
                self.trust()
        elif abs(now - provider) <= AGREE:
            self.trust()
        else:
            shows = f"the clock shows {_say(now)}, but the provider's shows {_say(provider)}"
            self.doubt, self.is_uncompared = f"{shows}; set the machine's clock", False

    def trust(self) -> None:
        """Take the wall clock as right; the next look counts from here."""
        self.doubt, self.is_uncompared = None, False
        self._offset, self._leapt = None, False


def _say(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _span(seconds: float) -> str:
    hours = seconds / 3600
    if hours < 2:
        return f"{seconds / 60:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
