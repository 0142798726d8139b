"""TOML to write: keys, values, and a table's lines, short ones on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WIDEST: Final = 100


def toml_entries(name: str, value: Any) -> Iterator[str]:
    """`name = value`: one line where it fits, else one for each part of the table."""
    line = f"{name} = {toml_value(value)}"
    if len(line) <= _WIDEST or not isinstance(value, Mapping) or not value:
        yield line
        return
    for part, inner in value.items():
        yield from toml_entries(f"{name}.{toml_key(part)}", inner)


def toml_value(value: Any) -> str:
    """One value, on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(name)} = {toml_value(one)}" for name, one in value.items())
        return f"{{ {inner} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, date | time):  # TOML's own, unquoted
        return value.isoformat()
    # JSON's text is TOML's, but for DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """A name, in quotes where it must be."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
