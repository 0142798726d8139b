"""A protocol as the text of a file: what a file that extends another comes to, for reading and for starting anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from schedules.protocol import CareProtocol

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WIDEST: Final = 100


def as_toml(protocol: CareProtocol) -> str:
    """The whole protocol as TOML; read back under the same name it is the same version."""
    plain: dict[str, Any] = json.loads(protocol.content)
    del plain["id"]
    steps, tables = (
        plain.pop("steps"),
        {name: plain.pop(name, {}) for name in ("questions", "restrictions", "catch_up")},
    )
    lines = [f"{_name(name)} = {_value(value)}" for name, value in plain.items()]
    if "languages" not in plain:
        lines.append(f"languages = {_value(list(protocol.languages))}")
    for title, table in tables.items():
        if table:
            lines += ["", f"[{title}]", *(line for name, value in table.items() for line in _entry(_name(name), value))]
    for step in steps:
        first = {name: step[name] for name in ("key", "kind") if name in step}
        lines += ["", "[[steps]]", *(line for name, value in {**first, **step}.items() for line in _entry(name, value))]
    return "\n".join(lines) + "\n"


def _entry(name: str, value: Any) -> Iterator[str]:
    """One line where it fits, else one for each part of the table."""
    line = f"{name} = {_value(value)}"
    if len(line) <= _WIDEST or not isinstance(value, Mapping) or not value:
        yield line
        return
    for part, inner in value.items():
        yield from _entry(f"{name}.{_name(part)}", inner)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_name(name)} = {_value(one)}' for name, one in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # JSON's text is TOML's, but for DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
