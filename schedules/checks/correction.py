"""The words of a correction, checked as the words of a protocol's own step are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from schedules.checks.texts import check_texts
from schedules.placeholders import series_printed, topics_printed
from schedules.problems import explain
from schedules.protocol import CareProtocol
from schedules.wording import Voice

_KEY: Final = "correction"


def check_correction(protocol: CareProtocol, words: Mapping[str, str], voice: Voice) -> tuple[str, ...]:
    """What is wrong with these words, by language, in sentences; none where they may go to a clinician.

    They are checked as a `restrict` step that leaves at once: they may forbid and advise, and permit nothing.
    """
    texts = list(words.values())
    if measured := [*topics_printed(texts, "length"), *series_printed(texts)]:
        return (f'text: prints "{measured[0]}"; a correction prints ends alone, such as {{{_some(protocol)}.until}}',)
    content = _content(protocol, words)
    try:
        step = CareProtocol.model_validate(content)
    except ValidationError as error:
        return tuple(str(explain(protocol.id, content, error)).splitlines())
    return tuple(one.sentence for one in check_texts(step, voice) if not one.is_warning)


def _content(protocol: CareProtocol, words: Mapping[str, str]) -> dict[str, Any]:
    """The content of a protocol of the same restrictions whose only step says these words."""
    content: dict[str, Any] = protocol.model_dump(mode="json", exclude_defaults=True)
    topics = topics_printed(words.values(), "until")
    step: dict[str, Any] = {"key": _KEY, "kind": "restrict", "at": {"hours": 0}, "text": dict(words)}
    if not topics:
        step["stale_after"] = {"days": 2}
    # Whom the rule does not hold for gets no text: the plan asks that, so the words need no condition of their own.
    conditions = {
        topic: {name: value for name, value in one.items() if name != "only_if"}
        for topic, one in content.get("restrictions", {}).items()
    }
    content |= {"languages": list(words), "restrictions": conditions, "steps": [step]}
    content.pop("catch_up", None)
    return content


def _some(protocol: CareProtocol) -> str:
    return next(iter(protocol.restrictions), "sun")
