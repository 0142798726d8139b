"""Whether texts can leave: from the vital signs to the troubles that a person must know, none with patient data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

UNREAD: Final = timedelta(minutes=3)
"""Nothing leaves 2 minutes after the last complete inbound poll; the third is for the next one to end."""
STALLED: Final = timedelta(minutes=5)
"""A due text waits so long while none leaves. A burst at nine o'clock waits longer, and texts leave all the time."""
LATE: Final = timedelta(hours=2)
"""No burst should take longer."""
LOST: Final = timedelta(minutes=40)
"""Looking up a text of unknown fate takes a quarter of an hour, and as long again where the provider is slow."""
CLOCK_IS_BEHIND: Final = timedelta(minutes=5)
HANGS: Final = 90.0
"""Seconds without progress of a worker that turns every 30."""
FULL: Final = 0.05


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """What the tables say of sending at one moment; instants in UTC, None for "never" or "there is none"."""

    revision: str | None
    wanted: str
    read_only: bool = False
    working_since: datetime | None = None
    """When the first of the living workers started."""
    worker_seen_at: datetime | None = None
    inbound_read_at: datetime | None = None
    circuits: tuple[str, ...] = ()
    """Why nothing is sent at all."""
    stopped_senders: tuple[tuple[str, str], ...] = ()
    """The last digits of each sender through which nothing is sent, and why."""
    doubts: tuple[str, ...] = ()
    """Why workers do not trust their clocks."""
    recoveries: tuple[str, ...] = ()
    """Which texts wait for a person after an outage or a restore."""
    overdue_since: datetime | None = None
    attempting_since: datetime | None = None
    unknown_since: datetime | None = None
    last_departure_at: datetime | None = None
    last_event_at: datetime | None = None
    receipts_only_by_poll: bool = False
    undelivered_alerts: int = 0
    """Open alerts that no channel has taken."""
    waiting: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason why texts do not leave as they should."""

    what: str
    why: str


def troubles(
    signs: VitalSigns,
    now: datetime,
    *,
    by_webhook: bool = False,
    worker_age: float | None = None,
    disk_left: float | None = None,
) -> list[Trouble]:
    """Every trouble there is; none means that texts leave.

    `by_webhook`: receipts should come that way. `worker_age`: seconds since the progress of a worker in this very
    process. `disk_left`: the free part of the database's disk, 0 to 1.
    """
    if signs.revision != signs.wanted:
        return [Trouble("schema", f"the database is at revision {signs.revision}, not {signs.wanted}")]
    found = [*_database(signs, now), *_worker(signs, now, worker_age), *_texts(signs, now)]
    if by_webhook and signs.receipts_only_by_poll:
        found.append(Trouble("webhooks", "the last receipts all came by polling; Twilio does not reach this server"))
    if disk_left is not None and disk_left < FULL:
        found.append(Trouble("disk", f"only {disk_left:.1%} of the database's disk is free"))
    return found


def _database(signs: VitalSigns, now: datetime) -> Iterator[Trouble]:
    if signs.read_only:
        yield Trouble("read_only", "the database takes no writes")
    if signs.last_event_at and signs.last_event_at > now + CLOCK_IS_BEHIND:
        yield Trouble(
            "clock", f"the clock is {spoken_span(signs.last_event_at - now)} behind what has happened already"
        )


def _worker(signs: VitalSigns, now: datetime, worker_age: float | None) -> Iterator[Trouble]:
    if worker_age is not None and worker_age > HANGS:
        yield Trouble("worker", f"the worker has made no progress for {worker_age:.0f} s")
    if signs.working_since is None:
        seen = f"; the last one was seen {spoken_span(now - signs.worker_seen_at)} ago" if signs.worker_seen_at else ""
        yield Trouble("worker", f"no worker is running{seen}")
        return
    # A worker that has just started gets its time to read what came in while none ran.
    read = max(signs.working_since, signs.inbound_read_at or signs.working_since)
    if now - read > UNREAD:
        yield Trouble("send_gate", f"closed: what patients wrote was not read for {spoken_span(now - read)}")
    for reason in signs.circuits:
        yield Trouble("circuit", reason)
    for ending, reason in signs.stopped_senders:
        yield Trouble(f"circuit-{ending}", reason)  # each is told of: another one may stop while the first is mended
    for doubt in signs.doubts:
        yield Trouble("clock", f"a worker sends nothing: {doubt}")


def _texts(signs: VitalSigns, now: datetime) -> Iterator[Trouble]:
    for sentence in signs.recoveries:
        yield Trouble("recovery", sentence)
    if signs.overdue_since:
        late = now - signs.overdue_since
        is_sending = signs.last_departure_at is not None and now - signs.last_departure_at < STALLED
        if late > LATE or (late > STALLED and not is_sending):
            yield Trouble("overdue", f"a text has been due for {spoken_span(late)}")
    if signs.attempting_since and now - signs.attempting_since > STALLED:
        yield Trouble("attempting", f"a text has been about to leave for {spoken_span(now - signs.attempting_since)}")
    if signs.unknown_since and now - signs.unknown_since > LOST:
        yield Trouble("unknown", f"for {spoken_span(now - signs.unknown_since)} nobody knows whether a text left")


def spoken_span(span: timedelta) -> str:
    """In the largest whole unit that still says something: 90 s, 45 min, 13 h."""
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
