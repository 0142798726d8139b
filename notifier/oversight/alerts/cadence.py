"""When an alert is sent, and again, and to how many people: pure, of instants and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifier.domain.backoff import backoff

URGENT_AGAIN: Final = timedelta(minutes=5)
"""A patient may be unwell: told again until somebody has taken it or closed it."""
NEXT_PERSON: Final = timedelta(minutes=15)
"""After so long the next person is told too."""
RETURNS: Final = timedelta(minutes=30)
"""What was taken so long ago and is not closed comes back: whoever took it may have been called away."""
DIGEST_EVERY: Final = timedelta(hours=1)
"""At most: what is unread is one sentence for each office, never a flood."""
TOGETHER_FOR: Final = timedelta(minutes=1)
"""What comes so soon after one that was told waits, and is told as one."""
_LEASE: Final = timedelta(minutes=2)
"""Longer than any channel takes: whoever began to tell it that long ago has died."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for an alert; one alert is open for each key until the cause is gone."""

    key: str
    why: str
    again_after: timedelta | None = None
    """Told again after so long, for as long as it lasts."""
    clinical: bool = False
    """It concerns a patient, so people at an office are told; else those who run the machine."""
    office: str | None = None
    """Whose patients it concerns; None: no office's."""
    escalates: bool = False
    """The next person is told too where nobody takes it."""
    at_most_every: timedelta | None = None
    """Not told sooner than so long after the last alert of the same key, though that one is cleared."""
    together: str | None = None
    """What is said of `{many}` such causes at one office: the first is told at once, a burst behind it as one."""


def is_due(
    now: datetime, *, told_at: datetime | None, tried_at: datetime | None, tries: int, again_after: timedelta | None
) -> bool:
    """Whether an open alert is sent now: not yet sent or sent long ago, and not tried in vain a moment ago."""
    if told_at is not None and (again_after is None or now - told_at < again_after):
        return False
    if tried_at is None or (told_at is not None and tried_at <= told_at):
        return True
    longest = 900.0 if again_after is None else min(900.0, again_after.total_seconds())
    wait = timedelta(seconds=backoff(tries, first=60, longest=longest)) if tries else _LEASE
    return now - tried_at >= wait


def contacts_due(lasts: timedelta) -> int:
    """How many people, in their order, are told of what has lasted so long and nobody has taken."""
    return 1 + max(timedelta(), lasts) // NEXT_PERSON
