"""When a text that Twilio accepted and lost may leave again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifier.sms.code_classes import AfterAcceptance
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
