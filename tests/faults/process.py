"""A worker process, and waiting for what it does."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.processes import Processes

LONGEST_WAIT = 60.0
"""Seconds; a slow machine must not look like a fault."""


def until(true: Callable[[], bool], otherwise: Callable[[], str] | str, *, seconds: float = LONGEST_WAIT) -> None:
    """Look again until it is so."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise if isinstance(otherwise, str) else otherwise())
        threading.Event().wait(0.01)


def became(true: Callable[[], bool], *, within: float) -> bool:
    """Whether it became so in time."""
    try:
        until(true, "", seconds=within)
    except AssertionError:
        return False
    return True


def let_run(seconds: float) -> None:
    """Let the worker go on for a moment, where what it does leaves no trace to wait for."""
    threading.Event().wait(seconds)


@dataclass
class WorkerProcess:
    """A worker process and what it wrote."""

    pid: int
    log: Path
    processes: Processes

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self.processes.codes.get(self.pid)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it logged; what is no JSON is under "event"."""
        said = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        return [json.loads(line) if line.startswith("{") else {"event": line} for line in said]

    def said(self, event: str) -> bool:
        return any(line["event"] == event for line in self.lines)

    def until_said(self, event: str, *, or_ended: bool = False) -> None:
        until(lambda: self.said(event) or self.code is not None, lambda: f"no {event}: {self.lines}")
        assert or_ended or self.said(event), self.lines

    def send(self, number: signal.Signals) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):  # it has just ended by itself, and nobody has said so yet
                os.kill(self.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = LONGEST_WAIT) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.send(number)
        return self.wait(seconds=seconds)

    def wait(self, *, seconds: float = LONGEST_WAIT) -> int:
        """Wait for the end; the exit code."""
        until(lambda: self.code is not None, lambda: f"still alive: {self.lines[-5:]}", seconds=seconds)
        assert self.code is not None
        return self.code
