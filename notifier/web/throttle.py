"""Wrong passwords cost time: so many from one address, so many for one name. Nobody is locked out for good."""

from __future__ import annotations

import hashlib
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

_HERE: Final = RateLimitItemPerMinute(10, 15)
"""One name from one address, in 15 minutes."""
_NAME: Final = RateLimitItemPerMinute(50, 15)
"""One name from anywhere."""
_ADDRESS: Final = RateLimitItemPerMinute(100, 15)
"""One address, whatever the name: a clinic's desks may share one."""


class Throttle:
    """Counts wrong passwords; in this process's memory alone."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def allows(self, address: str, name: str) -> bool:
        """Whether another password may be tried."""
        return all(self._limiter.test(limit, *key) for limit, key in _keys(address, name))

    def wrong(self, address: str, name: str) -> None:
        """Count a wrong one."""
        for limit, key in _keys(address, name):
            self._limiter.hit(limit, *key)

    def right(self, address: str, name: str) -> None:
        """Whoever knows the password starts anew here."""
        limit, key = _keys(address, name)[0]
        self._limiter.clear(limit, *key)


def _keys(address: str, name: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    who = hashlib.sha256(" ".join(name.split()).casefold().encode()).hexdigest()
    return [(_HERE, ("here", address, who)), (_NAME, ("name", who)), (_ADDRESS, ("address", address))]
