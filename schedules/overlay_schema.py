"""The JSON Schema of a file with `extends`, for editors: any part of a protocol, and nothing that must be there."""

from __future__ import annotations

from typing import Any, Final

from schedules.catalogue import schema

_IN_PARTS: Final = ("Step", "Question", "ClosedAnswer", "RestrictionWords", "CatchUpWords")


def overlay_schema() -> dict[str, Any]:
    """As `schema` describes a whole protocol; what a file leaves out is its base's."""
    described = schema()
    whole, parts = described["properties"], described["$defs"]
    for name in _IN_PARTS:
        parts[name].pop("required", None)
    key = parts["Step"]["properties"].pop("key")  # the name of the table is the key
    same = ("title", "source", "languages", "questions", "restrictions", "catch_up")
    switched = {"type": "array", "items": {"type": "string", "pattern": key["pattern"]}}
    steps = {"type": "object", "additionalProperties": False, "patternProperties": {key["pattern"]: _a("Step")}}
    return {
        **described,
        "title": "Overlay",
        "description": "A clinic's own words: what differs from another protocol.",
        "required": ["extends", "based_on"],
        "properties": {
            "extends": {"type": "string", "pattern": key["pattern"]},
            "based_on": {"type": "string", "pattern": "^[0-9a-f]{12}$"},
            "enable": switched,
            "disable": switched,
            **{name: whole[name] for name in same},
            "steps": steps,
        },
    }


def _a(part: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{part}"}
