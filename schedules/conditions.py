"""Conditions: what holds only for patients with certain answers to the questions that staff are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from schedules.field_types import Key
from schedules.offsets import Strict

Answers = Mapping[str, str]
"""By question: what staff answered."""


def _as_options(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: (one,) if isinstance(one, str) else one for key, one in value.items()}


class Conditional(Strict):
    """Something that holds only for some patients: `only_if = { shaves = "yes" }`."""

    only_if: Annotated[
        dict[Key, Annotated[tuple[Key, ...], Field(min_length=1, strict=False)]], Field(default_factory=dict)
    ]

    @field_validator("only_if", mode="before")
    @classmethod
    def _one_answer_or_several(cls, value: object) -> object:
        return _as_options(value)

    def holds(self, answers: Answers) -> bool:
        """Whether these answers fulfill every condition; an unanswered question fulfills none."""
        return not self.only_if or all(answers.get(question) in options for question, options in self.only_if.items())
