"""Which passwords are refused: short ones, common ones, and what a stranger would try who knows the clinic."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Final

from notifier.domain.counted import counted
from notifier.domain.planning.plan import PlanningRules

SHORTEST: Final = 12
"""NIST SP 800-63B asks for at least 8, and for no rules on the characters; a front desk deserves more."""
LONGEST: Final = 200
_COMMON: Final = Path(__file__).with_name("common_passwords.txt")
"""The first 10,000 of the list that Django ships (BSD license; by Royce Williams, from breaches), commonest first."""
_OF_ITS_OWN: Final = 6
"""So many letters a password must have beside the clinic's words and digits."""
_SHORTEST_WORD: Final = 3
_INSTEAD: Final = "use something like four words that have nothing to do with each other"
_ROWS: Final = ("0123456789" * 21, "abcdefghijklmnopqrstuvwxyz" * 9)
_LOOK_ALIKE: Final = str.maketrans("013457@$!", "oleastasi")


def check_password(password: str, words: Collection[str] = ()) -> str:
    """The password as it is; raises ValueError with a sentence where it is too short, too long, or easily guessed.

    `words`: what a stranger would try, such as `clinic_words` and the name that it goes with.
    """
    if len(password) < SHORTEST:
        raise ValueError(
            f"the password has {counted(len(password), 'character')}; use at least {SHORTEST}, such as four words"
        )
    if len(password) > LONGEST:
        raise ValueError(f"the password has {len(password)} characters; use at most {LONGEST}")
    if len(set(password)) < 4:
        raise ValueError("the password repeats the same few characters; use something like four words")
    if _is_common(password.casefold()):
        raise ValueError(f"the password is one of the commonest, or hardly more; {_INSTEAD}")
    if own := _own_words(password, words):
        raise ValueError(f'the password is hardly more than "{own}", which anybody would try here; {_INSTEAD}')
    return password


def clinic_words(rules: PlanningRules) -> frozenset[str]:
    """What everybody knows of the clinic: its name, its offices, their phones."""
    said = {rules.voice.clinic, rules.voice.phone}
    for office in rules.offices.values():
        said |= {office.id, office.voice.clinic, office.voice.phone, office.after_hours_phone or ""}
    return frozenset(said - {""})


def _is_common(password: str) -> bool:
    """Whether it is a common one, one with something around it, the same one again and again, or 123456789012."""
    common = _common()
    bare = re.sub(r"^[^a-z]+|[^a-z]+$", "", password)
    seen = {password, bare, bare.translate(_LOOK_ALIKE), password.translate(_LOOK_ALIKE)}
    seen |= {_once(one) for one in seen}
    in_a_row = any(password in row or password[::-1] in row for row in _ROWS)
    return in_a_row or any(one in common for one in seen)


def _once(word: str) -> str:
    """What a word repeats: "pass" of "passpass"."""
    return word[: (word + word).find(word, 1)] if word else word


def _own_words(password: str, words: Iterable[str]) -> str | None:
    """The word that the password is hardly more than; None where it is more."""
    letters = re.sub(r"[\W_]+", "", password.casefold())
    found = []
    for word in sorted(_parts(words), key=len, reverse=True):
        if word in letters:
            found.append(word)
            letters = letters.replace(word, " ")
    left = re.sub(r"[\d\s]+", "", letters)
    return found[0] if found and len(left) < _OF_ITS_OWN else None


def _parts(words: Iterable[str]) -> set[str]:
    """Each word alone and all of them in one, and the digits of a phone with and without what comes before."""
    parts: set[str] = set()
    for said in words:
        parts |= {*re.findall(r"[^\W_]+", said.casefold()), re.sub(r"[\W_]+", "", said.casefold())}
        digits = re.sub(r"\D", "", said)
        parts |= {digits[-10:], digits[-7:]} if len(digits) >= 7 else set()
    return {one for one in parts if len(one) >= _SHORTEST_WORD}


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text("utf-8").splitlines())
