"""SIGTERM, SIGINT and SIGHUP, inside an event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from functools import partial

import structlog

log = structlog.get_logger()


def on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM and SIGINT, and log it. SIGHUP does not end the process; it is refused in the log."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(_stop, stop))
    loop.add_signal_handler(signal.SIGHUP, _refuse_reload)


def _refuse_reload() -> None:
    """Settings decide how a worker claims: they are read when it starts, and what is in flight ends before that."""
    log.warning(
        "reload_refused", instead="restart the service: it finishes what is in flight, and nothing is sent twice"
    )


def _stop(stop: Callable[[], None]) -> None:
    log.info("stopping")
    stop()
