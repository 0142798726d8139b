"""Words of what may be an emergency. Negation decides; a number's company makes it a temperature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from notifier.conversations.reading.normalize import Said
from notifier.conversations.reading.vocabulary import Vocabulary

FAHRENHEIT: Final = (100.4, 108.0)
CELSIUS: Final = (38.0, 42.0)
_NEAR: Final = 4
_BESIDE: Final = 2


def urgent_words(said: Said, known: Vocabulary) -> Iterator[str]:
    """The words that certainly may be an emergency, in the order in which they stand."""
    for clause in _of_now(said, known):
        yield from _there(known.urgent, clause, known)
        yield from _fevers(clause.split(), known, alone=len(said.clauses) == 1)


def alarming_words(said: Said, known: Vocabulary) -> Iterator[str]:
    """The words that may be one too, and stand in innocent company as well: "I work at the hospital"; and the certain
    ones where the clause speaks of another time or of somebody else: "I work nights and cannot breathe"."""
    for clause in said.clauses:
        if known.not_now.search(clause):
            yield from _there(known.urgent, clause, known)
        else:
            yield from _there(known.alarming, clause, known)


def _of_now(said: Said, known: Vocabulary) -> Iterator[str]:
    return (clause for clause in said.clauses if not known.not_now.search(clause))


def _there(pattern: re.Pattern[str], clause: str, known: Vocabulary) -> Iterator[str]:
    for found in pattern.finditer(clause):
        before, behind = clause[: found.start()], clause[found.end() :]
        if not known.negated.search(before) and not known.passed.search(behind):
            yield found[0]


def _fevers(words: list[str], known: Vocabulary, *, alone: bool) -> Iterator[str]:
    for at, word in enumerate(words):
        if not is_fever(word):
            continue
        if words[at + 1 : at + 2] in (["f"], ["c"]):
            yield f"{word.replace('_', '.')} {words[at + 1]}"
            continue
        beside = words[max(0, at - _BESIDE) : at] + words[at + 1 : at + 1 + _BESIDE]
        if any(one in known.not_temperature or one[0].isdigit() or one.endswith("_") for one in beside):
            continue
        near = set(words[max(0, at - _NEAR) : at + 1 + _NEAR])
        bare = alone and set(words) - {word} <= known.temperature | known.polite
        if bare or "_" in word or near & known.temperature:
            yield word.replace("_", ".")


def is_fever(word: str) -> bool:
    whole, _, part = word.partition("_")
    if not whole.isdigit() or whole[0] == "0" or len(part) > 1:
        return False
    value = float(f"{whole}.{part or 0}")
    return CELSIUS[0] <= value <= CELSIUS[1] or FAHRENHEIT[0] <= value <= FAHRENHEIT[1]
