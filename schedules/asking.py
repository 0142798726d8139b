"""An ask: a question with closed answers, what each answer means, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints

from schedules.field_types import Language, Words
from schedules.offsets import Span, Strict
from schedules.repeat import repeated_key

Choice = Annotated[str, StringConstraints(pattern=r"^[1-9]$")]
"""The digit that a patient replies."""
AGAIN: Final = ".again"
"""How the key of the second asking ends."""
LONGEST_KEY: Final = 40 - len(AGAIN)


class AnswerMeaning(StrEnum):
    """What an answer says of the patient; spelled words ("fine", "peor") are read as one of these."""

    FINE = "fine"
    QUESTION = "question"
    WORSE = "worse"


class Consequence(StrEnum):
    """What follows from an answer."""

    FILE = "file"
    """It files itself; nobody has to read it."""
    TASK = "task"
    """A person answers."""
    URGENT = "urgent"
    """People are told at once."""


def _known(kinds: type[StrEnum]) -> BeforeValidator:
    def read(value: object) -> object:
        if isinstance(value, str) and value in {one.value for one in kinds}:
            return kinds(value)
        raise ValueError(f"{value!r} is not among {', '.join(kinds)}; say one of them")

    return BeforeValidator(read)


class ClosedAnswer(Strict):
    """One answer that a patient may give."""

    means: Annotated[AnswerMeaning, _known(AnswerMeaning)]
    then: Annotated[Consequence, _known(Consequence)]
    text: dict[Language, Words]
    """What the patient reads then; ready words where the file has none."""


class Asking(Strict):
    """The fields of a step that asks."""

    answers: Annotated[dict[Choice, ClosedAnswer], Field(default_factory=dict)]
    """By the digit to reply; only for kind `ask`."""
    again_text: Annotated[dict[Language, Words], Field(default_factory=dict)]
    """The words of the second asking, of whoever has written nothing."""
    again_after: Span | None = None
    """How long after the question left it is asked once more."""

    def texts_of_answers(self) -> Iterator[tuple[str, dict[Language, Words]]]:
        """Where each further text of the question stands, and its words by language."""
        if self.again_text:
            yield "again_text", self.again_text
        for choice, answer in self.answers.items():
            yield f"answers.{choice}.text", answer.text


@lru_cache(maxsize=4096)
def first_asking(key: str) -> str:
    """The key of the step that a text of the outbox was planned by: the second asking has none of its own, nor has
    an occurrence of a repeat."""
    return repeated_key(key.removesuffix(AGAIN))


def wrong_answers(step: Asking, key: str, *, asks: bool) -> str | None:
    """What is wrong with the answers of a step, and what to write instead; None where nothing is.

    `asks`: whether it is of kind `ask`.
    """
    if asks:
        return next(_wrong(step, key), None)
    has_some = step.answers or step.again_text or step.again_after
    return "`answers`, `again_text` and `again_after` go with kind ask" if has_some else None


def _wrong(step: Asking, key: str) -> Iterator[str]:
    if not 2 <= len(step.answers) <= 5:
        yield "an ask has two to five answers: add [steps.answers.1], with `means` and `then`, for each"
    if not step.again_text or step.again_after is None:
        yield 'an ask has the words of its second asking: add `again_text.en = "{clinic}: ..."`'
    if len(key) > LONGEST_KEY:
        yield f"the key of an ask has at most {LONGEST_KEY} characters"
    meanings = [answer.means for answer in step.answers.values()]
    if len(set(meanings)) < len(meanings):
        yield "two answers mean the same; let each mean another of fine, question, worse"
    for choice, answer in step.answers.items():
        if answer.means is AnswerMeaning.WORSE and answer.then is not Consequence.URGENT:
            yield f'answer {choice} means worse: write then = "urgent"'
        if answer.means is AnswerMeaning.QUESTION and answer.then is Consequence.FILE:
            yield f'answer {choice} means a question, which a person must read: write then = "task"'
    if AnswerMeaning.WORSE not in meanings:
        yield 'an ask lets the patient say that it is worse: add an answer with means = "worse" and then = "urgent"'
