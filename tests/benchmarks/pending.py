"""Texts that wait: what they cost in memory, and how long a fresh worker takes to its first send."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.benchmarks.clinic import NOW
from tests.benchmarks.contestants import Ground
from tests.benchmarks.outbox import fill_due, fill_pending
from tests.benchmarks.table import Line, at_most, say, show
from tests.benchmarks.worker import set_clock, worker

_SOME = 50
"""Texts that are due at the start; the first of them stops the watch."""
_STARTS = 2


def measure(ground: Ground, sizes: Sequence[int]) -> None:
    """A real worker process on SQLite with so many texts planned for the next sixty days."""
    found = {size: _start(ground, size) for size in sizes}
    least_seconds, least_memory = found[min(sizes)]
    lines = []
    for size, (seconds, memory) in found.items():
        lines += [
            Line(
                f"{size:,} pending: start to first send", f"{seconds:.2f} s", f"{seconds - least_seconds:+.2f} s",
                *at_most(0.2, seconds - least_seconds, written="+{:.1f} s"),
            ),
            Line(
                f"{size:,} pending: resident memory", f"{memory:.0f} MB", f"{memory - least_memory:+.0f} MB",
                *at_most(150, memory, written="{:.0f} MB"),
            ),
        ]  # fmt: skip
    show(
        "Pending texts, SQLite", lines,
        f"The ratio is against {min(sizes):,} pending. A start is all of it: Python, the imports, a glance at the",
        "file, which is read through while texts leave already. Memory is measured a second after",
        f"{_SOME} texts have left. The better of {_STARTS} starts.",
    )  # fmt: skip


def _start(ground: Ground, size: int) -> tuple[float, float]:
    """Seconds from starting the process to the first text at Twilio, and MB afterwards."""
    url = ground.databases.fresh("SQLite")
    fill_pending(url, size)
    found = []
    for _ in range(_STARTS):
        set_clock(ground.clock)
        fill_due(url, _SOME, begin=NOW)
        ground.twilio.reset()
        begun = time.time()
        with worker(url, ground.twilio, clock=ground.clock) as process:
            if not ground.twilio.wait_for(_SOME):
                say(f"the worker did not send: {process.said()}")
            time.sleep(1)
            found.append((ground.twilio.arrivals().first - begun, process.memory))
    ground.databases.drop(url)
    return min(seconds for seconds, _ in found), max(memory for _, memory in found)
