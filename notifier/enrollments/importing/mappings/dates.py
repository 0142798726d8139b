"""Days and times as booking systems write them. What could be read in two ways is refused, never guessed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from typing import Final

from babel import Locale

from notifier.domain.refused import Refused
from schedules.languages import registry

_MARKS: Final = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SPACES: Final = re.compile(r"\s+")
_ISO: Final = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_PLAIN: Final = re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})(?!\d)")
_NUMBERS: Final = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_YEAR: Final = r"(\d{4}|'?\d{2}(?!\d?[:.h]\d|\s?[ap]\.?\s?m))(?!\d)"
"""Of a named month; not the hour of "30 Nov 9:00"."""
_DAY_FIRST: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+(?:de|of))?[\s./-]*([^\W\d_]{{3,}})\.?(?:\s+de)?[\s,./-]*{_YEAR}",
    re.IGNORECASE,
)
_MONTH_FIRST: Final = re.compile(rf"([^\W\d_]{{3,}})\.?[\s-]*(\d{{1,2}})(?:st|nd|rd|th)?[\s,-]+{_YEAR}", re.IGNORECASE)
_YEAR_LAST: Final = re.compile(r"([^\W\d_]{3,})\.? (\d{1,2}) (\d{2}:\d{2}(?::\d{2})?(?: [A-Z]{3,4})?) (\d{4})$")
"""Mon Nov 30 09:00:00 EST 2026"""
_SERIAL: Final = re.compile(r"[45]\d{4}(?:\.\d+)?")
_FIRST_SERIAL: Final = date(1899, 12, 30)
"""A spreadsheet counts days from here; in this century's cells stands a number of five digits."""


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
    if _SERIAL.fullmatch(text):
        days, minutes = divmod(round(float(text) * 24 * 60), 24 * 60)
        return _FIRST_SERIAL + timedelta(days=days), f"{minutes // 60:02}:{minutes % 60:02}" if minutes else ""
    if found := _YEAR_LAST.search(text):
        text = f"{found[1]} {found[2]}, {found[4]} {found[3]}"
    for pattern, read in _WAYS:
        if found := pattern.search(text):
            try:
                day = read(found, order)
            except (ValueError, KeyError):
                continue
            return day, f"{text[: found.start()]} {text[found.end() :]}".strip(" ,T")
    if (found := _NUMBERS.search(text)) and order is None:
        raise Refused(
            f'{column} "{text[:40]}" could be read with the day or the month first; say order = "month/day/year" or '
            f'"day/month/year" at {column} in the mapping',
            column,
        )
    if found and is_other_order(text, str(order)):
        raise Refused(f'{column} "{text[:40]}" is no date as {order}, which the mapping says of {column}', column)
    raise Refused(f'{column} "{text[:40]}" is no date that can be read; write it like 2026-11-30', column)


def is_other_order(cell: str, order: str) -> bool:
    """Whether a date in numbers can only be read in the order that the mapping does not say."""
    text = clean(cell)
    if (found := _NUMBERS.search(text)) is None or _ISO.search(text):
        return False
    day, month = (1, 2) if order == "day/month/year" else (2, 1)
    return int(found[month]) > 12 >= int(found[day])


def _iso(found: re.Match[str], _order: str | None) -> date:
    return date(int(found[1]), int(found[2]), int(found[3]))


def _numbers(found: re.Match[str], order: str | None) -> date:
    one, two = int(found[1]), int(found[2])
    if order is None:
        raise ValueError
    day, month = (one, two) if order == "day/month/year" else (two, one)
    return date(_year(found[3]), month, day)


def _day_first(found: re.Match[str], _order: str | None) -> date:
    return date(_year(found[3]), _months()[found[2].casefold()], int(found[1]))


def _month_first(found: re.Match[str], _order: str | None) -> date:
    return date(_year(found[3]), _months()[found[1].casefold()], int(found[2]))


def _year(said: str) -> int:
    year = int(said.removeprefix("'"))
    return year + 2000 if year < 100 else year


_WAYS: Final = (
    (_ISO, _iso), (_PLAIN, _iso), (_NUMBERS, _numbers), (_DAY_FIRST, _day_first), (_MONTH_FIRST, _month_first),
)  # fmt: skip


@cache
def _months() -> dict[str, int]:
    """Names of months in our languages, whole and short (CLDR)."""
    known: dict[str, int] = {"sept": 9}
    for language in registry.languages():
        for names in Locale.parse(language.about.dates.locale).months["format"].values():
            known |= {name.casefold().rstrip("."): number for number, name in names.items() if len(name) > 2}
    return known
