"""What every booking system means by the usual words for the state of a visit, in any of our languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from notifier.enrollments.importing.mappings.mapping import Visit
from schedules.languages.registry import Language, languages

_WORD: Final = re.compile(r"[^\W_]+")


def usual_state(word: str) -> Visit | None:
    """What a word means, in any case, with accents or without; None where systems differ, or nobody wrote it down."""
    return _states(languages()).get(_plain(word))


@cache
def _states(known: tuple[Language, ...]) -> Mapping[str, Visit]:
    found: dict[str, Visit] = {}
    for one in known:
        words = one.about.visits
        states: tuple[tuple[Visit, tuple[str, ...]], ...] = (
            ("booked", words.booked), ("treated", words.treated), ("cancelled", words.cancelled),
            ("no-show", words.no_show),
        )  # fmt: skip
        for state, said in states:
            found |= dict.fromkeys(map(_plain, said), state)
    return found


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word.casefold())
    return " ".join(_WORD.findall("".join(one for one in letters if not unicodedata.combining(one))))
