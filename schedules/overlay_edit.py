"""What staff type in a form over a protocol becomes an overlay: what is typed as its base has it is no difference."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from schedules.offsets import Duration
from schedules.own_lengths import read_length
from schedules.protocol import CareProtocol, Step
from schedules.restriction import Restriction

Table = dict[str, Any]
FORM: Final = "words"
"""A field that says that the form was sent, whose boxes are absent where they are not ticked."""
_DAY: Final = re.compile(r"(?:until )?day ([0-9]{1,3})", re.IGNORECASE)
_MINUTES: Final = re.compile(r"([0-9]{1,5}) ?min(?:utes?)?", re.IGNORECASE)
_ENDS: Final = ("up_to", "usual")
_WRITTEN: Final = ("minutes", "hours", "days", "until_day", "weeks", "months", "until", *_ENDS)


def text_field(step: str, field: str, language: str) -> str:
    """The name of one text's field in the form; `field` as in `Step.every_text`."""
    return f"text/{step}/{field}/{language}"


def length_field(topic: str, end: str = "") -> str:
    """The name of one length's field; `end`: `up_to` or `usual` of a range."""
    return f"length/{topic}/{end}".rstrip("/")


def lengths_of(restriction: Restriction) -> dict[str, Duration]:
    """By `""`, `up_to` and `usual`: the lengths that a restriction has."""
    said = {"": restriction.shortest, "up_to": restriction.up_to, "usual": restriction.usual}
    return {end: length for end, length in said.items() if length is not None}


def say_length(length: Duration) -> str:
    """As staff type it: `7 days`, `until day 4`."""
    unit, many = next((unit, many) for unit in length.UNITS if (many := getattr(length, unit)) is not None)
    return f"until day {many}" if unit == "until_day" else f"{many} {unit if many != 1 else unit[:-1]}"


def typed_length(typed: str) -> Duration:
    """The same, read. Raises ValueError with a sentence."""
    for pattern, unit in ((_DAY, "until_day"), (_MINUTES, "minutes")):
        if found := pattern.fullmatch(typed.strip()):
            try:
                return Duration(**{unit: int(found[1])})
            except ValidationError:
                raise ValueError(f'"{typed[:40]}" is out of bounds') from None
    return read_length(typed)


def fields_of(base: CareProtocol, table: Table) -> dict[str, str]:
    """The form's fields as an overlay says them that cannot be read yet: what was saved with a mistake in it."""
    steps = table.get("steps")
    says: Table = steps if isinstance(steps, dict) else {}
    fields = {FORM: "1"}
    for step in base.steps:
        own = says.get(step.key)
        own = own if isinstance(own, dict) else {}
        if step.key not in _list(table, "disable") and (step.enabled or step.key in _list(table, "enable")):
            fields[f"on/{step.key}"] = "1"
        fields[f"why/{step.key}"] = str(own.get("why_off", step.why_off or ""))
        for field, texts in step.every_text:
            for language, text in texts.items():
                found: Any = own
                for name in (*field.split("."), language):
                    found = found.get(name) if isinstance(found, dict) else None
                fields[text_field(step.key, field, language)] = found if isinstance(found, str) else text
    return fields


def edited(
    base: CareProtocol, present: CareProtocol, table: Table, typed: Mapping[str, str]
) -> tuple[Table, dict[str, str]]:
    """The overlay with what was typed; by field, what could not be read and stays as it was.

    `present`: what the overlay came to before, whose steps the form had. What a form does not show stays.
    """
    table = copy.deepcopy(table)
    if FORM not in typed:
        return table, {}
    own = {step.key: step for step in base.steps}
    for name in ("enable", "disable"):
        table[name] = [key for key in _list(table, name) if key not in own]
    for step in present.steps:
        _switch(table, step, own.get(step.key), typed)
        for field, texts in step.every_text:
            for language in texts:
                _say(table, step.key, field, language, own.get(step.key), typed)
    unread = dict(_lengths(base, present, table, typed))
    return _without_empty(table), unread


def _list(table: Table, name: str) -> list[Any]:
    found = table.get(name)
    return found if isinstance(found, list) else []


def _switch(table: Table, step: Step, base: Step | None, typed: Mapping[str, str]) -> None:
    is_on, why = f"on/{step.key}" in typed, typed.get(f"why/{step.key}", "").strip()
    says = _table(table, "steps", step.key)
    if base is None:  # a step of the overlay's own
        says.pop("enabled", None)
        says.pop("why_off", None)
        says |= {} if is_on else {"enabled": False, "why_off": why or step.why_off or "This clinic leaves it out."}
        return
    says.pop("why_off", None)
    if is_on != base.enabled:
        table["enable" if is_on else "disable"].append(step.key)
    if not is_on and why and why != base.why_off:
        says["why_off"] = why


def _say(table: Table, key: str, field: str, language: str, base: Step | None, typed: Mapping[str, str]) -> None:
    said = typed.get(text_field(key, field, language))
    if said is None:
        return
    said = said.replace("\r\n", "\n").strip()
    *path, last = *field.split("."), language
    if base is not None and said == dict(base.every_text).get(field, {}).get(language):
        _table(table, "steps", key, *path).pop(last, None)
    else:
        _table(table, "steps", key, *path)[last] = said


def _lengths(
    base: CareProtocol, present: CareProtocol, table: Table, typed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for topic, restriction in present.restrictions.items():
        read: dict[str, Duration] = {}
        for end, length in lengths_of(restriction).items():
            read[end] = length
            try:
                read[end] = typed_length(typed.get(length_field(topic, end), say_length(length)))
            except ValueError as why:
                yield length_field(topic, end), str(why)
        if read == lengths_of(restriction):
            continue
        says = _table(table, "restrictions", topic)
        for name in _WRITTEN:
            says.pop(name, None)
        if topic in base.restrictions and read == lengths_of(base.restrictions[topic]):
            continue
        says |= _plain(read.pop("", None)) | {end: _plain(length) for end, length in read.items()}
        if restriction.is_gate:
            says["until"] = restriction.until


def _plain(length: Duration | None) -> Table:
    return length.model_dump(exclude_none=True) if length is not None else {}


def _table(table: Table, *path: str) -> Table:
    """The table at that place; what stands there and is none is replaced."""
    for name in path:
        if not isinstance(table.get(name), dict):
            table[name] = {}
        table = table[name]
    return table


def _without_empty(table: Table) -> Table:
    kept = {name: _without_empty(value) if isinstance(value, dict) else value for name, value in table.items()}
    return {name: value for name, value in kept.items() if value not in ({}, [])}
