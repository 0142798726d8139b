"""A protocol as the text of a file: what a file that extends another comes to, for reading and for starting anew."""

from __future__ import annotations

import json
from typing import Any

from schedules.protocol import CareProtocol
from schedules.toml_writing import toml_entries, toml_key, toml_value


def as_toml(protocol: CareProtocol) -> str:
    """The whole protocol as TOML; read back under the same name it is the same version."""
    plain: dict[str, Any] = json.loads(protocol.content)
    del plain["id"]
    steps, tables = (
        plain.pop("steps"),
        {name: plain.pop(name, {}) for name in ("questions", "restrictions", "catch_up")},
    )
    lines = [f"{toml_key(name)} = {toml_value(value)}" for name, value in plain.items()]
    if "languages" not in plain:
        lines.append(f"languages = {toml_value(list(protocol.languages))}")
    for title, table in tables.items():
        if table:
            entries = (line for name, value in table.items() for line in toml_entries(toml_key(name), value))
            lines += ["", f"[{title}]", *entries]
    for step in steps:
        first = {name: step[name] for name in ("key", "kind") if name in step}
        entries = (line for name, value in {**first, **step}.items() for line in toml_entries(name, value))
        lines += ["", "[[steps]]", *entries]
    return "\n".join(lines) + "\n"
