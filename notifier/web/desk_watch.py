"""The state of the desk for every open page of this process: looked up once in a second, however many pages ask."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from notifier.db.visibility import looking
from notifier.oversight.desk_state import DeskState, desk_state

_FRESH: Final = 0.8
"""Seconds for which what was looked up holds."""


@dataclass
class DeskWatch:
    """By the offices of whoever asks. Processes share nothing but the tables, so each finds the same."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: dict[frozenset[str] | None, tuple[float, DeskState]] = field(default_factory=dict)

    def state(self, engine: Engine, yours: frozenset[str] | None, now: datetime, monotonic: float) -> DeskState:
        """The state of a moment ago. `monotonic`: seconds on a clock that never jumps."""
        with self._lock:
            known = self._found.get(yours)
            if known is not None and 0 <= monotonic - known[0] < _FRESH:
                return known[1]
            with looking(engine, yours) as session:
                state = desk_state(session, now)
            self._found[yours] = monotonic, state
            return state
