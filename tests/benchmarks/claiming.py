"""The cost of a claim and of asking what is due next, however many texts wait behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from time import perf_counter
from uuid import uuid4

from sqlalchemy import Engine

from notifier.db.engine import database_time, open_engine, reading, writing
from notifier.db.outbox import next_due
from notifier.sending.claim import SendingRules, claim
from notifier.sending.gates import polls
from schedules.send_window import SendWindow
from tests.benchmarks.clinic import NOW
from tests.benchmarks.databases import Databases
from tests.benchmarks.outbox import fill_due, fill_pending
from tests.benchmarks.table import Line, at_most, percentile, show

_CLAIMS, _AT_ONCE, _LOOKS = 60, 50, 300


def measure(databases: Databases, sizes: Sequence[int]) -> None:
    """A claim of fifty texts with everything that is checked, committed; and next-due, in a transaction that reads."""
    for kind in databases.kinds:
        found = {size: _costs(databases, kind, size) for size in sizes}
        least = found[min(sizes)]
        lines = []
        for size, costs in found.items():
            for what, cost, at_first in zip(("next due", f"claim of {_AT_ONCE}"), costs, least, strict=True):
                times = cost / at_first
                target = at_most(3, times, written="{:.0f} ×")
                lines.append(Line(f"{size:,} pending: {what}", f"{1e3 * cost:.2f} ms", f"{times:.2f} ×", *target))
        show(f"Claim and next due on {kind}", lines, f"Medians; × is against {min(sizes):,} pending.")


def _costs(databases: Databases, kind: str, size: int) -> tuple[float, float]:
    url = databases.fresh(kind)
    fill_pending(url, size)
    fill_due(url, _CLAIMS * _AT_ONCE, begin=NOW)
    engine = open_engine(url)
    with writing(engine) as session:
        polls.completed(session, at=database_time(session, NOW), read_up_to=NOW)
    found = _next_due(engine), _claim(engine)
    engine.dispose()
    databases.drop(url)
    return found


def _next_due(engine: Engine) -> float:
    took = []
    for _ in range(_LOOKS):
        begun = perf_counter()
        with reading(engine) as session:
            assert next_due(session)
        took.append(perf_counter() - begun)
    return percentile(took, 0.5)


def _claim(engine: Engine) -> float:
    rules, me, took = SendingRules(SendWindow()), str(uuid4()), []
    for _ in range(_CLAIMS):
        begun = perf_counter()
        with writing(engine) as session:
            claimed = claim(session, rules, now=NOW + timedelta(seconds=1), worker_id=me, limit=_AT_ONCE)
        took.append(perf_counter() - begun)
        assert len(claimed.claims) == _AT_ONCE
    return percentile(took, 0.5)
