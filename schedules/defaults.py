"""What a protocol file may leave unsaid: ready words, how long a text stays useful, its languages.

Filled in before the protocol is checked, so that all of it is part of the content and of the version.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from pydantic import Field

from schedules.offsets import Strict

STALE_AFTER: dict[str, dict[str, int]] = {"restrict": {"hours": 8}, "lift": {"days": 2}}
"""By kind, as a protocol file would say it; the other kinds say it themselves."""


class TopicWords(Strict):
    """One topic in one language: as a rule, and how its end is said."""

    rule: str
    again: str | None = None
    over: str | None = None


class Wordings(Strict):
    """The ready words of one language; the sentences, and the words for each topic."""

    restrict: str
    lift: str
    again: str
    conjunction: str = Field(alias="and")
    topics: dict[str, TopicWords]

    def restrict_text(self, topics: list[str]) -> str:
        """What must not be done, each with its end."""
        return self.restrict.replace("{rules}", ", ".join(self.topics[topic].rule for topic in topics))

    def lift_text(self, topics: list[str]) -> str:
        """What is over: all that fits "you may ... again", then the sentences that stand alone."""
        words = [self.topics[topic] for topic in topics]
        again = [word.again for word in words if word.again]
        news = [self.again.replace("{things}", self._joined(again))] if again else []
        return self.lift.replace("{news}", "; ".join(news + [word.over for word in words if word.over]))

    def _joined(self, things: list[str]) -> str:
        *others, last = things
        return f"{', '.join(others)}{self.conjunction}{last}" if others else last


@cache
def wordings() -> dict[str, Wordings]:
    """The ready words by language."""
    text = resources.files("schedules").joinpath("wordings.toml").read_text("utf-8")
    return {language: Wordings.model_validate(words) for language, words in tomllib.loads(text).items()}


def fill_in(data: dict[str, Any]) -> dict[str, Any]:
    """A copy of a parsed file with its defaults; what has the wrong shape is left for the model to refuse."""
    steps = data.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return data
    languages = data.get("languages")
    if languages is None:
        languages = spoken(steps)
    said = [one for one in languages if isinstance(one, str)] if isinstance(languages, list) else []
    return {**data, "languages": languages, "steps": [_fill_step(step, said) for step in steps]}


def kind_of(step: dict[str, Any]) -> str | None:
    """The step's kind, said or plain from what it names."""
    kind = step.get("kind") or ("lift" if step.get("lifts") else "restrict" if step.get("topics") else None)
    return kind if isinstance(kind, str) else None


def spoken(steps: list[dict[str, Any]]) -> list[str]:
    """The languages the file is written in, English first; where it has no text at all, those of the ready words.

    A language that one step has and another lacks is then an error that names the step, not a silent loss.
    """
    texts = [text for step in steps if isinstance(text := step.get("text"), dict)]
    said = {language for text in texts for language in text if len(language) == 2} or set(wordings())
    return sorted(said, key=lambda language: (language != "en", language))


def _fill_step(step: dict[str, Any], languages: list[str]) -> dict[str, Any]:
    filled = dict(step)
    if "stale_after" not in filled and (usual := STALE_AFTER.get(kind_of(step) or "")):
        filled["stale_after"] = dict(usual)
    if "text" not in filled and (ready := _ready(step)) and set(languages) <= ready.keys():
        filled["text"] = {language: ready[language] for language in languages}
    return filled


def _ready(step: dict[str, Any]) -> dict[str, str]:
    """The step's text in each language that has ready words for all its topics."""
    kind = kind_of(step)
    topics = step.get("lifts" if kind == "lift" else "topics")
    if kind not in {"lift", "restrict"} or not topics or not isinstance(topics, list):
        return {}
    return {
        language: words.lift_text(topics) if kind == "lift" else words.restrict_text(topics)
        for language, words in wordings().items()
        if all(isinstance(topic, str) and topic in words.topics for topic in topics)
    }
