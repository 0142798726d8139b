"""The two that watch the worker: systemd, which is told that turns end, and a thread that ends a worker that hangs."""

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
"""Seconds without the end of a turn, which rings at least every 30; a busy turn counts each of its transactions."""
EVERY = 5.0
_EX_SOFTWARE = 70
log = structlog.get_logger()


def tell_systemd(state: str, address: str | None) -> None:
    """`READY=1`, `WATCHDOG=1` or `STOPPING=1` to the socket that systemd gave us; nothing where there is none."""
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to, suppress(OSError):
            to.connect("\0" + address[1:] if address.startswith("@") else address)
            to.send(state.encode())


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
