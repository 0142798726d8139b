"""SIGTERM and SIGINT, inside an event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from functools import partial

import structlog

log = structlog.get_logger()


def on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM and SIGINT, and log it."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(_stop, stop))


def _stop(stop: Callable[[], None]) -> None:
    log.info("stopping")
    stop()
