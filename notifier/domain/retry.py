"""When to try again: a text that Twilio accepted and lost, and a provider that cannot be reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.outcomes import AfterAcceptance
from schedules.offsets import wall_first

_PACIFIC: Final = ZoneInfo("America/Los_Angeles")


def retry_at(why: AfterAcceptance, retries: int, at: datetime) -> datetime | None:
    """When a text that failed at `at` may leave again, after `retries` earlier retries; None: not by itself.

    The send window, staleness and the daily cap are checked again when it leaves.
    """
    decision = why.decision
    if retries >= decision.max_retries:
        return None
    later = at + decision.retry_delays[retries]
    if not decision.after_pacific_midnight:
        return later
    tomorrow = at.astimezone(_PACIFIC).date() + timedelta(days=1)
    return max(later, wall_first(tomorrow, time.min, _PACIFIC))


Random = Callable[[], float]
"""A number from 0 to 1, another one each time."""


def backoff(failures: int, *, first: float, longest: float, random: Random | None = None) -> float:
    """Seconds to wait after that many failures in a row: `first`, doubled each time, at most `longest`.

    `random`: for what many of us wait for at once. Then it is somewhere between half of that and all of it, so that
    those who failed together do not come back together.
    """
    return spread(min(longest, first * 2.0 ** min(max(failures - 1, 0), 20)), random)


def spread(seconds: float, random: Random | None) -> float:
    """Between half of a wait and all of it; None: all of it."""
    return seconds if random is None else seconds * (1 + random()) / 2
