"""Which of a question's closed answers a text is: the digit, the digit spelled, or its meaning in a word; no more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from notifier.conversations.reading.normalize import Said
from notifier.conversations.reading.vocabulary import Vocabulary
from schedules.asking import AnswerMeaning

Choices = Mapping[str, AnswerMeaning]
"""What each digit means."""
USUAL: Final[Choices] = MappingProxyType(
    {"1": AnswerMeaning.FINE, "2": AnswerMeaning.QUESTION, "3": AnswerMeaning.WORSE}
)
"""The answers of a check-in: 1 fine, 2 a question, 3 worse."""


def choice_in(said: Said, choices: Choices, known: Vocabulary) -> str | None:
    """The digit that the whole text stands for; None where it is none, says two things, or says more or asks."""
    if said.asks:
        return None
    if (meaning := known.answers.get(said.whole)) is not None:
        return next((one for one, means in choices.items() if means is meaning), None)
    digit, rest = _first(said, known)
    if digit not in choices:
        return None
    return digit if not rest or known.answers.get(rest) is choices[digit] else None  # "1 fine", as the question put it


def begins_with_worse(said: Said, choices: Choices, known: Vocabulary) -> bool:
    """Whether it is no answer, but begins like the one that means worse."""
    return choices.get(_first(said, known)[0]) is AnswerMeaning.WORSE


def _first(said: Said, known: Vocabulary) -> tuple[str, str]:
    first, _, rest = said.whole.partition(" ")
    return known.digits.get(first, first), rest
