"""Conditions: what holds only for patients with certain answers to the questions that staff are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import not_
from typing import Annotated, Any, NamedTuple

from pydantic import Field, field_serializer, field_validator

from schedules.field_types import Key
from schedules.offsets import Strict
from schedules.series import SERIES, SESSION, SESSIONS, session_is, wrong_option

Answers = Mapping[str, str]
"""By question: what staff answered."""
AllOf = Mapping[str, tuple[str, ...]]
"""By question: the answers of which one must be given; all the questions must."""
Condition = tuple[AllOf, ...]
"""One of these must be fulfilled; none: it always holds."""


class Fulfillment(NamedTuple):
    """What a condition is worth under some answers."""

    holds: bool
    open: tuple[str, ...] = ()
    """The questions that could still make it hold, where it does not; none: it never will."""


def _as_options(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: (one,) if isinstance(one, str) else one for key, one in value.items()}


class Conditional(Strict):
    """Something that holds only for some patients: `only_if = { shaves = "yes" }`, or a list of such tables."""

    only_if: Annotated[
        tuple[
            Annotated[dict[Key, Annotated[tuple[Key, ...], Field(min_length=1, strict=False)]], Field(min_length=1)],
            ...,
        ],
        Field(
            strict=False, max_length=8, exclude_if=not_
        ),  # what has none has the version of before there were several
    ] = ()
    """One of the tables must be fulfilled, and all of what it says. Without any, it is no part of the content."""

    @field_validator("only_if", mode="before")
    @classmethod
    def _one_table_or_several(cls, value: object) -> object:
        if isinstance(value, dict):
            return (_as_options(value),) if value else ()
        return tuple(map(_as_options, value)) if isinstance(value, (list, tuple)) else value

    @field_serializer("only_if")
    def _as_it_is_written(self, only_if: Condition) -> Any:
        return only_if[0] if len(only_if) == 1 else list(only_if)  # the versions of before there were several

    def holds(self, answers: Answers) -> bool:
        """Whether these answers fulfill the condition; an unanswered question fulfills none."""
        return not self.only_if or fulfillment(self.only_if, answers).holds


def fulfillment(condition: Condition, answers: Answers) -> Fulfillment:
    """Whether the condition holds under these answers and, where it does not, which questions it hangs on."""
    if not condition:
        return Fulfillment(holds=True)
    hangs_on: dict[str, None] = {}
    for one in condition:
        told = {question: _matches(question, options, answers) for question, options in one.items()}
        if all(told.values()):
            return Fulfillment(holds=True)
        if False not in told.values():
            hangs_on |= {_open_question(question, answers): None for question, is_so in told.items() if is_so is None}
    return Fulfillment(False, tuple(hangs_on))


def wrong_condition(condition: Condition, questions: Mapping[str, tuple[str, ...]]) -> str | None:
    """What is wrong with a condition where these are the questions and their answers; None where nothing is."""
    for question, options in [said for one in condition for said in one.items()]:
        if question in SERIES:
            if why := next(filter(None, (wrong_option(question, option) for option in options)), None):
                return why
        elif question not in questions:
            known = ", ".join(questions) or "none"
            return f'only_if asks "{question}", which is no question here (there: {known})'
        elif unknown := [option for option in options if option not in questions[question]]:
            return f'"{unknown[0]}" is no answer to "{question}"; say one of {", ".join(questions[question])}'
    return None


def both(one: Condition, other: Condition) -> Condition:
    """The condition that holds where both do."""
    if not one or not other:
        return one or other
    return tuple({**a, **b} for a in one for b in other)


def implies(condition: Condition, needed: Condition) -> bool:
    """Whether it is plain from their words that what fulfills the first fulfills the second, too."""
    return not needed or (
        bool(condition)
        and all(
            any(all(question in one and set(one[question]) <= set(options) for question, options in other.items())
                for other in needed)
            for one in condition
        )
    )  # fmt: skip


def questions_in(condition: Condition) -> set[str]:
    """The questions that a condition hangs on; who is the last of a series hangs on how many there are."""
    asked = {question for one in condition for question in one}
    needs_all = any("last" in one.get(SESSION, ()) for one in condition)
    return asked | {SESSIONS} if needs_all else asked


def options_in(conditions: Iterable[Condition]) -> dict[str, set[str]]:
    """By question: every answer that these conditions name."""
    found: dict[str, set[str]] = {}
    for condition in conditions:
        for one in condition:
            for question, options in one.items():
                found.setdefault(question, set()).update(options)
    return found


def _matches(question: str, options: tuple[str, ...], answers: Answers) -> bool | None:
    """Whether the answer is one of the options; None where it is not known."""
    if question != SESSION:
        answer = answers.get(question)
        return None if answer is None else answer in options
    said = [session_is(option, answers) for option in options]
    return True if True in said else None if None in said else False


def _open_question(question: str, answers: Answers) -> str:
    """The question that must be answered: the session may be known, and not of how many."""
    return SESSIONS if question == SESSION and SESSION in answers else question
