"""A clinic's own words: a file with `extends` says only what differs from another protocol, its base.

It is merged before anything is checked, so what results is a protocol like any other: complete, with its own version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from schedules.defaults import fill_in
from schedules.errors import ProtocolError
from schedules.overlay_problems import overlay_problems
from schedules.protocol import CareProtocol

Table = dict[str, Any]

_LENGTH: Final = frozenset(
    {"minutes", "hours", "days", "until_day", "weeks", "months", "until", "up_to", "usual"}
)  # a new length takes the place of the base's, whatever its unit
_ONE_THING: Final = frozenset({"at", "stale_after", "again_after", "only_if", "repeat"})
"""Tables that are replaced as a whole."""
_BY_LANGUAGE: Final = frozenset({"text", "late_text", "again_text", "words", "catch_up"})
OFF: Final = "This clinic's own file leaves it out."
"""Why a step of the base is off that a file disables."""


@dataclass(frozen=True, slots=True)
class Extends:
    """What a protocol extends, and the version of it that its author had read."""

    base: CareProtocol
    """As it is today."""
    based_on: str
    on_the_page: bool = False
    """Whether what differs is kept on the staff page, and in no file."""

    over_own_file: bool = False
    """Whether a file of the clinic's own stands below these words, where a shipped protocol of that name would."""

    @property
    def came_between(self) -> str | None:
        """What to do where that file came after the words were published, in a sentence; None where none did."""
        if not (self.over_own_file and self.has_changed):
            return None
        name = self.base.id
        return (
            f"{name}.toml in NOTIFIER_PROTOCOLS_DIR has taken the place of the shipped {name}, below the words that "
            "the page has published: take the file away or rename it, or read what differs and publish the words on "
            "the page anew"
        )

    @property
    def has_changed(self) -> bool:
        """Whether the base is another one since."""
        return self.base.version != self.based_on


def merge(file: str, data: Table, base: CareProtocol, base_data: Table) -> Table:
    """The content of `file` with what it leaves to its base. Raises ProtocolError: one line per problem.

    `base_data` is the base's own file, parsed, its defaults not filled in.
    """
    if wrong := list(overlay_problems(data, base)):
        raise ProtocolError("\n".join(f"{file}: {one}" for one in wrong))
    base_data = {**base_data, "languages": list(base.languages)}
    if "languages" in data:
        base_data = _only_in(base_data, data["languages"])
    merged = {name: data.get(name, base_data.get(name)) for name in ("title", "languages")}
    merged["source"] = data.get("source", f"This clinic's own, after {base.id}: {base.source}")
    for name in ("questions", "catch_up"):
        merged[name] = _merged(base_data.get(name, {}), data.get(name, {}))
    merged["restrictions"] = dict(_restrictions(base_data.get("restrictions", {}), data.get("restrictions", {})))
    merged["steps"] = list(_steps(base_data, data))
    return merged


def _restrictions(base: Table, own: Table) -> Iterator[tuple[str, Any]]:
    for topic in dict.fromkeys((*base, *own)):
        was, says = base.get(topic), own.get(topic)
        if topic not in own or not isinstance(says, dict) or not isinstance(was, dict):
            yield topic, was if topic not in own else says
            continue
        kept = was
        if _LENGTH & says.keys():  # the page of the base never said this length
            kept = {name: value for name, value in was.items() if name not in _LENGTH and name != "source"}
        yield topic, _merged(kept, says)


def _steps(base_data: Table, data: Table) -> Iterator[Any]:
    own: Table = data.get("steps", {})
    ready = {step["key"]: step for step in fill_in(base_data)["steps"]}
    for step in base_data["steps"]:
        key = step["key"]
        says = own.get(key, {})
        # Of ready words, the languages that the file does not say stay.
        words = {"text": ready[key].get("text", {})} if "text" in says and "text" not in step else {}
        yield _switched(_merged({**step, **words}, says), key, data)
    keys = {step["key"] for step in base_data["steps"]}
    yield from (_switched({"key": key, **step}, key, data) for key, step in own.items() if key not in keys)


def _switched(step: Table, key: str, data: Table) -> Table:
    if key in data.get("enable", ()):
        return {name: value for name, value in step.items() if name not in {"enabled", "why_off"}}
    if key in data.get("disable", ()):
        return {"why_off": OFF, **step, "enabled": False}
    return step


def _merged(base: Table, own: Table) -> Table:
    """Tables are merged name by name."""
    found = dict(base)
    for name, value in own.items():
        was = found.get(name)
        is_table = isinstance(was, dict) and isinstance(value, dict)
        found[name] = _merged(was or {}, value) if is_table and name not in _ONE_THING else value
    return found


def _only_in(part: Any, languages: Any) -> Any:
    """The base without the languages that the file does not take over."""
    said = languages if isinstance(languages, list) else []
    if isinstance(part, list):
        return [_only_in(one, languages) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: {one: words for one, words in value.items() if one in said}
        if name in _BY_LANGUAGE and isinstance(value, dict)
        else _only_in(value, languages)
        for name, value in part.items()
    }
