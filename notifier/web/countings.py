"""What takes longer to count than a page may take: a thread of its own counts it, and the page looks again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any, Final

Figures = Mapping[str, Any]
"""What the page shows, by the name that its template has for it."""
Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""
_KEPT: Final = 60.0
"""Seconds for which somebody may come back for figures that are counted."""


@dataclass(slots=True)
class Counting:
    """Figures that are being counted."""

    since: float
    made: Future[Figures] = field(default_factory=Future)
    done: int = 0
    of: int = 0

    def report(self, done: int, of: int) -> None:
        """How far it is."""
        self.done, self.of = done, of


@dataclass
class Countings:
    """Of one process. One is counted after the other; figures are handed out once, so that a page that is opened
    again shows what is so then."""

    wait: float = 0.04
    """Seconds for which a page waits: where patients are few, it has its figures at once."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _begun: dict[Hashable, Counting] = field(default_factory=dict)

    def get(self, key: Hashable, count: Callable[[Progress], Figures], monotonic: float) -> Figures | Counting:
        """The figures, or how far they are. `key`: for whom, and of what. Raises what `count` raises."""
        with self._lock:
            late = [one for one, it in self._begun.items() if it.made.done() and monotonic - it.since > _KEPT]
            for one in late:
                del self._begun[one]
            counting = self._begun.get(key)
            if counting is None:
                counting = self._begun[key] = Counting(monotonic)
                # A daemon: nobody waits for figures at the end of the process, and nothing is written.
                threading.Thread(target=self._count, args=(counting, count), name="count", daemon=True).start()
        wait([counting.made], self.wait)
        if not counting.made.done():
            return counting
        with self._lock:
            if self._begun.get(key) is counting:
                del self._begun[key]
        return counting.made.result()

    def _count(self, counting: Counting, count: Callable[[Progress], Figures]) -> None:
        try:
            with self._turn:
                counting.made.set_result(count(counting.report))
        except BaseException as error:  # noqa: BLE001  # it is raised again where the figures are asked for
            counting.made.set_exception(error)
