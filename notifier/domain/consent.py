"""Consent is a yes: words that say no, in any of our languages, are no way in which a patient agreed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from notifier.domain.refused import Refused
from schedules.languages import registry
from schedules.languages.registry import Language

_WORD: Final = re.compile(r"\w+")
_TICKS: Final = "\N{CHECK MARK}\N{HEAVY CHECK MARK}\N{BALLOT BOX WITH CHECK}\N{WHITE HEAVY CHECK MARK}"
_APOSTROPHES: Final = "'\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"


def says_yes(typed: str) -> bool:
    """Whether a cell is a plain yes, in any of our languages, or a box that is ticked."""
    return any(tick in typed for tick in _TICKS) or _folded(typed) in _words_of(registry.languages()).yes


def read_yes_or_no(typed: str) -> bool | None:
    """What a box says that is ticked or not; None where that is not clear."""
    words = _words_of(registry.languages())
    if any(tick in typed for tick in _TICKS):
        return True
    return True if _folded(typed) in words.ticked else False if _folded(typed) in words.unticked else None


def tells_consent(typed: str) -> bool:
    """Whether words tell how a patient agreed, such as: signed the form 11/2."""
    return _words_of(registry.languages()).told.search(f" {_folded(typed)} ") is not None


def no_consent(said: str) -> str:
    """The sentence about a cell that says no."""
    return f'consent says "{said[:40]}": leave the patient out, or write how consent was given'


def check_consent(typed: str) -> str:
    """How the patient agreed, on one line. Raises ValueError with a sentence where the words say that nobody did.

    A mark without a word ("-", "?", "0") says no too: whoever sends health texts needs a yes.
    """
    said = " ".join(typed.split())
    if said and says_no(said):
        raise ValueError(no_consent(said))
    return said


def read_reconsent(typed: str | None) -> str | None:
    """How the patient agreed to texts again; None where nobody said it. Raises Refused for words that say no."""
    try:
        return check_consent(typed or "") or None
    except ValueError as why:
        raise Refused(f"re{why}", "reconsent") from None


def says_no(said: str) -> bool:
    """Whether words say that nobody agreed; a mark without a word does, unless it is a tick."""
    return _says_no(said, registry.languages())


def withdraws(said: str) -> bool:
    """Whether words take consent back from somebody who gave it: a no in words. A mere mark can be a slip."""
    return says_no(said) and bool(_folded(said))


@lru_cache(maxsize=1024)
def _says_no(said: str, languages: tuple[Language, ...]) -> bool:
    """Remembered: a whole file says the same few words."""
    words = _folded(said)
    if not words:
        return not any(tick in said for tick in _TICKS)
    return _words_of(languages).no.search(f" {words} ") is not None


def _folded(said: str) -> str:
    plain = unicodedata.normalize("NFKD", said.casefold())
    letters = "".join(mark for mark in plain if not unicodedata.combining(mark) and mark not in _APOSTROPHES)
    return " ".join(_WORD.findall(letters))


@dataclass(frozen=True, slots=True)
class _Words:
    """Of all languages together."""

    yes: frozenset[str]
    ticked: frozenset[str]
    unticked: frozenset[str]
    no: re.Pattern[str]
    """A cell that is a no, one that begins or ends with one (SMS: no), or one with words in it that say no."""
    told: re.Pattern[str]


@cache
def _words_of(languages: tuple[Language, ...]) -> _Words:
    consent, boxes = [one.about.consent for one in languages], [one.about.yes_and_no for one in languages]
    ticked = frozenset(_folded(word) for one in boxes for word in one.yes)
    unticked = frozenset(_folded(word) for one in boxes for word in one.no)
    whole = _any_of([*unticked, *(no for one in consent for no in one.no)])
    first = _any_of([no for one in consent for no in one.begins])
    within = _any_of([no for one in consent for no in one.has])
    return _Words(
        ticked | {_folded(word) for one in consent for word in one.yes},
        ticked,
        unticked,
        re.compile(rf"^ {whole} $|^ {first} | {first} $| {within} "),
        re.compile(f" {_any_of([word for one in consent for word in one.told])} "),
    )


def _any_of(phrases: Sequence[str]) -> str:
    return f"(?:{'|'.join(re.escape(_folded(phrase)) for phrase in phrases)})"
