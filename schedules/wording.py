"""Wording: a planned text in the patient's language. Names are data: never executed, never a link, never a new line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton

from schedules.protocol import PLACEHOLDER

_LOCALES = {"en": "en_US", "es": "es_US"}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: the clinic as its texts name it, and the phone a patient may call."""

    clinic: str
    phone: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who listens: a language, a first name, and whether the phone is shared (then the name opens each text)."""

    language: str
    name: str = ""
    shared_phone: bool = False


def render(
    template: str, voice: Voice, addressee: Addressee, ends: Mapping[str, datetime], zone: ZoneInfo
) -> str:
    """Fill in a template in a single pass, so that nothing inside a value is ever read as a placeholder."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name == "clinic":
            return voice.clinic
        if name == "phone":
            return voice.phone
        if name == "name":
            return addressee.name
        return say_until(ends[name.removesuffix(".until")], zone, addressee.language)

    text = PLACEHOLDER.sub(value, template)
    return f"{addressee.name}: {text}" if addressee.shared_phone and addressee.name else text


def say_until(end: datetime, zone: ZoneInfo, language: str) -> str:
    """A restriction's end on the patient's clock, never a minute early.

    The hour is always said, unless the end is midnight: "until Sunday" would be hours early for Sunday 16:30.
    """
    if end.second or end.microsecond:
        end = end.replace(second=0, microsecond=0) + _MINUTE
    local = end.astimezone(zone)
    return _say(local.replace(tzinfo=None), language)


@lru_cache(maxsize=4096)
def _say(local: datetime, language: str) -> str:
    locale = Locale.parse(_LOCALES.get(language, language))
    said = format_skeleton("MMMEd", local, locale=locale)
    if local.time() != time.min:
        said = f"{said} {format_skeleton('hm', local, locale=locale)}"
    # CLDR writes narrow and no-break spaces, which would turn a whole text into UCS-2; "p.m." would double a full stop.
    return re.sub(r"([ap])\.\s?m\.", r"\1m", re.sub(r"\s+", " ", said.replace(",", "")))
