"""What a protocol file may leave unsaid: ready words, how long a text stays useful, its languages.

Filled in before the protocol is checked, so that all of it is part of the content and of the version.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from schedules.languages.folders import DEFAULT
from schedules.languages.registry import languages
from schedules.restriction import CLEARED

STALE_AFTER: dict[str, dict[str, int]] = {"lift": {"days": 2}}
"""By kind, as a protocol file would say it: restrict steps are useful while they are true, the others say it."""
AGAIN_AFTER: dict[str, int] = {"hours": 24}
"""How long after a question it is asked once more."""


def fill_in(data: dict[str, Any]) -> dict[str, Any]:
    """A copy of a parsed file with its defaults; what has the wrong shape is left for the model to refuse."""
    steps = data.get("steps")
    if not isinstance(steps, list):
        return data
    languages = data.get("languages")
    if languages is None:
        languages = spoken([step for step in steps if isinstance(step, dict)])
    said = [one for one in languages if isinstance(one, str)] if isinstance(languages, list) else []
    filled = {**data, "languages": languages}
    own: dict[str, dict[str, Any]] = {}
    gates: set[str] = set()
    if isinstance(restrictions := data.get("restrictions"), dict):
        filled["restrictions"] = {topic: _fill_words(topic, one, said) for topic, one in restrictions.items()}
        own = {topic: one["words"] for topic, one in restrictions.items() if isinstance(one, dict) and "words" in one}
        gates = {topic for topic, one in restrictions.items() if isinstance(one, dict) and one.get("until") == CLEARED}
    if restrictions:
        filled["catch_up"] = _fill_catch_up(data.get("catch_up"), said)
    return {
        **filled,
        "steps": [_fill_step(step, said, own, gates) if isinstance(step, dict) else step for step in steps],
    }


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


def _fill_words(topic: str, restriction: Any, said: list[str]) -> Any:
    """The restriction with ready words in each language of the file in which it has none."""
    own = restriction.get("words", {}) if isinstance(restriction, dict) else None
    if not isinstance(own, dict):
        return restriction
    ready = {one.code: one.rule_of(topic) for one in languages() if one.code in said and topic in one.ready.topics}
    words = {**ready, **own}
    return {**restriction, "words": words} if words else restriction


def _fill_catch_up(own: Any, said: list[str]) -> Any:
    """The sentence of a catch-up text in each language of the file: the file's own, else the ready one."""
    if not isinstance(own, dict | None):
        return own
    ready = {one.code: {"text": one.ready.restrict, "until": one.card.until} for one in languages() if one.code in said}
    return {**ready, **(own or {})}


def _fill_step(
    step: dict[str, Any], languages: list[str], own: dict[str, dict[str, Any]], gates: Collection[str]
) -> dict[str, Any]:
    filled = dict(step)
    if "stale_after" not in filled and (usual := STALE_AFTER.get(kind_of(step) or "")):
        filled["stale_after"] = dict(usual)
    if "text" not in filled and (ready := _ready(step, own, gates)) and set(languages) <= ready.keys():
        filled["text"] = {language: ready[language] for language in languages}
    if kind_of(step) == "ask":
        filled.setdefault("again_after", dict(AGAIN_AFTER))
    if isinstance(answers := step.get("answers"), dict):
        filled["answers"] = {key: _fill_answer(answer, languages) for key, answer in answers.items()}
    return filled


def _fill_answer(answer: Any, said: list[str]) -> Any:
    """The answer with ready words by what follows from it, in each language of the file."""
    if not isinstance(answer, dict) or "text" in answer:
        return answer
    ready = {one.code: one.ready.answers.by(answer.get("then")) for one in languages()}
    return {**answer, "text": {language: words for language, words in ready.items() if language in (said or ready)}}


def _ready(step: dict[str, Any], own: dict[str, dict[str, Any]], gates: Collection[str]) -> dict[str, str]:
    """The step's text in each language that has words for all its topics, the file's own or ready ones."""
    kind = kind_of(step)
    topics = step.get("lifts" if kind == "lift" else "topics")
    if kind not in {"lift", "restrict"} or not topics or not isinstance(topics, list):
        return {}
    if not all(isinstance(topic, str) for topic in topics):
        return {}
    texts = {}
    for one in languages():
        said = one.ready.with_words({topic: words.get(one.code) for topic, words in own.items()}, one.card.until)
        if all(topic in said.topics for topic in topics):
            texts[one.code] = said.lift_text(topics) if kind == "lift" else said.restrict_text(topics)
            for gate in gates:  # nobody knows its end
                texts[one.code] = texts[one.code].replace(f"{{{gate}.until}}", one.card.not_yet)
    return texts
