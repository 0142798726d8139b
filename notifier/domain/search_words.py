"""What a patient is found by: the words of an enrollment, and what somebody typed to find it, folded alike.

Everything is without case, accents and punctuation. A name is kept from each of its words on ("mariadelacruz",
"delacruz", "lacruz", "cruz"), a number from each of its digits on: so the beginning of a kept word is any word of the
name, in any order, and any part of the number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from notifier.domain.refused import Refused

LONGEST: Final = 40
"""Characters of one kept word."""
FEWEST_DIGITS: Final = 3
"""Fewer would find everybody, and are not kept."""
MOST_WORDS: Final = 12
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters that have no accent to take away, as an English keyboard writes them."""
_NUMBER: Final = re.compile(r"(?<![^\W_])[0-9](?:[0-9\s().+/\u2010-\u2015\u2212-]*[0-9])?(?![^\W_])")
"""Digits, and what people write between them."""
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019\u2018\u02bc][^\W_]+)*")
_PART: Final = re.compile(r"[^\W_]+")
_EXACT: Final = "="
"""Opens a word that is found whole or not at all; no folded word has it."""


class FoundBy(IntEnum):
    """Why an enrollment is found; those that it is found by most surely come first."""

    NAME = 0
    NUMBER = 1
    EXTERNAL_ID = 2
    FORMER_NUMBER = 3
    PROVIDER = 4


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What somebody typed: each of `words` in any of its spellings must be the beginning of a kept word, or `exact`
    is one."""

    words: tuple[tuple[str, ...], ...]
    """Empty where it is too short for that."""
    exact: str


@lru_cache(maxsize=65536)
def words_of(text: str) -> frozenset[str]:
    """What a name is found by: the rest of it from each of its words on."""
    parts = [folded for part in _PART.findall(text) if (folded := _fold(part))]
    return frozenset("".join(parts[start:])[:LONGEST] for start in range(len(parts)))


def words_of_number(phone: str) -> frozenset[str]:
    """What a number is found by: its last digits, from each of them on."""
    digits = "".join(filter(str.isdecimal, phone))
    return frozenset(digits[start : start + LONGEST] for start in range(len(digits) - FEWEST_DIGITS + 1))


def words_of_enrollment(name: str, phone: str, external_id: str | None) -> list[tuple[FoundBy, str]]:
    """All that an enrollment is found by now, each once and in order, but for its provider: those are few, and looked
    through by name."""
    kept = [(FoundBy.NAME, word) for word in sorted(words_of(name))]
    kept += [(FoundBy.NUMBER, one) for one in sorted(words_of_number(phone))]
    if external_id and (exact := _exact(external_id)):
        kept.append((FoundBy.EXTERNAL_ID, exact))
    return kept


def read_search(typed: str) -> SearchTerms:
    """What to look for. Raises Refused where that is nothing, or too much."""
    numbers = [_digits(one) for one in _NUMBER.findall(typed)]
    words = [_fold(one) for one in _WORD.findall(_NUMBER.sub(" ", typed))]
    words = [word[:LONGEST] for word in words if word]
    if not numbers and not words:
        raise Refused("nothing to look for: write a name, a part of a mobile number, or your own number", "words")
    if len(numbers) + len(words) > MOST_WORDS:
        raise Refused(f"write at most {MOST_WORDS} words", "words")
    terms = [*(_spellings(one) for one in numbers), *((word,) for word in words)]
    if all(len(one) < FEWEST_DIGITS for one in numbers) and all(len(word) == 1 and word.isascii() for word in words):
        terms = []  # a letter or two digits are in everybody's name or number
    return SearchTerms(tuple(sorted(terms, key=lambda term: -len(term[0]))), _exact(typed))


def _spellings(digits: str) -> tuple[str, ...]:
    """A number as it is kept, whatever was dialed before it: 00, 011, or the 0 of a national number."""
    dialed = [one for one in ("00", "011", "0") if digits.startswith(one) and len(digits) - len(one) >= 8]
    return tuple(dict.fromkeys(digits[len(prefix) :][:LONGEST] for prefix in ("", *dialed)))


def _exact(text: str) -> str:
    return _EXACT + _fold(text)[: LONGEST - 1]


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def _fold(text: str) -> str:
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(character for character in plain if character.isalnum())
