"""The state of the desk for every open page of this process: looked up once in a second, however many pages ask."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from notifier.access.accounts import SignedIn
from notifier.access.sessions import who_have
from notifier.db.engine import reading
from notifier.db.visibility import looking
from notifier.oversight.desk_state import DeskState, desk_state

_FRESH: Final = 0.8
"""Seconds for which what was looked up holds."""
_ASKS_AGAIN: Final = 20.0
"""Seconds after which a page that has not asked again is taken to be closed."""


@dataclass
class DeskWatch:
    """By the offices of whoever asks. Processes share nothing but the tables, so each finds the same."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: dict[frozenset[str] | None, tuple[float, DeskState]] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)
    """When a page of each session has asked last; sessions by the hash of their token."""
    _signed_in: tuple[float, Mapping[str, SignedIn]] = (float("-inf"), field(default_factory=dict))

    def state(self, engine: Engine, yours: frozenset[str] | None, now: datetime, monotonic: float) -> DeskState:
        """The state of a moment ago. `monotonic`: seconds on a clock that never jumps."""
        with self._lock:
            known = self._found.get(yours)
            if known is not None and _is_fresh(known[0], monotonic):
                return known[1]
            with looking(engine, yours) as session:
                state = desk_state(session, now)
            self._found[yours] = monotonic, state
            return state

    def ask(
        self, engine: Engine, token_hash: str, yours: frozenset[str] | None, now: datetime, monotonic: float
    ) -> DeskState:
        """The same for an open page of this session, and of every session whose pages ask: whose each of them is."""
        with self._lock:
            self._asked[token_hash] = monotonic
            if not _is_fresh(self._signed_in[0], monotonic):
                self._asked = {one: at for one, at in self._asked.items() if monotonic - at < _ASKS_AGAIN}
                with reading(engine) as session:
                    self._signed_in = monotonic, who_have(session, self._asked, now=now)
        return self.state(engine, yours, now, monotonic)

    def remembered(self, token_hash: str, monotonic: float) -> tuple[SignedIn, DeskState] | None:
        """Whose session it is, and the state for them, as looked up for another page a moment ago; without a look at
        the database. None: ask."""
        at, found = self._signed_in
        if not _is_fresh(at, monotonic) or (who := found.get(token_hash)) is None:
            return None
        self._asked[token_hash] = monotonic
        known = self._found.get(None if who.offices is None else frozenset(who.offices))
        return (who, known[1]) if known is not None and _is_fresh(known[0], monotonic) else None


def _is_fresh(at: float, monotonic: float) -> bool:
    return 0 <= monotonic - at < _FRESH
