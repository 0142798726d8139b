"""Metrics for Prometheus: how many texts wait and for how long, and what came by webhook. No patient data."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from notifier.db.engine import file_of
from notifier.maintenance.replica import replica_lag
from notifier.maintenance.rotation import last_backup
from notifier.oversight.alerts.vital_signs import moves_since
from notifier.oversight.departures import calls_between, count_opt_outs
from notifier.oversight.health import VitalSigns
from notifier.oversight.withheld import withheld_between
from notifier.tasks.counts import TaskCounts, count_tasks
from notifier.web.counters import Counts
from notifier.web.deadline import DatabaseSlow
from notifier.web.health import Watched


def metrics_router(watched: Watched, counts: Counts) -> APIRouter:
    """`/metrics`. Where the database does not answer, what this process has counted, and `notifier_database_up 0`."""
    router = APIRouter(include_in_schema=False)
    one_at_a_time = asyncio.Lock()
    seen: int | None = None

    @router.get("/metrics")
    async def metrics() -> Response:
        nonlocal seen
        signs: VitalSigns | None = None
        work: TaskCounts | None = None
        opt_outs: int | None = None
        async with one_at_a_time:
            try:
                signs = await watched.signs()
                if signs.revision == signs.wanted:
                    look = partial(moves_since, event_id=seen)
                    upto, moves = await watched.query(look)
                    if seen is not None:
                        counts.observe(await watched.query(partial(calls_between, after=seen, upto=upto)))
                        withheld = await watched.query(partial(withheld_between, after=seen, upto=upto))
                        for (state, reason), many in withheld.items():
                            counts.withheld.labels(state.value, reason).inc(many)
                    seen = upto
                    opt_outs = await watched.query(count_opt_outs)
                    work = await watched.query(partial(count_tasks, now=watched.clock.now()))
                    for to, count in moves.items():
                        counts.moves.labels(to).inc(count)
            except DatabaseSlow:
                signs = None
            gauges = _gauges(watched, signs, work, opt_outs)
        return Response(generate_latest(counts.registry) + generate_latest(gauges), media_type=CONTENT_TYPE_LATEST)

    return router


def _gauges(
    watched: Watched, signs: VitalSigns | None, work: TaskCounts | None, opt_outs: int | None
) -> CollectorRegistry:
    registry = CollectorRegistry()

    def gauge(name: str, words: str, value: float | None) -> None:
        if value is not None:
            Gauge(f"notifier_{name}", words, registry=registry).set(value)

    gauge("database_up", "1 where the database answers.", 0 if signs is None else 1)
    gauge("disk_free_ratio", "The free part of the database's disk.", watched.disk_left())
    for name, words, size in _sizes(watched):
        gauge(name, words, size)
    Gauge("notifier_build_info", "Which Notifier this is.", ["version"], registry=registry).labels(watched.version).set(
        1
    )
    gauge("last_backup_timestamp_seconds", "When the last backup of NOTIFIER_BACKUP_DIR was made.", _last(watched))
    if watched.worker_age:
        gauge("worker_progress_age_seconds", "Since the worker here made progress.", watched.worker_age())
    if signs is None:
        return registry
    now = watched.clock.now()
    waiting = Gauge("notifier_texts_waiting", "Texts that wait, counted up to 10000.", ["for"], registry=registry)
    for what, count in signs.waiting.items():
        waiting.labels(what).set(count)
    gauge("opt_outs", "Numbers that must not be texted, counted up to 10000.", opt_outs)
    if work is not None:
        gauge("open_work", "Pieces of work that need a person, as Today counts them.", work.pieces)
        gauge("open_work_urgent", "Of these, urgent words of patients.", work.urgent)
        gauge("open_work_age_seconds", "Since the oldest of them waits.", _age(work.oldest, now) or 0)
    gauge("ready", "1 where texts leave; /readyz says why not.", 0 if watched.troubles(signs) else 1)
    gauge("circuits_open", "Reasons why nothing is sent.", len(signs.circuits) + len(signs.stopped_senders))
    gauge("alerts_not_told", "Open alerts that no channel has taken.", signs.undelivered_alerts)
    gauge("overdue_age_seconds", "Since the oldest waiting text was due.", _age(signs.overdue_since, now) or 0)
    gauge("unknown_age_seconds", "Since the oldest text of unknown fate left.", _age(signs.unknown_since, now) or 0)
    gauge("inbound_poll_age_seconds", "Since what patients wrote was read.", _age(signs.inbound_read_at, now))
    gauge("worker_seen_age_seconds", "Since a worker was seen alive.", _age(signs.worker_seen_at, now))
    return registry


def _sizes(watched: Watched) -> Iterator[tuple[str, str, float]]:
    """SQLite's files, and the room beside them."""
    file = file_of(watched.threads.engine)
    if file is None or not file.exists():
        return
    log = file.with_name(f"{file.name}-wal")
    yield "database_bytes", "The size of SQLite's file.", file.stat().st_size
    yield "database_wal_bytes", "The size of its write-ahead log.", log.stat().st_size if log.exists() else 0
    if (lag := replica_lag(file)) is not None:
        yield "replica_lag_seconds", "Since Litestream last read what the database holds.", lag.total_seconds()
    yield "disk_free_bytes", "What is free on its disk.", shutil.disk_usage(file.parent).free


def _last(watched: Watched) -> float | None:
    """0 where there is none yet, so that an alert on its age sounds."""
    if watched.backups is None:
        return None
    try:
        last = last_backup(watched.backups)
    except OSError:
        last = None
    return last.timestamp() if last else 0.0


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max(0.0, (now - since).total_seconds())
