"""Days and times as booking systems write them. What could be read in two ways is refused, never guessed."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import cache
from typing import Final

from babel import Locale

from notifier.domain.refused import Refused
from schedules.languages import registry

_MARKS: Final = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SPACES: Final = re.compile(r"\s+")
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMBERS: Final = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_DAY_FIRST: Final = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?(?:\s+de)?[\s.-]*([^\W\d_]{3,})\.?(?:\s+de)?[\s,.-]*(\d{4})(?!\d)"
)
_MONTH_FIRST: Final = re.compile(r"([^\W\d_]{3,})\.?\s*(\d{1,2})(?:st|nd|rd|th)?[\s,]+(\d{4})(?!\d)")
_TIME: Final = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*(?:([ap])\.?\s?m\.?)?(?![\d:/-])", re.IGNORECASE
)
_OFFSET: Final = re.compile(r"[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})$")


def clean(cell: str) -> str:
    """A cell without invisible marks, with plain dashes and single spaces, and out of a spreadsheet's `="…"`."""
    plain = _SPACES.sub(" ", _MARKS.sub("", cell).replace("\u2013", "-").replace("\u2014", "-").replace("\u2212", "-"))
    plain = plain.strip()
    if plain.startswith('="') and plain.endswith('"'):
        plain = plain[2:-1]
    return plain.removeprefix("'").strip()


def read_day(cell: str, order: str | None, column: str) -> tuple[date, str]:
    """The date in a cell, and what is left of it: perhaps a time. Raises Refused."""
    text = clean(cell)
    for pattern, read in ((_ISO, _iso), (_NUMBERS, _numbers), (_DAY_FIRST, _day_first), (_MONTH_FIRST, _month_first)):
        if found := pattern.search(text):
            try:
                day = read(found, order)
            except (ValueError, KeyError):
                continue
            return day, f"{text[: found.start()]} {text[found.end() :]}".strip(" ,T")
    if _NUMBERS.search(text) and order is None:
        raise Refused(
            f'{column} "{text[:40]}" could be read with the day or the month first; say order = "month/day/year" or '
            f'"day/month/year" at {column} in the mapping',
            column,
        )
    raise Refused(f'{column} "{text[:40]}" is no date that can be read; write it like 2026-11-30', column)


def read_time(text: str, column: str) -> time:
    """The first time of day in a text; the other may be the end, as in 9:00 AM - 10:00 AM. Raises Refused."""
    for found in _TIME.finditer(clean(text)):
        hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
        if not half and found[2] is None:
            continue
        if half and not 1 <= hour <= 12:
            continue
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise Refused(f'{column} "{clean(text)[:40]}" has no time of day; write it like 9:30 AM or 13:30', column)


def read_offset(cell: str) -> datetime | None:
    """An instant that says its offset, as ISO 8601 does; None for any other cell."""
    text = clean(cell)
    return datetime.fromisoformat(text) if _OFFSET.search(text) else None


def _iso(found: re.Match[str], _order: str | None) -> date:
    return date(int(found[1]), int(found[2]), int(found[3]))


def _numbers(found: re.Match[str], order: str | None) -> date:
    one, two, year = int(found[1]), int(found[2]), int(found[3])
    if order is None:
        raise ValueError
    day, month = (one, two) if order == "day/month/year" else (two, one)
    return date(year + 2000 if year < 100 else year, month, day)


def _day_first(found: re.Match[str], _order: str | None) -> date:
    return date(int(found[3]), _months()[found[2].casefold()], int(found[1]))


def _month_first(found: re.Match[str], _order: str | None) -> date:
    return date(int(found[3]), _months()[found[1].casefold()], int(found[2]))


@cache
def _months() -> dict[str, int]:
    """Names of months in our languages, whole and short (CLDR)."""
    known: dict[str, int] = {"sept": 9}
    for language in registry.languages():
        for names in Locale.parse(language.about.dates.locale).months["format"].values():
            known |= {name.casefold().rstrip("."): number for number, name in names.items() if len(name) > 2}
    return known
