"""A page that several open windows draw anew at the same moment is drawn once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

_KEPT: Final = 5.0
"""Seconds for which what was drawn may be handed out."""


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """What a page looked like."""

    body: bytes
    status: int
    form: str
    """The token in its forms."""
    looks: tuple[tuple[str, tuple[int, ...]], ...]
    """Each look that it was: what it is called, and whom it shows."""


@dataclass
class DrawnPages:
    """Of one process. The key says for whom, which address, and what was known of the desk then."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _drawn: dict[Hashable, tuple[float, Future[DrawnPage]]] = field(default_factory=dict)

    def get(self, key: Hashable, draw: Callable[[], DrawnPage], monotonic: float) -> DrawnPage:
        """What was drawn a moment ago, or is being drawn by another thread just now; else what `draw` makes."""
        with self._lock:
            self._drawn = {one: made for one, made in self._drawn.items() if 0 <= monotonic - made[0] < _KEPT}
            known = self._drawn.get(key)
            mine = self._drawn.setdefault(key, (monotonic, Future()))[1]
        if known is not None:
            return known[1].result()
        try:
            mine.set_result(draw())
        except BaseException as error:  # noqa: BLE001  # it is raised again, here and wherever it is waited for
            mine.set_exception(error)
            with self._lock:
                self._drawn.pop(key, None)
        return mine.result()
