"""What the linear model sees of a text: pieces of words, words, pairs of words, pairs of kinds, and its length."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from notifier.conversations.reading.normalize import Said
from notifier.conversations.reading.symbols import symbols
from notifier.conversations.reading.urgent_words import is_fever
from notifier.conversations.reading.vocabulary import Vocabulary

BLOCKS: Final = 3
"""Pieces of words; words, pairs, and pairs around a third; kinds and pairs. Each is weighed by its own length."""
_PIECES: Final = (2, 3, 4, 5)
_LENGTHS: Final = (0, 1, 2, 3, 4, 5, 8, 13, 20)
"""Short texts of a kind are put otherwise than long ones."""


def features(said: Said, known: Vocabulary) -> tuple[set[str], ...]:
    """The features of a text, in their blocks."""
    words = [word for clause in said.clauses for word in [*_shown(clause, known), "|"]]
    signs = sorted(symbols(said.plain))
    spoken = ["^", *words[:-1], *(["?"] if said.asks else []), *signs, "$"]
    pieces = {
        padded[at : at + length]
        for word in {*words, *signs} - {"|"}
        for padded in [f" {word} "]
        for length in _PIECES
        for at in range(len(padded) - length + 1)
    }
    alike = [f"<{known.kinds[word]}>" if word in known.kinds else word for word in spoken]
    of_kinds = {word for word in alike if word[0] == "<"}
    of_kinds |= {f"{one} {two}" for one, two in pairwise(alike) if "<" in (one[0], two[0])}
    long = f"(from {max(least for least in _LENGTHS if least <= len(spoken) - 2)} words)"
    around = {f"{one} _ {other}" for one, other in zip(spoken, spoken[2:], strict=False)}
    return (
        pieces,
        {*spoken, *map(" ".join, pairwise(spoken)), *around, long},
        {*of_kinds, *_contexts(said, known), long},
    )


def _contexts(said: Said, known: Vocabulary) -> set[str]:
    """What the rules say about how a thing is meant."""
    contexts = {
        "not now": known.not_now,
        "no symptom": known.no_symptom,
        "no request": known.not_a_request,
        "no stranger": known.not_wrong_person,
    }
    return {f"({name})" for name, pattern in contexts.items() if any(map(pattern.search, said.clauses))}


def _shown(clause: str, known: Vocabulary) -> list[str]:
    """The words of a clause: a symptom that is not there is no symptom, and a number is no more than one."""
    for gone in (known.no_symptom, known.past_symptom):
        clause = gone.sub(" absent_ ", clause)
    words = clause.split()
    company = known.not_temperature & set(words)
    return [
        word if not word[0].isdigit() else "hot_" if is_fever(word) and not company else "number_" for word in words
    ]
