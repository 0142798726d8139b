"""What the values of a protocol file may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
"""Lower-case words joined by hyphens: `makeup-again`."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=1600, strip_whitespace=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
