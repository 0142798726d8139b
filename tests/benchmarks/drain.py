"""Drain: how fast texts that are all due leave, with a provider that answers at once, and one that takes 80 ms."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.benchmarks import contestants
from tests.benchmarks.contestants import IN_FLIGHT, Ground, Race
from tests.benchmarks.table import Line, at_least, say, show
from tests.benchmarks.worker import Process

_PATIENCE = 90.0
_LIMIT = "(b) bare SDK, our HTTP client"
_GIVEN = "(b) bare SDK over httpx2"
"""Before there was a client of ours, which has moved the limit since."""
Start = Callable[[Ground, Race], AbstractContextManager[Process]]


def measure(ground: Ground) -> None:
    """Each in turn, alone on the machine as far as it goes; two rounds at 0 ms, of which the better counts."""
    missing = contestants.missing(ground)
    for words in missing.values():
        say(words)
    for latency, count, rounds in ((0.0, 2000, 2), (0.08, 1500, 1)):
        found: dict[str, tuple[float, float, float]] = {}
        for _ in range(rounds):
            for what, start in _field(ground, missing, latency).items():
                slow = what.startswith(("(b)", "(a)")) is False or "one after" in what
                one = run(ground, Race(count // 4 if slow else count), start, latency)
                found[what] = max(found.get(what, (0.0, 0.0, 0.0)), one)
        _tell(latency, count, found)


def run(ground: Ground, race: Race, start: Start, latency: float) -> tuple[float, float, float]:
    """Texts per second, milliseconds of CPU for each text, and MB at the end."""
    ground.twilio.reset(latency)
    with start(ground, race) as process:
        ground.twilio.wait_for(1, seconds=_PATIENCE)
        begun = process.cpu if process.popen.poll() is None else 0.0
        cpu = memory = 0.0
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and ground.twilio.count() < race.count:
            if process.popen.poll() is None:
                cpu, memory = process.cpu, process.memory
            time.sleep(0.05)
        arrived = ground.twilio.arrivals()
        if arrived.count < race.count:
            say(f"only {arrived.count} of {race.count} arrived: {process.said()[-600:]}")
    return arrived.per_second, 1000 * (cpu - begun) / max(1, arrived.count), memory


def _field(ground: Ground, missing: dict[str, str], latency: float) -> dict[str, Start]:
    threads = IN_FLIGHT if latency else 10
    field: dict[str, Start] = {
        _GIVEN: lambda g, r: contestants.bare(g, r, "httpx2"),
        _LIMIT: lambda g, r: contestants.bare(g, r, "ours"),
        "(a) us, SQLite": contestants.us,
        "(b) bare SDK, its own async client": lambda g, r: contestants.bare(g, r, "stock"),
        "(b) bare SDK, one after the other": lambda g, r: contestants.bare(g, r, "loop"),
        f"(c) APScheduler, one entry a text, {threads} threads": lambda g, r: contestants.apscheduler(g, r, threads),
    }
    if "PostgreSQL" in ground.databases.kinds:
        field["(a) us, PostgreSQL"] = lambda g, r: contestants.us(g, r, "PostgreSQL")
    if "celery" not in missing:
        field[f"(d) Celery ETA, Redis, {IN_FLIGHT} threads"] = contestants.celery
    if "procrastinate" not in missing:
        field[f"(e) Procrastinate, PostgreSQL, {IN_FLIGHT} threads"] = contestants.procrastinate
    return field


def _tell(latency: float, count: int, found: dict[str, tuple[float, float, float]]) -> None:
    limit = found[_LIMIT][0]
    given = found[_GIVEN][0]
    peers = [rate for what, (rate, _, _) in found.items() if what.startswith(("(c)", "(d)", "(e)"))]
    ours = found["(a) us, SQLite"][0]
    ceiling = IN_FLIGHT / latency if latency else 0.0
    lines = []
    for what, (rate, cpu, memory) in sorted(found.items()):
        ratio = f"{rate / ceiling:.2f} of {ceiling:,.0f}/s" if ceiling else f"{rate / limit:.2f} of (b)"
        target: tuple[str, bool | None] = ("", None)
        if what.startswith("(a) us"):
            at_0_ms = 0.75 if what.endswith("SQLite") else 0.55
            target = at_least(0.92, rate / ceiling) if ceiling else at_least(at_0_ms, rate / limit)
        lines.append(Line(f"{what}: {cpu:.2f} ms CPU a text, {memory:.0f} MB", f"{rate:,.0f}/s", ratio, *target))
    for what, times, against in (("the best peer", 1.5, peers), ("(c)", 2.5, peers[:1])):
        if against:
            reached = ours / max(against)
            lines.append(
                Line(f"us against {what}", f"{reached:.2f} ×", "", *at_least(times, reached, written="{:.1f} ×"))
            )
    lines.append(Line("us against the bare SDK over httpx2 as it comes", f"{ours / given:.2f} of {given:,.0f}/s"))
    in_flight = f"{IN_FLIGHT} in flight" if latency else f"{count:,} texts, {IN_FLIGHT} in flight"
    show(f"Drain, {1000 * latency:.0f} ms latency, {in_flight}", lines, "Targets are ratios within this run.")
