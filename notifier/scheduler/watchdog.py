"""The two that watch the worker: systemd, which hears of progress, and a thread that ends a worker that makes none."""

from __future__ import annotations

import faulthandler
import os
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

HANGS_AFTER = 120.0
"""Seconds without progress: the end of a turn, which comes every 30 s, or of one of a busy turn's transactions."""
_BEFORE_SYSTEMD = 0.9
"""Of systemd's own limit: whoever ends a hanging worker should be the one who can say where it hangs."""
_PINGS_IN_LIMIT = 4
EVERY = 5.0
_EX_SOFTWARE = 70
log = structlog.get_logger()


def notify_systemd(state: str, address: str | None) -> None:
    """`READY=1`, `WATCHDOG=1` or `STOPPING=1` to the socket that systemd gave us; nothing where there is none."""
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to, suppress(OSError):
            to.connect("\0" + address[1:] if address.startswith("@") else address)
            to.send(state.encode())


def hangs_after(watchdog_usec: int | None) -> float:
    """Seconds without progress after which the worker ends itself, a little before systemd would (WATCHDOG_USEC)."""
    return HANGS_AFTER if watchdog_usec is None else min(HANGS_AFTER, watchdog_usec / 1e6 * _BEFORE_SYSTEMD)


class SystemdPing:
    """`WATCHDOG=1` to systemd, but only where there was progress since the last one.

    A turn may last for hours where a provider is slow; what counts is that its transactions go on.
    """

    def __init__(self, address: str | None, watchdog_usec: int | None) -> None:
        self._address = address
        self.every = (watchdog_usec / 1e6 if watchdog_usec else HANGS_AFTER) / _PINGS_IN_LIMIT
        """Seconds between two pings; whoever has nothing to do must take a turn as often."""
        self._pinged_at = float("-inf")

    def progressed(self, at: float) -> None:
        """There was progress at this moment of the monotonic clock, in seconds."""
        if at - self._pinged_at >= self.every:
            self._pinged_at = at
            notify_systemd("WATCHDOG=1", self._address)


class Watchdog:
    """Ends the process with 70 when `age` (seconds since the last sign of progress) says that it hangs.

    A service that is restarted loses nothing: what it was doing is in the tables.
    """

    def __init__(self, age: Callable[[], float], *, limit: float = HANGS_AFTER) -> None:
        self._age, self._limit = age, limit
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(EVERY):
            if self._age() > self._limit:
                log.error("worker_hangs", alert=True, seconds=round(self._age()))
                faulthandler.dump_traceback(file=sys.stderr)
                os._exit(_EX_SOFTWARE)
