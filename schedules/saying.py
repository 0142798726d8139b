"""How staff read a date and an hour: in one way everywhere. What a patient reads is in `wording`, in that language."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from schedules.offsets import NOT_YET

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ONCE_CLEARED: Final = "once cleared"
"""When a lift leaves that waits for a gate."""


def say_day(on: date) -> str:
    """`Sat Mar 7`. Not remembered: an instant is equal to itself on another clock, where it may be another day."""
    return f"{_WEEKDAYS[on.weekday()]} {_MONTHS[on.month - 1]} {on.day}"


def say_hour(local: datetime | time) -> str:
    """`4:30 PM`, `noon` or `midnight`, of an instant that is on the right clock already."""
    if local.minute == 0 and local.hour % 12 == 0:
        return "noon" if local.hour else "midnight"
    return f"{local.hour % 12 or 12}:{local.minute:02} {'AM' if local.hour < 12 else 'PM'}"


def say_moment(at: datetime, zone: ZoneInfo, *, year: bool = False, home: ZoneInfo | None = None) -> str:
    """`Sat Mar 7, 4:30 PM` on the clock of `zone`, with the year where that is not plain.

    `home` is the clock that the reader lives by: where `zone` shows another hour, its short name follows (`PST`).
    """
    local = at.astimezone(zone)
    said = f"{say_day(local)}{f' {local.year}' if year else ''}, {say_hour(local)}"
    elsewhere = home is not None and at.astimezone(home).utcoffset() != local.utcoffset()
    return f"{said} {_short_name(local)}" if elsewhere else said


def say_end(end: datetime, zone: ZoneInfo) -> str:
    """When a restriction ends, with the year; `once cleared` while a gate is closed."""
    return ONCE_CLEARED if end >= NOT_YET else say_moment(end, zone, year=True)


def _short_name(local: datetime) -> str:
    """`PST`; the tz database has no letters for some zones, only an offset: then `UTC-03`."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{name}"
