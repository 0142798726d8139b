"""Measurements, side by side in one run: `make bench`, or `make bench ARGS="drain lateness"`.

Nothing here passes or fails: a target is marked as reached or missed, and the reader decides. Read the ratios; absolute
figures are those of this machine, with whatever else ran on it.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from notifier.__main__ import COLLECT_AFTER
from tests.benchmarks import (
    at_size,
    claiming,
    contestants,
    drain,
    enrolling,
    finding,
    lateness,
    pages,
    pending,
    several,
    sign_ins,
    starting,
    timelines,
    two_years,
    watching,
)
from tests.benchmarks.contestants import Ground
from tests.benchmarks.databases import databases
from tests.benchmarks.table import say
from tests.benchmarks.twilio import loopback_twilio

NAMES = (
    "starting",
    "timelines",
    "enrolling",
    "pending",
    "drain",
    "lateness",
    "claiming",
    "several",
    "pages",
    "sign-ins",
    "finding",
    "watching",
    "at-size",
    "two-years",
)
"""What can be measured."""


def main() -> None:
    """Measure what was asked for, else everything."""
    asked = _arguments()
    gc.set_threshold(COLLECT_AFTER, 20, 20)  # as the program itself does
    few = [10_000, 100_000]
    many = [*few, *([1_000_000] if asked.long or asked.longest else []), *([10_000_000] if asked.longest else [])]
    say(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} before we began")
    with databases() as made, loopback_twilio() as twilio, TemporaryDirectory(prefix="bench-") as place:
        redis = contestants.find_redis(asked.redis)
        ground = Ground(made, twilio, Path(place, "clock"), asked.peers_python, redis)
        measurements: dict[str, Callable[[], None]] = {
            "starting": starting.measure,
            "timelines": timelines.measure,
            "enrolling": lambda: enrolling.measure(made),
            "pending": lambda: pending.measure(ground, [size for size in many if size <= 1_000_000]),
            "drain": lambda: drain.measure(ground),
            "lateness": lambda: lateness.measure(ground),
            "claiming": lambda: claiming.measure(made, many),
            "several": lambda: several.measure(ground),
            "pages": lambda: pages.measure(made),
            "sign-ins": sign_ins.measure,
            "finding": lambda: finding.measure(made),
            "watching": lambda: watching.measure(made),
            "at-size": lambda: at_size.measure(made),
            "two-years": lambda: two_years.measure(made),
        }
        for name in asked.what or measurements:
            measurements[name]()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"one or more of {', '.join(NAMES)}")
    parser.add_argument("--long", action="store_true", help="with 1,000,000 pending texts too (about 3 minutes more)")
    parser.add_argument("--longest", action="store_true", help="claims with 10,000,000 too (15 minutes more, 20 GB)")
    parser.add_argument("--peers-python", default=sys.executable, help="an interpreter with celery and procrastinate")
    parser.add_argument("--redis", help="the redis-server to start for Celery")
    asked = parser.parse_args()
    if unknown := [name for name in asked.what if name not in NAMES]:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(NAMES)}")
    return asked


if __name__ == "__main__":
    main()
