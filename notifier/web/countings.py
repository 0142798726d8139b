"""What takes longer than a page may take: a thread of its own counts it, or does it, and the page looks again."""

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
Work = Callable[[Progress], Figures]
"""Makes the figures. Where it writes, it does so in whole steps: the process may end between two of them."""
_KEPT: Final = 60.0
"""Seconds for which somebody may come back for figures that are counted."""


@dataclass(slots=True)
class Counting:
    """Figures that are being counted."""

    looked_at: float
    """When somebody last asked how far it is."""
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

    def get(self, key: Hashable, count: Work, monotonic: float) -> Figures | Counting:
        """The figures, or how far they are. `key`: for whom, and of what. Raises what `count` raises."""
        with self._lock:
            counting = self._known(key, monotonic) or self._begin(key, count, monotonic)
        return self._figures(key, counting)

    def begin(self, key: Hashable, work: Work, monotonic: float) -> Figures | Counting:
        """The same of something that is done once for each time that somebody says so: figures that nobody came for
        are no answer, but while it is being done it does not begin again."""
        with self._lock:
            counting = self._known(key, monotonic)
            if counting is None or counting.made.done():
                counting = self._begin(key, work, monotonic)
        return self._figures(key, counting)

    def find(self, key: Hashable, monotonic: float) -> Figures | Counting | None:
        """The figures of what was begun, or how far they are; None where nothing was."""
        with self._lock:
            counting = self._known(key, monotonic)
        return None if counting is None else self._figures(key, counting)

    def _known(self, key: Hashable, monotonic: float) -> Counting | None:
        late = [one for one, it in self._begun.items() if it.made.done() and monotonic - it.looked_at > _KEPT]
        for one in late:
            del self._begun[one]
        counting = self._begun.get(key)
        if counting is not None:
            counting.looked_at = monotonic
        return counting

    def _begin(self, key: Hashable, count: Work, monotonic: float) -> Counting:
        counting = self._begun[key] = Counting(monotonic)
        # A daemon: nobody waits for it at the end of the process, and what is written is whole at any moment.
        threading.Thread(target=self._count, args=(counting, count), name="count", daemon=True).start()
        return counting

    def _figures(self, key: Hashable, counting: Counting) -> Figures | Counting:
        wait([counting.made], self.wait)
        if not counting.made.done():
            return counting
        with self._lock:
            if self._begun.get(key) is counting:
                del self._begun[key]
        return counting.made.result()

    def _count(self, counting: Counting, count: Work) -> None:
        try:
            with self._turn:
                counting.made.set_result(count(counting.report))
        except BaseException as error:  # noqa: BLE001  # it is raised again where the figures are asked for
            counting.made.set_exception(error)
