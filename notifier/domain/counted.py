"""A number and its noun in a sentence."""

from __future__ import annotations


def counted(many: int, one: str, several: str | None = None) -> str:
    """`1 text`, `2 texts`; a verb goes with them: `counted(many, "text waits", "texts wait")`."""
    return f"{many:,} {one if many == 1 else several or one + 's'}"
