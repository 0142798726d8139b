"""Dates, hours and lengths as a patient reads them, on the patient's clock and in the patient's language."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.units import format_unit

from schedules.languages.registry import NoSuchLanguage, language, language_or_default
from schedules.languages.sayings import Dates
from schedules.offsets import NOT_YET, Length

_MINUTE = timedelta(minutes=1)
_NOON = time(12)


def say_until(end: datetime, zone: ZoneInfo, code: str) -> str:
    """A restriction's end on the patient's clock, never a minute early.

    The hour is always said, unless the end is midnight: "until Sunday" would be hours early for Sunday 16:30.
    `NOT_YET` is said in words: we tell you.
    """
    if end >= NOT_YET:
        return language_or_default(code).card.not_yet
    if end.second or end.microsecond:
        end = end.replace(second=0, microsecond=0) + _MINUTE
    local, dates = end.astimezone(zone), _dates_in(code)
    day, hour = _say_day(local.date(), dates.day, dates.locale), local.time()
    return day if hour == time.min else f"{day} {_say_time(hour, dates)}"


def say_date(at: datetime, zone: ZoneInfo, code: str) -> str:
    """`Wed Mar 11`."""
    dates = _dates_in(code)
    return _say_day(at.astimezone(zone).date(), dates.day, dates.locale)


def say_time(at: datetime, zone: ZoneInfo, code: str) -> str:
    """`4:30 PM`, `noon`."""
    return _say_time(at.astimezone(zone).time(), _dates_in(code))


@lru_cache(maxsize=512)
def say_length(length: Length, code: str) -> str:
    """`7 days`, with the plural of the language."""
    unit = f"duration-{length.unit.removesuffix('s')}"
    return _plain(format_unit(length.number, unit, length="long", locale=_dates_in(code).locale))


def _dates_in(code: str) -> Dates:
    """The language's own; in one that has gone since, plans that run say days as CLDR knows them by its code."""
    try:
        return language(code).about.dates
    except NoSuchLanguage:
        return Dates(locale=code, day="EEEE d MMMM", hour="H:mm", hour_of_one="H:mm", noon="12:00")


def _say_time(hour: time, dates: Dates) -> str:
    if hour == _NOON:
        return dates.noon
    return _say_hour(hour, dates.hour_of_one if hour.hour % 12 == 1 else dates.hour, dates.locale)


@lru_cache(maxsize=4096)
def _say_day(on: date, pattern: str, locale: str) -> str:
    return _plain(format_date(on, pattern, locale=_locale(locale)))


@lru_cache(maxsize=4096)
def _say_hour(at: time, pattern: str, locale: str) -> str:
    return _plain(format_time(at, pattern, locale=_locale(locale)))


_locale = lru_cache(maxsize=64)(Locale.parse)
"""Each has all that CLDR knows of it, which to put together takes longer than to say an hour."""


def _plain(said: str) -> str:
    # CLDR writes narrow and no-break spaces, which would turn a whole text into UCS-2; "p.m." would double a full stop.
    return re.sub(r"([ap])\.\s?m\.", r"\1m", re.sub(r"\s+", " ", said.replace(",", "")))
