"""What a patient's text is compared as: small letters, no accents, clauses apart, numbers and names marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

NAME: Final = "name_"
"""Stands for a person's name."""
MONEY: Final = "money_"
TIME: Final = "time_"

_WORD: Final = re.compile(
    r"[$€£]\s?\d[\d.,]*|\d{1,2}:\d\d|\d+[.,]\d+|\d+\s?/\s?10\b|[^\W\d_]+|\d+|#|[.!?¿¡,;:\n()]|\s-+\s|—", re.UNICODE
)
_SPELLED: Final = re.compile(r"\b([A-Za-z])[.\-](?=[A-Za-z]\b)")
_LONG: Final = re.compile(r"([^\W\d_])\1{2,}")
"""Letters that are drawn out."""
_APOSTROPHES: Final = re.compile("['’‘`´]")


@dataclass(frozen=True, slots=True)
class Said:
    """One text, as it is read."""

    clauses: tuple[str, ...]
    """Normalized words with blanks between them."""
    asks: bool
    """It has a question mark."""
    plain: str
    """Without accents, invisible characters and look-alike forms, but as written else."""

    @property
    def whole(self) -> str:
        """All clauses as one."""
        return " ".join(self.clauses)


def plain(text: str) -> str:
    """Without accents, invisible characters and look-alike forms (full width, small capitals)."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    return "".join(c for c in decomposed if unicodedata.category(c) not in _UNSEEN or c.isspace())


def split(text: str, *, but: AbstractSet[str], names: AbstractSet[str], common: AbstractSet[str]) -> Said:
    """Split a text into clauses of normalized words.

    `but`: words that begin another clause. `names`: words that are names however they are written; another word with a
    large letter inside a clause is one unless it is `common`.
    """
    seen = plain(text)
    shouted = seen.upper() == seen
    clauses: list[list[str]] = [[]]
    for found in _WORD.findall(_SPELLED.sub(r"\1 ", _APOSTROPHES.sub("", seen))):
        small = _LONG.sub(r"\1", found.casefold())
        if found[0].isalpha():
            if small in but:
                clauses.append([])
                continue
            large = found[0].isupper() and found[1:].islower() and not shouted and clauses[-1]
            named = small in names if small not in common else small in names and large
            clauses[-1].append(NAME if named or (large and small not in common) else small)
        elif (number := _number(found)) is not None:
            clauses[-1].extend(number)
        else:
            clauses.append([])
    return Said(tuple(" ".join(one) for one in clauses if one), "?" in seen or "¿" in text, seen)


def _number(found: str) -> list[str] | None:
    if found == "#":
        return ["number"]
    if found[0] in "$€£":
        return [MONEY]
    if not found[0].isdigit():
        return None
    if ":" in found:
        return [TIME]
    if "/" in found:
        return [found.split("/", maxsplit=1)[0].strip(), "of", "10"]
    return [found.replace(".", "_").replace(",", "_")]


_UNSEEN: Final = frozenset({"Mn", "Me", "Cf", "Cc"})
