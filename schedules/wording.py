"""Wording: a planned text in the patient's language. Names are data: never executed, never a link, never a new line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schedules.dates import say_date, say_length, say_time, say_until
from schedules.offsets import Length
from schedules.placeholders import FACT_PLACEHOLDERS, PLACEHOLDER, STAFFED_NEXT, VISIT_DATE, VISIT_TIME
from schedules.series import SERIES


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


class Addressee(NamedTuple):
    """Who listens: a language, a first name, and whether the phone is shared (then the name opens each text)."""

    language: str
    name: str = ""
    shared_phone: bool = False


class Printable(NamedTuple):
    """What a text may print of one patient's treatment."""

    visit_at: datetime
    """The anchor: the appointment, or the end of the treatment."""
    zone: ZoneInfo
    """The patient's."""
    ends: Mapping[str, datetime] = MappingProxyType({})
    """By topic: the instant from which the restriction no longer holds."""
    lengths: Mapping[str, Length] = MappingProxyType({})
    """By topic: how long it holds, counted from the treatment."""
    series: Mapping[str, str] = MappingProxyType({})
    """The session, and of how many, where they are known."""


def render(template: str, voice: Voice, addressee: Addressee, printable: Printable) -> str:
    """Fill in a template in a single pass, so that nothing inside a value is ever read as a placeholder."""
    return Speech(voice, addressee, printable).say(template)


class Speech(dict[str, str]):
    """What each placeholder stands for in one patient's texts, each worked out once."""

    def __init__(self, voice: Voice, addressee: Addressee, printable: Printable) -> None:
        super().__init__(clinic=voice.clinic, phone=voice.phone, name=addressee.name)
        self._of = voice, addressee, printable
        self.language = addressee.language
        self._opening = f"{addressee.name}: " if addressee.shared_phone and addressee.name else ""

    def __missing__(self, placeholder: str) -> str:
        self[placeholder] = said = _value(placeholder, *self._of)
        return said

    def say(self, template: str) -> str:
        """The template filled in; on a shared phone the name opens it."""
        words, placeholders = _cut(template)
        return self._opening + words % tuple([self[placeholder] for placeholder in placeholders])


def filled_in(template: str, voice: Voice, addressee: Addressee, printable: Printable) -> list[tuple[str, str | None]]:
    """The same in pieces, for whoever proofreads: each with the placeholder it stands for, None for plain words."""
    speech = Speech(voice, addressee, printable)
    said = [(speech[piece], piece) if at % 2 else (piece, None) for at, piece in enumerate(_pieces(template))]
    return [(words, placeholder) for words, placeholder in said if words]


@lru_cache(maxsize=1024)
def _cut(template: str) -> tuple[str, tuple[str, ...]]:
    """The template's words with `%s` for each placeholder, and the placeholders."""
    pieces = _pieces(template)
    return "%s".join(words.replace("%", "%%") for words in pieces[::2]), pieces[1::2]


@lru_cache(maxsize=1024)
def _pieces(template: str) -> tuple[str, ...]:
    """The template cut at its placeholders: words, name, words, name, words."""
    return tuple(PLACEHOLDER.split(template))


def _value(placeholder: str, voice: Voice, addressee: Addressee, printable: Printable) -> str:
    code = addressee.language
    if placeholder in FACT_PLACEHOLDERS or placeholder == STAFFED_NEXT:
        return voice.fact(placeholder)
    if placeholder in {VISIT_DATE, VISIT_TIME}:
        say = say_date if placeholder == VISIT_DATE else say_time
        return say(printable.visit_at, printable.zone, code)
    if placeholder in SERIES:
        return printable.series[placeholder]
    topic, _, printed = placeholder.partition(".")
    if printed == "length":
        return say_length(printable.lengths[topic], code)
    return say_until(printable.ends[topic], printable.zone, code)
