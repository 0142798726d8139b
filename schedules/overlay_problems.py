"""What is wrong with a file that extends another, beside what is wrong with what the two come to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from schedules.defaults import kind_of
from schedules.errors import ProtocolError
from schedules.protocol import CareProtocol

Table = dict[str, Any]

_FIELDS: Final = (
    "extends", "based_on", "title", "source", "languages", "enable", "disable", "restrictions", "questions", "steps",
    "catch_up",
)  # fmt: skip
_VERSION: Final = re.compile(r"[0-9a-f]{12}")


def locate(text: str, error: ProtocolError, base: str) -> ProtocolError:
    """The same problems, each with the line of the file's `text` that it is about, or that its base alone says it."""
    return ProtocolError("\n".join(_with_line(text, line, base) for line in str(error).split("\n")))


def overlay_problems(data: Table, base: CareProtocol) -> Iterator[str]:
    """Each problem in a sentence, before the file is merged with its base."""
    for name in data.keys() - set(_FIELDS):
        close = get_close_matches(name, _FIELDS, n=1, cutoff=0.5)
        said = f"did you mean {close[0]}?" if close else f"there are {', '.join(_FIELDS)}"
        yield f"{name} is no field of a file that extends another; {said}"
    based_on = data.get("based_on")
    if not isinstance(based_on, str) or not _VERSION.fullmatch(based_on):
        wrong = "is missing" if based_on is None else "is no version"
        yield f'based_on {wrong}; {base.id} is at {base.version} now: write based_on = "{base.version}"'
    for name in ("enable", "disable"):
        yield from _switch_problems(name, data.get(name, []), base)
    for name in ("restrictions", "questions", "steps", "catch_up"):
        if name in data and not isinstance(data[name], dict):
            yield f"{name} must be a table; {_as_table(name, base)}"
    if isinstance(steps := data.get("steps"), dict):
        yield from _step_problems(steps, base)


def _switch_problems(name: str, keys: Any, base: CareProtocol) -> Iterator[str]:
    known = {step.key: step for step in base.steps}
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        yield f'{name} must be a list; write {name} = ["{base.steps[0].key}"]'
        return
    for key in keys:
        if key not in known:
            yield f'{name} names "{key}", which is no step of {base.id}; {_nearest(key, known)}'
        elif known[key].enabled is (name == "enable"):
            yield f'{name} names "{key}", which is {"on" if known[key].enabled else "off"} already; take it out'


def _step_problems(steps: Table, base: CareProtocol) -> Iterator[str]:
    known = {step.key: step for step in base.steps}
    for key, step in steps.items():
        if not isinstance(step, dict):
            yield f'step "{key}": must be a table; {_as_table("steps", base)}'
        elif "key" in step:
            yield f'step "{key}": key is no field here; the name of the table is the key'
        elif key not in known and kind_of(step) is None:
            said = f'step "{key}": is no step of {base.id}; {_nearest(key, known)}'
            yield f"{said} A new step says its kind, or what it lifts, or its topics"


def _as_table(name: str, base: CareProtocol) -> str:
    return f'write [steps."{base.steps[0].key}"]' if name == "steps" else f"write [{name}]"


def _nearest(key: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"its steps: {', '.join(known)}."


def _with_line(text: str, problem: str, base: str) -> str:
    file, separator, said = problem.partition(": ")
    number = _line(text, said)
    return f"{file}, line {number}{separator}{said}" if number else f"{problem} (as {base} and this file together say)"


def _line(text: str, said: str) -> int | None:
    """The line that a problem is about: that of the field within its table, else of the table, else of the name."""
    lines = text.split("\n")
    if found := re.match(r'(step|restriction|question) "([^"]+)"[:,]? ?([a-z_]+(?:\.[a-z]+)?)?', said):
        table, name, field = f"{found[1]}s", found[2], found[3] or ""
        return _in_table(lines, table, name, field)
    if found := re.match(r"restrictions\.([a-z0-9-]+)", said):
        return _in_table(lines, "restrictions", found[1], "")
    if found := re.match(r'(enable|disable) names "([^"]+)"', said):
        return _first(lines, lambda line: f'"{found[2]}"' in line.partition("#")[0])
    name = re.match(r"[a-z_]*", said)
    return _first(
        lines, lambda line: bool(name and name[0]) and line.lstrip(" \t[").startswith(name[0] if name else "")
    )


def _in_table(lines: list[str], table: str, name: str, field: str) -> int | None:
    spelled = rf"[\"']?{re.escape(name)}[\"']?"
    header = re.compile(rf"\s*\[{table}\.{spelled}[\].]")
    entry = re.compile(rf"\s*({table}\.)?{spelled}\s*[=.]")
    start = _first(lines, lambda line: bool(header.match(line))) or _first(lines, lambda line: bool(entry.match(line)))
    if start is None or not field:
        return start
    for number, line in enumerate(lines[start:], start + 1):
        if line.lstrip().startswith("["):
            break
        if re.match(rf"\s*{re.escape(field)}\b", line) or re.match(rf"\s*{re.escape(field.partition('.')[0])}\b", line):
            return number
    return start


def _first(lines: list[str], is_it: Callable[[str], bool]) -> int | None:
    return next((number for number, line in enumerate(lines, 1) if is_it(line)), None)
