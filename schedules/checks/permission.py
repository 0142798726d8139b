"""Permission: words by which a text says "you may", in any language.

Only a lift may say so, because only a lift cannot leave before the restriction has ended. What one may feel ("you may
be red"), whom to call, and what to ask ("ask us when you may …") is no permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from schedules.languages.registry import Language, languages


class Permission(NamedTuple):
    """Where in the text, counted from 1, and the words."""

    position: int
    words: str


def permission(text: str) -> Permission | None:
    """The first words of a text that say "you may"."""
    found = min(_found(text), key=lambda one: one.start(), default=None)
    return None if found is None else Permission(found.start("said") + 1, found["said"].strip(" .:;!?¡¿"))


def _found(text: str) -> Iterator[re.Match[str]]:
    forms, no_permission = _patterns(languages())
    for form in forms:
        yield from (one for one in form.finditer(text) if not no_permission.search(text[: one.start("said")]))


@cache
def _patterns(spoken: tuple[Language, ...]) -> tuple[tuple[re.Pattern[str], ...], re.Pattern[str]]:
    """The forms of "you may", and what makes a question, a condition or a ban of one that follows."""
    forms = (form for one in spoken for form in one.checks.permission)
    before = "|".join(word for one in spoken for word in one.checks.no_permission)
    addressed = "|".join(rf"{word}\b" for one in spoken for word in one.checks.addressed)
    return (
        tuple(re.compile(rf"(?P<said>{form})", re.IGNORECASE) for form in forms),
        re.compile(rf"\b(?:{before})(?:\s+(?!{addressed})\w+){{0,2}}?\s+$", re.IGNORECASE),
    )
