"""What a protocol file may leave unsaid: ready words, how long a text stays useful, its languages.

Filled in before the protocol is checked, so that all of it is part of the content and of the version.
"""

from __future__ import annotations

from typing import Any

from schedules.languages.folders import DEFAULT
from schedules.languages.registry import languages

STALE_AFTER: dict[str, dict[str, int]] = {"restrict": {"hours": 8}, "lift": {"days": 2}}
"""By kind, as a protocol file would say it; the other kinds say it themselves."""


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
    """The languages the file is written in, English first; where it has no text at all, those that are so unasked.

    A language that one step has and another lacks is then an error that names the step, not a silent loss.
    """
    texts = [text for step in steps if isinstance(text := step.get("text"), dict)]
    said = {language for text in texts for language in text if len(language) == 2}
    unasked = {one.code for one in languages() if one.about.unasked} if not said else set[str]()
    return sorted(said or unasked, key=lambda language: (language != DEFAULT, language))


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
        one.code: one.ready.lift_text(topics) if kind == "lift" else one.ready.restrict_text(topics)
        for one in languages()
        if all(isinstance(topic, str) and topic in one.ready.topics for topic in topics)
    }
