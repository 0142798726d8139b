"""Words that no text may have: each with what is wrong with it and what to write instead.

Prices, offers and brands turn a care text into advertising, which needs another consent. The name of a procedure tells
whoever sees the screen what was done. What carriers read as an opt-out or opt-in must not be offered as an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from typing import NamedTuple

from schedules.languages.registry import Language, language_or_default, languages
from schedules.segments import fits_gsm

BRANDS = (
    "Accutane", "Advil", "Aleve", "Aquaphor", "Bellus", "Bio-Sheath", "Botox", "CeraVe", "Cetaphil", "Clarisonic",
    "Dermapen", "EltaMD", "Juvederm", "Motrin", "Neosporin", "Restylane", "Retin-A", "SkinCeuticals", "SkinMedica",
    "SkinPen", "TNS", "Tylenol", "Valtrex", "Vaseline",
)  # fmt: skip
_ENDINGS = "com|net|org|co|io|ly|me|us|info|biz|health|clinic|care|link|shop|site|online|app|gl|page"

_INSTEAD = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "...",
    "\u00a0": "a plain space", "\u202f": "a plain space", "\u2009": "a plain space", "\u2022": "-", "\t": "a space",
    "\u00ab": '"', "\u00bb": '"', "\u2212": "-", "\u00bd": "1/2", "`": "'", "\u00b4": "'", "\u00b0": "degrees",
}  # fmt: skip


class Word(NamedTuple):
    """Something found in a text."""

    position: int
    what: str
    instead: str


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    what: str
    instead: str


@cache
def _rules(spoken: tuple[Language, ...]) -> tuple[_Rule, ...]:
    """What each rule finds in a text of any language."""
    words = [one.checks for one in spoken]
    keywords = _any(chain.from_iterable(one.keywords for one in words))
    ask = _any(chain.from_iterable(one.ask for one in words))
    procedures = _any(chain.from_iterable(one.procedures for one in words))
    prices = _any(chain.from_iterable(one.prices for one in words))
    offers = _any(chain.from_iterable(one.offers for one in words))
    return (
        _Rule(
            re.compile(rf"(?:https?://|www\.|(?<![\w.])[\w.-]+\.(?:{_ENDINGS})\b)(?:\S*[\w/])?", re.IGNORECASE),
            "is a link, which carriers filter",
            "leave it out; {phone} is how the patient reaches you",
        ),
        _Rule(
            re.compile(rf"[$€£]\s?\d[\d.,]*|\d+\s?{prices}\b|[$€£]", re.IGNORECASE),
            "is a price",
            "leave it out: a care text sells nothing",
        ),
        _Rule(
            re.compile(rf"%|\b{offers}(?!\w)", re.IGNORECASE),
            "reads like an offer",
            "leave it out: a care text sells nothing",
        ),
        _Rule(
            _whole_words(_any(BRANDS), re.IGNORECASE),
            "is a brand",
            "name the kind of product, such as a gentle cleanser",
        ),
        _Rule(
            _whole_words(procedures, re.IGNORECASE),
            "names the procedure to whoever sees the screen",
            'write "your visit" or "the treated area"',
        ),
        _Rule(
            _whole_words(rf"{ask}(?:\s+\w+)?\s+[\"'(]?{keywords}", re.IGNORECASE),
            "invites an answer that carriers read as an opt-out or opt-in",
            "ask for a call to {phone} instead",
        ),
        _Rule(
            _whole_words(keywords),
            "in capitals looks like a keyword to text back",
            "write it in small letters, or another word; the only keyword is STOP",
        ),
    )


@cache
def _day_words(spoken: tuple[Language, ...]) -> re.Pattern[str]:
    return _whole_words(_any(word for one in spoken for word in one.checks.day_words), re.IGNORECASE)


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


def _whole_words(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """Not as a part of a longer word."""
    return re.compile(rf"(?<!\w){pattern}(?!\w)", flags)


def day_word(text: str) -> str | None:
    """The first word that is true on one date only."""
    found = _day_words(languages()).search(text)
    return found[0] if found else None


def forbidden_words(text: str) -> Iterator[Word]:
    """What must not stand in a text, in the order of the rules; a place found by one rule is left to it."""
    taken: set[int] = set()
    for rule in _rules(languages()):
        for found in rule.pattern.finditer(text):
            if taken.isdisjoint(range(*found.span())):
                taken.update(range(*found.span()))
                yield Word(found.start() + 1, f'"{found[0].strip()}" {rule.what}', rule.instead)


def costly_characters(text: str, language: str) -> Iterator[Word]:
    """Characters that make the whole text a UCS-2 one (70 per segment, not 160) without need in its language."""
    own_letters = language_or_default(language).about.segments.own_letters
    for at, character in enumerate(text):
        if fits_gsm(character) or (own_letters and character.isalpha()):
            continue
        name = unicodedata.name(character, "a control character")
        instead = _INSTEAD.get(character)
        yield Word(
            at + 1,
            f"U+{ord(character):04X} ({name}) cuts a segment from 160 to 70 characters",
            f"write {instead}" if instead else "take it out",
        )
