"""Two texts to one number: how long the later one waits, where an outage, a hold or a late start made both due at once.

The plan keeps them an hour apart, at least a quarter. What is late comes back without its place, so the quarter is kept
again when a text leaves: within seconds a phone may show "you may again" above the rule. No text is lost by that: it
waits no longer than to the last moment at which it may still leave.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from notifier.domain.kinds import OF_NO_PLAN
from schedules.daily_cap import LEAST_APART
from schedules.moments import first_place
from schedules.protocol import StepKind
from schedules.send_window import LEAST_REMAINING, OpenHours

JUST_LEFT: Final = "another text has left for this number within 15 minutes"
"""Why a text waits for a moment."""
WAITS_FOR_NO_OTHER: Final = frozenset({*OF_NO_PLAN, StepKind.WARNING})
"""The kinds that leave at once: to a patient who has just written or stands at the desk, and what may be urgent."""
_TO_LEAVE_IN: Final = timedelta(minutes=1)
"""What is left for a claim, its last look and its call, where a text waits to its last moment."""


def waits_until(
    kind: str,
    hours: OpenHours,
    *,
    last_left: datetime | None,
    closes: datetime,
    expires_at: datetime,
    now: datetime,
    day0: date | None,
) -> datetime | None:
    """Until when a text that may leave at `now` waits for the one before it; None: it leaves.

    `last_left`: when the latest of the plan's texts may have reached the number. `closes`: when the hours that are open
    now end.
    """
    if last_left is None or kind in WAITS_FOR_NO_OTHER or (apart := last_left + LEAST_APART) <= now:
        return None
    last_moment = min(closes - LEAST_REMAINING, expires_at) - _TO_LEAVE_IN
    for until in (apart, last_moment):
        if until > now and first_place(kind, hours, until, expires_at, day0=day0) == until:
            return until
    return None
