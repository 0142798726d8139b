"""Consent is a yes: words that say no, in any of our languages, are no way in which a patient agreed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

from notifier.domain.refused import Refused
from schedules.languages import registry
from schedules.languages.registry import Language

_WORD: Final = re.compile(r"\w+")
_APOSTROPHES: Final = "'\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"


def check_consent(typed: str) -> str:
    """How the patient agreed, on one line. Raises ValueError with a sentence where the words say that nobody did.

    A mark without a word ("-", "?", "0") says no too: whoever sends health texts needs a yes.
    """
    said = " ".join(typed.split())
    if said and _says_no(said):
        raise ValueError(f'consent says "{said[:40]}": leave the patient out, or write how consent was given')
    return said


def read_reconsent(typed: str | None) -> str | None:
    """How the patient agreed to texts again; None where nobody said it. Raises Refused for words that say no."""
    try:
        return check_consent(typed or "") or None
    except ValueError as why:
        raise Refused(f"re{why}", "reconsent") from None


def _says_no(said: str) -> bool:
    words = _folded(said)
    return not words or _no_in(registry.languages()).search(f" {words} ") is not None


def _folded(said: str) -> str:
    plain = unicodedata.normalize("NFKD", said.casefold())
    letters = "".join(mark for mark in plain if not unicodedata.combining(mark) and mark not in _APOSTROPHES)
    return " ".join(_WORD.findall(letters))


@cache
def _no_in(languages: tuple[Language, ...]) -> re.Pattern[str]:
    """A cell that is a no, one that begins with a no, or one with a no in it; 0 is a box that is not ticked."""
    words = [one.about.consent for one in languages]
    whole = _any_of(["0", *(no for one in words for no in one.no)])
    first = _any_of([no for one in words for no in one.begins])
    within = _any_of([no for one in words for no in one.has])
    return re.compile(rf"^ {whole} $|^ {first} | {within} ")


def _any_of(phrases: Sequence[str]) -> str:
    return f"(?:{'|'.join(re.escape(_folded(phrase)) for phrase in phrases)})"
