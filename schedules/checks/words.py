"""Words that no text may have: each with what is wrong with it and what to write instead.

Prices, offers and brands turn a care text into advertising, which needs another consent. The name of a procedure tells
whoever sees the screen what was done. What carriers read as an opt-out or opt-in must not be offered as an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from schedules.segments import fits_gsm

BRANDS = (
    "Accutane", "Advil", "Aleve", "Aquaphor", "Bellus", "Bio-Sheath", "Botox", "CeraVe", "Cetaphil", "Clarisonic",
    "Dermapen", "EltaMD", "Juvederm", "Motrin", "Neosporin", "Restylane", "Retin-A", "SkinCeuticals", "SkinMedica",
    "SkinPen", "TNS", "Tylenol", "Valtrex", "Vaseline",
)  # fmt: skip
PROCEDURES = (
    "micro-?needl\\w*", "needling", "needles?", "derma-?roll\\w*", "PRP", "collagen induction",
    "chemical peel", "microblading", "micro-?agujas?", "micropunción", "agujas?", "peeling químico",
)  # fmt: skip
_KEYWORDS = (
    "CANCEL", "END", "QUIT", "UNSUBSCRIBE", "STOPALL", "REVOKE", "OPTOUT", "START", "YES", "UNSTOP",
    "CANCELAR", "BAJA", "ALTO", "PARAR", "FIN", "SI", "SÍ",
)  # fmt: skip
"""What carriers, or we, read as an opt-out or an opt-in; STOP itself is the way out that every text offers."""
_ASK = "reply|answer|respond|text|send|write|type|responda|conteste|envíe|mande|escriba"
_ENDINGS = "com|net|org|co|io|ly|me|us|info|biz|health|clinic|care|link|shop|site|online|app|gl|page"

_INSTEAD = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "...",
    "\u00a0": "a plain space", "\u202f": "a plain space", "\u2009": "a plain space", "\u2022": "-", "\t": "a space",
    "\u00ab": '"', "\u00bb": '"', "\u2212": "-", "\u00bd": "1/2", "`": "'", "\u00b4": "'", "\u00b0": "degrees",
}  # fmt: skip
_DAY_WORDS = re.compile(r"(?<!\w)(?:today|tonight|tomorrow|hoy|esta noche|(?<!la )(?<!de )mañana)(?!\w)", re.IGNORECASE)


class Word(NamedTuple):
    """Something found in a text."""

    position: int
    what: str
    instead: str


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    what: str
    instead: str


def _any(words: tuple[str, ...]) -> str:
    return rf"(?<!\w)(?:{'|'.join(words)})(?!\w)"


_RULES = (
    _Rule(
        re.compile(rf"(?:https?://|www\.|(?<![\w.])[\w.-]+\.(?:{_ENDINGS})\b)(?:\S*[\w/])?", re.IGNORECASE),
        "is a link, which carriers filter",
        "leave it out; {phone} is how she reaches you",
    ),
    _Rule(
        re.compile(r"[$€£]\s?\d[\d.,]*|\d+\s?(?:dollars?|dólares|usd|bucks)\b|[$€£]", re.IGNORECASE),
        "is a price",
        "leave it out: a care text sells nothing",
    ),
    _Rule(
        re.compile(
            r"(?:\d+\s?(?:%|percent)|half|\d+) off\b|%|\b(?:discount\w*|special offer|promo\w*|coupon|for free|"
            r"free of charge|on sale|book now|descuento\w*|oferta\w*|gratis|rebaja\w*|cupón)(?!\w)",
            re.IGNORECASE,
        ),
        "reads like an offer",
        "leave it out: a care text sells nothing",
    ),
    _Rule(re.compile(_any(BRANDS), re.IGNORECASE), "is a brand", "name the kind of product, such as a gentle cleanser"),
    _Rule(
        re.compile(_any(PROCEDURES), re.IGNORECASE),
        "names the procedure to whoever sees the screen",
        'write "your visit" or "the treated area"',
    ),
    _Rule(
        re.compile(rf"(?<!\w)(?:{_ASK})(?:\s+\w+)?\s+[\"'(]?(?:{'|'.join(_KEYWORDS)})(?!\w)", re.IGNORECASE),
        "invites an answer that carriers read as an opt-out or opt-in",
        "ask for a call to {phone} instead",
    ),
    _Rule(
        re.compile(_any(_KEYWORDS)),
        "in capitals looks like a keyword to text back",
        "write it in small letters, or another word; the only keyword is STOP",
    ),
)


def day_word(text: str) -> str | None:
    """The first word that is true on one date only."""
    found = _DAY_WORDS.search(text)
    return found[0] if found else None


def forbidden_words(text: str) -> Iterator[Word]:
    """What must not stand in a text, in the order of the rules; a place found by one rule is left to it."""
    taken: set[int] = set()
    for rule in _RULES:
        for found in rule.pattern.finditer(text):
            if taken.isdisjoint(range(*found.span())):
                taken.update(range(*found.span()))
                yield Word(found.start() + 1, f'"{found[0].strip()}" {rule.what}', rule.instead)


def costly_characters(text: str, language: str) -> Iterator[Word]:
    """Characters that make the whole text a UCS-2 one (70 per segment, not 160) without need in its language."""
    for at, character in enumerate(text):
        if fits_gsm(character) or (language != "en" and character.isalpha()):
            continue
        name = unicodedata.name(character, "a control character")
        instead = _INSTEAD.get(character)
        yield Word(
            at + 1,
            f"U+{ord(character):04X} ({name}) cuts a segment from 160 to 70 characters",
            f"write {instead}" if instead else "take it out",
        )
