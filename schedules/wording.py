"""Wording: a planned text in the patient's language. Names are data: never executed, never a link, never a new line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from schedules.languages.registry import NoSuchLanguage, language
from schedules.languages.sayings import Dates
from schedules.protocol import FACT_PLACEHOLDERS, PLACEHOLDER

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: the clinic as its texts name it, and the phone a patient may call."""

    clinic: str
    phone: str
    facts: tuple[tuple[str, str], ...] = ()
    """What this patient's enrollment says, by placeholder (`FACT_PLACEHOLDERS`)."""

    def fact(self, placeholder: str) -> str:
        """What was said; the clinic's name where nothing was, for no text may have a hole."""
        return dict(self.facts).get(placeholder, "") or self.clinic


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who listens: a language, a first name, and whether the phone is shared (then the name opens each text)."""

    language: str
    name: str = ""
    shared_phone: bool = False


def render(template: str, voice: Voice, addressee: Addressee, ends: Mapping[str, datetime], zone: ZoneInfo) -> str:
    """Fill in a template in a single pass, so that nothing inside a value is ever read as a placeholder."""
    return Speech(voice, addressee, ends, zone).say(template)


class Speech(dict[str, str]):
    """What each placeholder stands for in one patient's texts, each worked out once."""

    def __init__(self, voice: Voice, addressee: Addressee, ends: Mapping[str, datetime], zone: ZoneInfo) -> None:
        self._of = voice, addressee, ends, zone
        self._opening = f"{addressee.name}: " if addressee.shared_phone and addressee.name else ""

    def __missing__(self, placeholder: str) -> str:
        self[placeholder] = said = _value(placeholder, *self._of)
        return said

    def say(self, template: str) -> str:
        """The template filled in; on a shared phone the name opens it."""
        pieces = list(_pieces(template))
        pieces[1::2] = [self[placeholder] for placeholder in pieces[1::2]]
        return self._opening + "".join(pieces)


def filled_in(
    template: str, voice: Voice, addressee: Addressee, ends: Mapping[str, datetime], zone: ZoneInfo
) -> list[tuple[str, str | None]]:
    """The same in pieces, for whoever proofreads: each with the placeholder it stands for, None for plain words."""
    pieces = _pieces(template)
    said = [
        (_value(piece, voice, addressee, ends, zone), piece) if at % 2 else (piece, None)
        for at, piece in enumerate(pieces)
    ]
    return [(words, placeholder) for words, placeholder in said if words]


@lru_cache(maxsize=1024)
def _pieces(template: str) -> tuple[str, ...]:
    """The template cut at its placeholders: words, name, words, name, words."""
    return tuple(PLACEHOLDER.split(template))


def _value(placeholder: str, voice: Voice, addressee: Addressee, ends: Mapping[str, datetime], zone: ZoneInfo) -> str:
    match placeholder:
        case "clinic":
            return voice.clinic
        case "phone":
            return voice.phone
        case "name":
            return addressee.name
    if placeholder in FACT_PLACEHOLDERS:
        return voice.fact(placeholder)
    return say_until(ends[placeholder.removesuffix(".until")], zone, addressee.language)


def say_until(end: datetime, zone: ZoneInfo, code: str) -> str:
    """A restriction's end on the patient's clock, never a minute early.

    The hour is always said, unless the end is midnight: "until Sunday" would be hours early for Sunday 16:30.
    """
    if end.second or end.microsecond:
        end = end.replace(second=0, microsecond=0) + _MINUTE
    local, dates = end.astimezone(zone), _dates_in(code)
    day = _say_day(local.date(), dates.day, dates.locale)
    return day if local.time() == time.min else f"{day} {_say_hour(local.time(), dates.hour, dates.locale)}"


def _dates_in(code: str) -> Dates:
    """The language's own; in one that has gone since, plans that run say days as CLDR knows them by its code."""
    try:
        return language(code).about.dates
    except NoSuchLanguage:
        return Dates(locale=code, day="EEEE d MMMM", hour="H:mm")


@lru_cache(maxsize=4096)
def _say_day(on: date, pattern: str, locale: str) -> str:
    return _plain(format_date(on, pattern, locale=locale))


@lru_cache(maxsize=4096)
def _say_hour(at: time, pattern: str, locale: str) -> str:
    return _plain(format_time(at, pattern, locale=locale))


def _plain(said: str) -> str:
    # CLDR writes narrow and no-break spaces, which would turn a whole text into UCS-2; "p.m." would double a full stop.
    return re.sub(r"([ap])\.\s?m\.", r"\1m", re.sub(r"\s+", " ", said.replace(",", "")))
