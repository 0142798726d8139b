"""When somebody reads what patients write: `Mon-Fri 09:00-17:00; Sat 10:00-14:00`, on the clinic's clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from schedules.offsets import wall_first

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART: Final = re.compile(
    r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+([0-9]{1,2}:[0-9]{2})\s*-\s*([0-9]{1,2}:[0-9]{2})", re.IGNORECASE
)
_MIDNIGHT: Final = 24 * 60
_LOOK_BACK: Final = timedelta(days=14)
"""Every week has a staffed hour, so further back nothing more is learned."""


@dataclass(frozen=True, slots=True)
class StaffedHours:
    """Spans of a week, as (weekday from Monday = 0, first minute, minute after the last)."""

    spans: tuple[tuple[int, int, int], ...]

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read the setting. Raises ValueError with a sentence."""
        spans: list[tuple[int, int, int]] = []
        for part in filter(None, (one.strip() for one in words.split(";"))):
            found = _PART.fullmatch(part)
            days = _days(found[1], found[2]) if found else ()
            opens, closes = (_minute(found[3]), _minute(found[4])) if found else (None, None)
            if not days or opens is None or closes is None or opens >= closes:
                raise ValueError(
                    f'"{part}" is no staffed time; write days and hours like Mon-Fri 09:00-17:00, and part them with ;'
                )
            spans += [(day, opens, closes) for day in days]
        if not spans:
            raise ValueError("there is no staffed time in it; write it like Mon-Fri 09:00-17:00; Sat 10:00-14:00")
        return cls(tuple(sorted(set(spans))))

    def __str__(self) -> str:
        return "; ".join(
            f"{_DAYS[day].capitalize()} {opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"
            for day, opens, closes in self.spans
        )

    def include(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether somebody is there at that instant."""
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return any(day == local.weekday() and opens <= minute < closes for day, opens, closes in self.spans)

    def passed(self, since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
        """For how long between the two instants somebody was there; of the last two weeks alone."""
        since = max(since, until - _LOOK_BACK)
        day, last, found = since.astimezone(zone).date(), until.astimezone(zone).date(), timedelta()
        while day <= last:
            for weekday, opens, closes in self.spans:
                if weekday == day.weekday():
                    begins, ends = max(since, _at(day, opens, zone)), min(until, _at(day, closes, zone))
                    found += max(timedelta(), ends - begins)
            day += timedelta(days=1)
        return found

    def next_change(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When whoever is there leaves, or the next person comes; UTC."""
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        for ahead in range(8):
            day = local.date() + timedelta(days=ahead)
            for weekday, opens, closes in self.spans:
                if weekday == day.weekday() and (ahead or closes > minute):
                    return _at(day, closes if not ahead and opens <= minute else opens, zone)
        return None

    def last_closing(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the last person left, most lately up to that instant, today or yesterday; None while one is there."""
        if self.include(at, zone):
            return None
        days = (at - timedelta(days=1), at)
        ended = [closing for one in days if (closing := self.closing(one, zone)) is not None and closing <= at]
        return max(ended, default=None)

    def closing(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the last person leaves on the local date of that instant; None where nobody came."""
        local = at.astimezone(zone)
        ends = [closes for day, _, closes in self.spans if day == local.weekday()]
        if not ends:
            return None
        start = datetime.combine(local.date(), time.min)
        return (start + timedelta(minutes=max(ends))).replace(tzinfo=zone)


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a minute of a local day; one that does not exist is later by the gap."""
    local = datetime.combine(day, time.min) + timedelta(minutes=minute)
    return local.replace(tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class StaffedClock:
    """Staffed hours on the clock of their place."""

    hours: StaffedHours
    zone: ZoneInfo

    def left(self, at: datetime, until: datetime | None = None) -> timedelta:
        """How much staffed time is left on the local date of that instant; up to `until`, where that is sooner.

        Of whole minutes: what is due as two hours are left still has them some seconds later.
        """
        ends = self.next_date(at)
        ends = ends if until is None else min(ends, until)
        return self.hours.passed(at.replace(second=0, microsecond=0), ends, self.zone)

    def next_date(self, at: datetime) -> datetime:
        """When the next local date begins; UTC."""
        return wall_first(at.astimezone(self.zone).date() + timedelta(days=1), time.min, self.zone)

    def next_opening(self, at: datetime) -> datetime | None:
        """When somebody comes on the first later date on which somebody does; UTC."""
        for _ in range(7):
            at = self.next_date(at)
            day = at.astimezone(self.zone)
            opens = [opens for weekday, opens, _ in self.hours.spans if weekday == day.weekday()]
            if opens:
                hour, minute = divmod(min(opens), 60)
                return wall_first(day.date(), time(hour, minute), self.zone)
        return None


def _days(first: str, last: str | None) -> tuple[int, ...]:
    try:
        start = _DAYS.index(first.lower())
        end = _DAYS.index(last.lower()) if last else start
    except ValueError:
        return ()
    return tuple((start + ahead) % 7 for ahead in range((end - start) % 7 + 1))


def _minute(words: str) -> int | None:
    hours, minutes = map(int, words.split(":"))
    found = hours * 60 + minutes
    return found if minutes < 60 and found <= _MIDNIGHT else None
