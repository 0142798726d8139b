"""Quiet days: local dates of the patient on which no text leaves that can wait, such as `Sun,2026-12-25`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from schedules.saying import say_day

MOST_WEEKDAYS: Final = 3
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBER_OF: Final = {said.casefold(): day for day, name in enumerate(_WEEKDAYS) for said in (name, name[:3])}
_BETWEEN: Final = re.compile(r"[,;\s]+")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class QuietDays:
    """Weekdays (Monday is 0) and single dates; none unless said."""

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    @classmethod
    def parse(cls, text: str) -> QuietDays:
        """Read `Sun,2026-12-25`; a blank text is no quiet day. Raises ValueError with a sentence."""
        weekdays, dates = set[int](), set[date]()
        for word in filter(None, _BETWEEN.split(text)):
            if (day := _NUMBER_OF.get(word.casefold())) is not None:
                weekdays.add(day)
            else:
                dates.add(_read_date(word))
        if len(weekdays) > MOST_WEEKDAYS:
            said = ", ".join(_WEEKDAYS[day][:3] for day in sorted(weekdays))
            raise ValueError(f"{said} are {len(weekdays)} quiet weekdays; write at most three, and any dates")
        return cls(frozenset(weekdays), frozenset(dates))

    def __contains__(self, on: date) -> bool:
        return on.weekday() in self.weekdays or on in self.dates

    def __bool__(self) -> bool:
        return bool(self.weekdays or self.dates)

    def __or__(self, other: QuietDays) -> QuietDays:
        return QuietDays(self.weekdays | other.weekdays, self.dates | other.dates)

    def __str__(self) -> str:
        names = (_WEEKDAYS[day][:3] for day in sorted(self.weekdays))
        return ",".join([*names, *(on.isoformat() for on in sorted(self.dates))])


NO_QUIET_DAYS: Final = QuietDays()


@lru_cache(maxsize=512)
def quiet_days(text: str | None) -> QuietDays:
    """What is stored with an enrollment, or set; None is no quiet day. Raises ValueError with a sentence."""
    return QuietDays.parse(text) if text else NO_QUIET_DAYS


def clean_quiet_days(text: str) -> str:
    """The same days as they are stored: weekdays first, each once. Raises ValueError with a sentence."""
    return str(QuietDays.parse(text)) if text else ""


def say_quiet_days(text: str) -> str:
    """What is stored, as staff read it: `Sundays, Fri Dec 25 2026`."""
    days = quiet_days(text)
    weekdays = (f"{_WEEKDAYS[day]}s" for day in sorted(days.weekdays))
    return ", ".join([*weekdays, *(f"{say_day(on)} {on.year}" for on in sorted(days.dates))])


def _read_date(word: str) -> date:
    try:
        return date.fromisoformat(word if _DATE.fullmatch(word) else "")
    except ValueError:
        raise ValueError(
            f'"{word[:40]}" is no quiet day; write weekdays and dates with commas between, such as Sun,2026-12-25'
        ) from None
