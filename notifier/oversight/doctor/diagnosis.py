"""What the doctor says of each thing that it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How severe a diagnosis is: it decides the exit code of `notifier doctor`."""

    OK = "ok"
    WARN = "warn"
    """Texts leave, and somebody should look."""
    FAIL = "fail"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at, and what to do about it."""

    what: str
    level: Level
    found: str
    advice: str = ""
