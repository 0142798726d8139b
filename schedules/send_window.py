"""The send window: the hours in which a planned text may leave, on every clock that matters.

The window is the clinic's setting on the patient's own clock, and never outside 08:00-21:00 whatever the setting
(47 CFR 64.1200(c)(1), the federal hours, kept for care texts too). Where the number's area code points to other
zones, the federal hours hold on those clocks as well: an area code is not a location, so it may only narrow. On a quiet
day of the patient's own clock it does not open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo, available_timezones

from schedules.offsets import wall_first
from schedules.quiet_days import NO_QUIET_DAYS, QuietDays

EARLIEST, LATEST = time(8), time(21)
LEAST_REMAINING = timedelta(minutes=15)
"""What must remain of the window when a text is planned and when it is sent."""
LEAST_STAFFED = timedelta(hours=2)
"""What must remain of a day's staffed hours when a question leaves."""
_ONE_DAY = timedelta(days=1)
_CLOSED, _QUIET_DAY = "outside the send window", "a quiet day"
_PLACES = {
    "America/New_York": ("EST", "EDT", "ET", "EST/EDT", "EASTERN"),
    "America/Chicago": ("CST", "CDT", "CT", "CST/CDT", "CENTRAL"),
    "America/Denver": ("MST", "MDT", "MT", "MST/MDT", "MOUNTAIN"),
    "America/Los_Angeles": ("PST", "PDT", "PT", "PST/PDT", "PACIFIC"),
    "America/Anchorage": ("AKST", "AKDT", "ALASKA"),
    "Pacific/Honolulu": ("HST", "HAWAII"),
    "America/Puerto_Rico": ("AST",),
}
_PLACE_OF = {said: place for place, sayings in _PLACES.items() for said in sayings}
"""EST and MST are zones to IANA, but without summer time: a restriction would end an hour off its words."""
_OF_THIS_MACHINE = ("posix/", "right/", "posixrules", "localtime", "Factory")


@dataclass(frozen=True, slots=True)
class SendWindow:
    """Opening and closing time of day on the patient's clock."""

    opens: time = time(9)
    closes: time = time(20)
    quiet: QuietDays = NO_QUIET_DAYS
    """The clinic's, or the office's. A patient may wish for others besides."""

    def __post_init__(self) -> None:
        if not EARLIEST <= self.opens < self.closes <= LATEST:
            raise ValueError(
                f"the send window {self} is not within 08:00-21:00; write it like 09:00-20:00, "
                "never before 08:00 or after 21:00"
            )
        if _minutes(self.closes) - _minutes(self.opens) < 60:
            raise ValueError(f"the send window {self} is under an hour long; write it like 09:00-20:00")

    @classmethod
    def parse(cls, text: str, quiet: QuietDays = NO_QUIET_DAYS) -> SendWindow:
        """Read `09:00-20:00`; raises ValueError with a sentence."""
        found = re.fullmatch(r"\s*(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)\s*", text)
        a, b, c, d = map(int, found.groups()) if found else (24, 0, 24, 0)
        try:
            opens, closes = time(a, b), time(c, d)
        except ValueError:
            raise ValueError(f'"{text}" is not a send window; write it like 09:00-20:00') from None
        return cls(opens, closes, quiet)

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


DEFAULT_WINDOW = SendWindow()


class _Day(NamedTuple):
    """The window of one local date, as instants in UTC."""

    opens: datetime
    last_call: datetime
    """The last instant with enough of the window remaining."""
    closes: datetime
    begins: datetime
    ends: datetime
    """Of the date itself: the first instant of the next."""


class _Days(dict[date, _Day]):
    """The windows of one zone's dates, each worked out once; that of a quiet one is empty."""

    def __init__(self, zone: ZoneInfo, opens: time, closes: time, quiet: QuietDays) -> None:
        self._zone, self._opens, self._closes, self._quiet = zone, opens, closes, quiet

    def __missing__(self, on: date) -> _Day:
        opens = wall_first(on, self._opens, self._zone)
        closes = opens if on in self._quiet else wall_first(on, self._closes, self._zone)
        begins, ends = (wall_first(one, time.min, self._zone) for one in (on, on + _ONE_DAY))
        self[on] = day = _Day(opens, closes - LEAST_REMAINING, closes, begins, ends)
        return day


class _Clock:
    """One zone's clock and the hours on it in which a text may leave."""

    def __init__(self, zone: ZoneInfo, opens: time, closes: time, quiet: QuietDays = NO_QUIET_DAYS) -> None:
        self._zone, self._quiet = zone, quiet
        self._days = _Days(zone, opens, closes, quiet)
        self._last: tuple[datetime, _Day] | None = None
        self._before: tuple[datetime, _Day] | None = None

    def day(self, at: datetime) -> _Day:
        """The window of the local date on which `at` falls."""
        last, before = self._last, self._before  # all texts of a batch are decided for one moment, and its next date
        if last is not None and last[0] is at:
            return last[1]
        if before is not None and before[0] is at:
            return before[1]
        self._before, self._last = last, (at, day := self._days[at.astimezone(self._zone).date()])
        return day

    def next_opening(self, after: datetime) -> datetime:
        if after < (opens := self.day(after).opens) and not self._quiet:
            return opens
        on = after.astimezone(self._zone).date()
        while on in self._quiet or self._days[on].opens <= after:
            on += _ONE_DAY
        return self._days[on].opens

    def previous_last_call(self, before: datetime) -> datetime:
        on = before.astimezone(self._zone).date()
        while on in self._quiet or (call := self._days[on].last_call) >= before:
            on -= _ONE_DAY
        return call


class Staffed(Protocol):
    """When somebody reads what patients write, on the clinic's clock."""

    def __hash__(self) -> int:
        """The same hours are asked for again and again."""

    def left(self, at: datetime, until: datetime | None = None) -> timedelta:
        """How much staffed time is left on the local date of that instant; up to `until`, where that is sooner."""

    def next_date(self, at: datetime) -> datetime:
        """When the next local date begins."""


class OpenHours:
    """A window on one patient's clocks: asks "open?", "open until?", "first?", "last?" about instants in UTC."""

    def __init__(
        self,
        window: SendWindow,
        zone: ZoneInfo,
        area_zones: Sequence[ZoneInfo] = (),
        staffed: Staffed | None = None,
        wish: QuietDays = NO_QUIET_DAYS,
    ) -> None:
        """`staffed`: when a question may leave; None: whenever a text may. `wish`: the patient's own quiet days."""
        self.zone = zone
        self._staffed = staffed
        self._quiet = window.quiet | wish
        self._own = _Clock(zone, window.opens, window.closes, self._quiet)
        self._area = tuple(_Clock(other, EARLIEST, LATEST) for other in area_zones if other.key != zone.key)
        self._all = (self._own, *self._area)
        self.on_one_clock = not self._area
        """No other zone's clock counts, so the date of the treatment makes no difference."""
        every_day = replace(window, quiet=NO_QUIET_DAYS)
        self.on_quiet_days_too = OpenHours(every_day, zone, area_zones, staffed, wish) if window.quiet else self
        """The same for what does not wait for a clinic's quiet day to pass; the patient's own still holds it."""

    def whole_day(self, at: datetime) -> tuple[datetime, datetime]:
        """When the patient's local date begins on which `at` falls, and when the next one does."""
        day = self._own.day(at)
        return day.begins, day.ends

    def is_quiet(self, at: datetime) -> bool:
        """Whether it is a quiet day on the patient's own clock."""
        return bool(self._quiet) and at.astimezone(self.zone).date() in self._quiet

    def why_closed(self, at: datetime, opens: datetime) -> str:
        """Why nothing leaves at `at` but at `opens`, later or earlier; in words."""
        if not self._quiet or self.is_quiet(at):
            return _QUIET_DAY if self._quiet else _CLOSED
        first, last = sorted(one.astimezone(self.zone).date() for one in (at, opens))
        dates = (first + _ONE_DAY * ahead for ahead in range((last - first).days))
        return f"{_CLOSED}, then {_QUIET_DAY}" if any(on in self._quiet for on in dates) else _CLOSED

    def open_until(self, at: datetime, *, day0: date | None = None) -> datetime | None:
        """When the window that is open at `at` closes, or None where it is closed.

        On `day0`, the date of the treatment, the patient is at the clinic: only the patient's own clock counts.
        """
        if not self._area:
            own = self._own.day(at)
            return own.closes if own.opens <= at < own.closes else None
        days = [clock.day(at) for clock in self._clocks(at, day0)]
        return min(day.closes for day in days) if all(day.opens <= at < day.closes for day in days) else None

    def is_open(self, at: datetime, *, day0: date | None = None) -> bool:
        """Whether a text may leave now, with enough of the window remaining."""
        own = self._own.day(at)
        if not own.opens <= at <= own.last_call:
            return False
        if not self._area:
            return True
        days = [clock.day(at) for clock in self._clocks(at, day0)]
        return all(day.opens <= at <= day.last_call for day in days)

    def first_open(self, at: datetime, before: datetime, *, day0: date | None = None) -> datetime | None:
        """The first open instant in [at, before), or None."""
        if at < before and self.is_open(at, day0=day0):
            return at
        return self.next_open(at, before, day0=day0)

    def first_staffed(self, at: datetime, before: datetime, *, day0: date | None = None) -> datetime | None:
        """The first open instant in [at, before) with enough of its day's staffed hours left, or None.

        Its day is the clinic's and the patient's: an evening far in the west is a new day at the clinic, and its
        answers would lie there for a night.
        """
        while (opens := self.first_open(at, before, day0=day0)) is not None and self._staffed is not None:
            midnight = wall_first(opens.astimezone(self.zone).date() + _ONE_DAY, time.min, self.zone)
            if self._staffed.left(opens, midnight) >= LEAST_STAFFED:
                break
            at = min(midnight, self._staffed.next_date(opens))
        return opens

    def next_open(self, after: datetime, before: datetime, *, day0: date | None = None) -> datetime | None:
        """The first open instant in (after, before), where `after` is closed: an opening of one of the clocks."""
        if not self._area:  # nobody else's clock can object
            opens = self._own.next_opening(after)
            return opens if opens < before else None
        at = after
        while (at := min([clock.next_opening(at) for clock in self._all])) < before:
            if self.is_open(at, day0=day0):
                return at
        return None

    def previous_open(self, at: datetime, since: datetime, *, day0: date | None = None) -> datetime | None:
        """The last open instant in [since, at), where `at` is closed: a last call of one of the clocks."""
        while (at := max([clock.previous_last_call(at) for clock in self._all])) >= since:
            if self.is_open(at, day0=day0):
                return at
        return None

    def _clocks(self, at: datetime, day0: date | None) -> Sequence[_Clock]:
        if self._area and (day0 is None or at.astimezone(self.zone).date() != day0):
            return self._all
        return (self._own,)


@lru_cache(maxsize=512)
def open_hours(
    window: SendWindow,
    zone: ZoneInfo,
    area_zones: tuple[ZoneInfo, ...] = (),
    staffed: Staffed | None = None,
    wish: QuietDays = NO_QUIET_DAYS,
) -> OpenHours:
    """The same hours for every patient of one place who wishes for the same quiet days."""
    return OpenHours(window, zone, area_zones, staffed, wish)


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises ValueError with a sentence."""
    if place := _PLACE_OF.get(name.strip().upper()):
        raise ValueError(f'"{name}" names no place, so not when its clocks change; write {place}')
    try:
        return ZoneInfo("" if name.startswith(_OF_THIS_MACHINE) else name)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(name.strip().replace(" ", "_"), available_timezones(), n=1)
        instead = near[0] if near else "America/New_York"
        raise ValueError(f'"{name}" is not a time zone; write an IANA name such as {instead}') from None
