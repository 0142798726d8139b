"""An outage, as it is written: `Tue 02:00-Wed 09:00`, or `twilio Tue 02:00-Wed 09:00` of Twilio alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.refused import Refused

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WRITTEN: Final = re.compile(r"\s*(?:(twilio)\s+)?(\w{3}) (\d\d):(\d\d)\s*-\s*(\w{3}) (\d\d):(\d\d)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outage:
    """While it lasts, no worker runs and nobody can use the program; patients write all the same. UTC."""

    begins: datetime
    ends: datetime
    of_twilio: bool = False
    """Whether everything runs, and Twilio alone does not answer."""


def parse_outage(text: str, since: datetime, zone: ZoneInfo) -> Outage:
    """The first one after `since`, on the clinic's clock. Raises Refused."""
    found = _WRITTEN.fullmatch(text)
    if found is None or not {found[2].lower(), found[5].lower()} <= set(_DAYS):
        raise Refused(f'"{text}" is no outage: write it like "Tue 02:00-Wed 09:00"', "outage")
    try:
        begins = _next(found[2], time(int(found[3]), int(found[4])), since, zone)
        ends = _next(found[5], time(int(found[6]), int(found[7])), begins, zone)
    except ValueError:
        raise Refused(f'"{text}" has no such hour: write it like "Tue 02:00-Wed 09:00"', "outage") from None
    return Outage(begins, ends, of_twilio=found[1] is not None)


def _next(day: str, at: time, after: datetime, zone: ZoneInfo) -> datetime:
    local = after.astimezone(zone)
    ahead = (_DAYS.index(day.lower()) - local.weekday()) % 7
    for days in (ahead, ahead + 7):
        moment = datetime.combine(local.date() + timedelta(days=days), at, zone).astimezone(ZoneInfo("UTC"))
        if moment > after:
            return moment
    raise AssertionError("a week has every day")
