"""Times of day and instants as booking systems write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.dates import clean

_HALF: Final = r"\s*(?:([ap])\.?\s?m\.?)?"
_RANGE: Final = re.compile(
    rf"(?<![\d:.])(\d{{1,2}})(?:[:.](\d{{2}}))?{_HALF}\s*(?:-|to|until|a)\s*(\d{{1,2}})(?:[:.](\d{{2}}))?{_HALF}(?![\d:/-]|\.\d)",
    re.IGNORECASE,
)
_TIME: Final = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2}(?:\.\d+)?)?"
    r"(?:\s*([ap])\.?\s?m\b\.?|(?![\d:/-]|\.\d|\s*[ap]\.?\s?m\b))",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(r"(\d{2})(\d{2})(?:\d{2})?")
_HOUR: Final = re.compile(r"(\d{1,2})\s?(?:h|uhr)", re.IGNORECASE)
_SERIAL: Final = re.compile(r"^[45]\d{4}\.(?=\d+$)")
_PART_OF_A_DAY: Final = re.compile(r"0?\.(?![0-5]\d$)\d+")
_OFFSET: Final = re.compile(r"(?<=\d)\s*(?:(?:GMT|UTC)\s*)?([+-]\d{2}:?\d{2})$")
_UTC: Final = re.compile(r"(?<=\d)\s*(?:Z|UTC|GMT)$")
_AFTER: Final = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])$")
"""What says a zone once more: 09:00-05:00[America/New_York], GMT-0500 (EST)."""
_LETTERS: Final = re.compile(r"(?<=[\dMm.])\s*\b([ECMP]|AK|H|A)([SD])T$")
_HOURS: Final = {"E": -5, "C": -6, "M": -7, "P": -8, "AK": -9, "H": -10, "A": -4}
_CLOCKS: Final = {
    "E": "America/New_York", "C": "America/Chicago", "M": "America/Denver", "P": "America/Los_Angeles",
    "AK": "America/Anchorage", "A": "America/Halifax",
}  # fmt: skip
_ISO: Final = re.compile(r"\d{4}-?\d{2}-?\d{2}[T ]\d{2}")
_EPOCH: Final = re.compile(r"(1[5-9]|2[0-4])\d{8}(\d{3})?")
"""Seconds or thousandths since 1970, of this century's years."""


def read_time(text: str, column: str) -> time:
    """The first time of day in a text; the other may be the end, as in 9:00 AM - 10:00 AM. Raises Refused."""
    said = clean(text)
    if found := _PLAIN.fullmatch(said):
        return _time(int(found[1]), int(found[2]), "", said, column)
    if found := _HOUR.fullmatch(said):
        return _time(int(found[1]), 0, "", said, column)
    said = _SERIAL.sub("0.", said)
    if _PART_OF_A_DAY.fullmatch(said):
        minutes = round(float(said) * 24 * 60)
        return _time(minutes // 60, minutes % 60, "", said, column)
    if (found := _RANGE.search(said)) and not found[3] and found[6]:
        return _start_of(found, said, column)
    for found in _TIME.finditer(said):
        if found[2] is None and not found[3]:
            continue
        try:
            return _time(int(found[1]), int(found[2] or 0), (found[3] or "").lower(), said, column)
        except Refused:
            continue
    raise _no_time(said, column)


def read_offset(cell: str) -> datetime | None:
    """An instant that says its offset, as ISO 8601 does, or seconds since 1970; None for any other cell."""
    text = _AFTER.sub("", clean(cell))
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    try:
        at = datetime.fromisoformat(text) if _ISO.match(text) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def with_zone_of(text: str, at: datetime) -> datetime | None:
    """`at` in the zone that is said behind a time, such as 14:00 UTC or 9:00 AM EST; None where none is.

    Raises Refused where a zone is said that does not hold on that day.
    """
    said = _AFTER.sub("", clean(text))
    if found := _OFFSET.search(said):
        return datetime.fromisoformat(f"{at.isoformat()}{found[1]}")
    if _UTC.search(said):
        return at.replace(tzinfo=UTC)
    if found := _LETTERS.search(said):
        hours = _HOURS[found[1]] + (found[2] == "D")
        return _surely(at.replace(tzinfo=timezone(timedelta(hours=hours))), found, said)
    return None


def _surely(at: datetime, zone: re.Match[str], text: str) -> datetime:
    """Many write EST all year; in summer nobody knows whether that hour is meant."""
    clock = _CLOCKS.get(zone[1])
    if clock and at.utcoffset() != at.replace(tzinfo=ZoneInfo(clock)).utcoffset() and zone[0].strip() != "MST":
        raise Refused(f'"{text[:40]}" says {zone[0].strip()}, which does not hold on that day; write its offset')
    return at


def _start_of(found: re.Match[str], said: str, column: str) -> time:
    """9:00-10:00 AM: the half of the day is said of the end, and holds for the start where that is then before it."""
    end = _time(int(found[4]), int(found[5] or 0), found[6].lower(), said, column)
    halves = ("p", "a") if end.hour >= 12 else ("a",)
    starts = [_time(int(found[1]), int(found[2] or 0), half, said, column) for half in halves]
    return next((one for one in starts if one < end), starts[-1])


def _time(hour: int, minute: int, half: str, said: str, column: str) -> time:
    if half and not 1 <= hour <= 12:
        raise _no_time(said, column)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise _no_time(said, column)
    return time(hour, minute)


def _no_time(said: str, column: str) -> Refused:
    return Refused(f'{column} "{said[:40]}" has no time of day; write it like 9:30 AM or 13:30', column)
