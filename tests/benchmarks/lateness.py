"""Lateness: how long after its moment a text is with the provider, when a thousand are due in one second."""

from __future__ import annotations

from tests.benchmarks import contestants
from tests.benchmarks.contestants import Ground, Race
from tests.benchmarks.drain import Start
from tests.benchmarks.table import Line, at_most, percentile, say, show

_COUNT = 1000
_LEAD = 15.0
"""Seconds in which a contestant must have started and queued everything."""
_PATIENCE = 45.0


def measure(ground: Ground) -> None:
    """A provider without latency; everybody is idle and waiting when the moment comes."""
    missing = contestants.missing(ground)
    for words in missing.values():
        say(words)
    for over, called in ((1.0, "spread over one second"), (0.0, "at the same instant")):
        lines = []
        for what, start in _field(ground, missing).items():
            late, never = _late(ground, start, over)
            p99 = percentile(late, 0.99)
            target = at_most(0.05, p99, written="{:.2f} s") if what.startswith("us") and over else ("", None)
            lines += [
                Line(f"{what}: half / 99 % within", f"{percentile(late, 0.5):.3f} / {p99:.3f} s", "", *target),
                Line(f"{what}: never sent", f"{never} of {_COUNT:,}", "", "0", never == 0),
            ]
        show(f"Lateness of {_COUNT:,} texts due {called}", lines)


def _field(ground: Ground, missing: dict[str, str]) -> dict[str, Start]:
    field: dict[str, Start] = {
        "us, SQLite": contestants.us,
        "APScheduler's defaults": lambda g, r: contestants.apscheduler(g, r, 10, "default"),
        "APScheduler, endless grace": lambda g, r: contestants.apscheduler(g, r, 10),
    }
    if "celery" not in missing:
        field["Celery"] = contestants.celery
    if "procrastinate" not in missing:
        field["Procrastinate"] = contestants.procrastinate
    return field


def _late(ground: Ground, start: Start, over: float) -> tuple[list[float], int]:
    """Each text's seconds, and how many did not come."""
    ground.twilio.reset()
    with start(ground, Race(_COUNT, begin=_LEAD, over=over)):
        seen = -1
        ground.twilio.wait_for(1, seconds=_LEAD + _PATIENCE)
        while seen < (seen := ground.twilio.count()) < _COUNT:  # while more come within some seconds
            ground.twilio.wait_for(_COUNT, seconds=6.0)
        found = ground.twilio.arrivals()
    return found.lateness or [float("inf")], _COUNT - found.count
