"""Topic words: how a restriction is said where no step has words for it. They are part of a protocol's content."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from schedules.offsets import Strict

CATCH_UP: Final = "catch-up"
"""The key of the step that says what no step of the protocol says any more."""


def _plain(words: str) -> str:
    if "{" in words or "}" in words:
        raise ValueError("has no placeholder; the text around it says until when")
    return words


def _with_rules(text: str) -> str:
    if lacking := [name for name in ("{clinic}", "{rules}", "{phone}") if name not in text]:
        raise ValueError(f"lacks {' and '.join(lacking)}")
    return text


_Saying = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True), AfterValidator(_plain)]


class RestrictionWords(Strict):
    """One restriction in one language."""

    rule: _Saying
    """Without its end: `no makeup`."""
    again: _Saying | None = None
    """What may be done again, after "you may": `wear makeup`."""
    over: _Saying | None = None
    """That it has ended, where "you may" would say too much."""


class CatchUpWords(Strict):
    """The sentence of a catch-up text in one language."""

    text: Annotated[str, Field(max_length=400), AfterValidator(_with_rules)]
    until: _Saying
    """Between rules and their end: `until`."""

    def say(self, groups: list[tuple[list[str], str]]) -> str:
        """The text as a template; each group are rules, and the placeholder of the end that they share."""
        said = [f"{', '.join(rules)} {self.until} {{{end}}}" for rules, end in groups]
        return self.text.replace("{rules}", "; ".join(said))
