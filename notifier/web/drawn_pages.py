"""What several open windows need at the same moment, such as a page that they draw anew, is made once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

_T = TypeVar("_T")
_KEPT: Final = 5.0
"""Seconds for which what was made may be handed out."""


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
class MadeOnce(Generic[_T]):
    """Of one process. The key says for whom, for what, and what was known of the desk then."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _made: dict[Hashable, tuple[float, Future[_T]]] = field(default_factory=dict)

    def get(self, key: Hashable, make: Callable[[], _T], monotonic: float) -> _T:
        """What was made a moment ago, or is being made by another thread just now; else what `make` makes."""
        with self._lock:
            self._made = {one: made for one, made in self._made.items() if 0 <= monotonic - made[0] < _KEPT}
            known = self._made.get(key)
            mine = self._made.setdefault(key, (monotonic, Future()))[1]
        if known is not None:
            return known[1].result()
        try:
            mine.set_result(make())
        except BaseException as error:  # noqa: BLE001  # it is raised again, here and wherever it is waited for
            mine.set_exception(error)
            with self._lock:
                self._made.pop(key, None)
        return mine.result()
