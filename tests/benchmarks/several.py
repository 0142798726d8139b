"""One, two and four workers on one PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack

from tests.benchmarks.clinic import NOW
from tests.benchmarks.contestants import IN_FLIGHT, Ground
from tests.benchmarks.outbox import fill_due
from tests.benchmarks.table import Line, at_least, say, show
from tests.benchmarks.worker import set_clock, worker

_COUNT, _LATENCIES = 2000, (0.0, 0.08)


def measure(ground: Ground) -> None:
    """The same texts for all of them together, from the first arrival to the last."""
    if "PostgreSQL" not in ground.databases.kinds:
        say("several workers are left out: there is no PostgreSQL")
        return
    for latency in _LATENCIES:
        found = {workers: _drain(ground, workers, latency) for workers in (1, 2, 4)}
        lines = []
        for workers, (rate, twice) in found.items():
            times = rate / found[1][0]
            target = at_least(1.6, times, written="{:.1f} ×") if workers == 2 else ("", None)
            lines.append(Line(f"{workers} workers, {twice} sent twice", f"{rate:,.0f}/s", f"{times:.2f} ×", *target))
        show(f"Workers on PostgreSQL, {1000 * latency:.0f} ms latency, {IN_FLIGHT} in flight each", lines)


def _drain(ground: Ground, workers: int, latency: float) -> tuple[float, int]:
    url = ground.databases.fresh("PostgreSQL")
    set_clock(ground.clock)
    # They are due a little later than the workers start, so that all of them are there.
    fill_due(url, _COUNT, begin=NOW.replace(second=10))
    ground.twilio.reset(latency)
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(worker(url, ground.twilio, clock=ground.clock, in_flight=IN_FLIGHT))
        ground.twilio.wait_for(_COUNT, seconds=60)
        found = ground.twilio.arrivals()
    ground.databases.drop(url)
    return found.per_second, found.twice
