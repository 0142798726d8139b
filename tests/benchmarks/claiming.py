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

CLAIMS, AT_ONCE, _LOOKS = 60, 50, 300


def measure(databases: Databases, sizes: Sequence[int]) -> None:
    """A claim of fifty texts with everything that is checked, committed; and next-due, in a transaction that reads."""
    for kind in databases.kinds:
        found = {size: _costs(databases, kind, size) for size in sizes}
        least = found[min(sizes)]
        lines = []
        for size, costs in found.items():
            for what, cost, at_first in zip(("next due", f"claim of {AT_ONCE}"), costs, least, strict=True):
                times = cost / at_first
                target = at_most(3, times, written="{:.0f} ×")
                lines.append(Line(f"{size:,} pending: {what}", f"{1e3 * cost:.2f} ms", f"{times:.2f} ×", *target))
        show(f"Claim and next due on {kind}", lines, f"Medians; × is against {min(sizes):,} pending.")


def _costs(databases: Databases, kind: str, size: int) -> tuple[float, float]:
    url = databases.fresh(kind)
    fill_pending(url, size)
    fill_due(url, CLAIMS * AT_ONCE, begin=NOW)
    engine = open_engine(url)
    with writing(engine) as session:
        polls.completed(session, at=database_time(session, NOW), read_up_to=NOW)
    found = next_due_cost(engine), claim_cost(engine)
    engine.dispose()
    databases.drop(url)
    return found


def next_due_cost(engine: Engine) -> float:
    """Seconds in which the next due instant is found, half of the times."""
    took = []
    for _ in range(_LOOKS):
        begun = perf_counter()
        with reading(engine) as session:
            assert next_due(session)
        took.append(perf_counter() - begun)
    return percentile(took, 0.5)


def claim_cost(engine: Engine) -> float:
    """Seconds of a claim, half of the times, where as many texts are due as `CLAIMS` claims take."""
    rules, me, took = SendingRules(SendWindow()), str(uuid4()), []
    for _ in range(CLAIMS):
        begun = perf_counter()
        with writing(engine) as session:
            claimed = claim(session, rules, now=NOW + timedelta(seconds=1), worker_id=me, limit=AT_ONCE)
        took.append(perf_counter() - begun)
        assert len(claimed.claims) == AT_ONCE
    return percentile(took, 0.5)
