"""What a worker is told about itself, and how it makes itself heard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from notifier.sending.outcomes.resolve import OnUnknown


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What the worker needs to know beside what its use cases know."""

    worker_id: str
    host: str
    pid: int
    messages_per_second: float
    on_unknown: OnUnknown
    webhooks: bool
    """Receipts and replies come by webhook too, so polling is the safety net."""
    is_exclusive: bool
    """This worker holds the lock that only one can hold."""
    shifted: bool = False
    """The clock is a rehearsal's: it is meant to leap, and no other clock can confirm it."""
    systemd: str | None = None
    """Where systemd listens, if it does."""
    watchdog_usec: int | None = None
    """Microseconds without a ping after which systemd ends this process, if it does."""
    journal: Path | None = None
    """Where outcomes are kept that the database does not take."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A round that has nothing to do with sending: it may fail, and fails alone."""

    name: str
    every: float
    """Seconds."""
    round: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outside:
    """How the worker makes itself heard, once a minute."""

    watch: Callable[[datetime], Awaitable[object]] | None = None
    """Looks around at that instant, and tells somebody what is wrong."""
    watch_replies: Callable[[datetime], Awaitable[object]] | None = None
    """Tells somebody at once what patients have just written, where it cannot wait."""
    ask_again: Callable[[datetime], Awaitable[int]] | None = None
    """Plans the second asking of questions that nobody has answered; how many."""
    at_closing: Callable[[datetime], Awaitable[object]] | None = None
    """Answers what is still unread when staffed hours end."""
    beat: Callable[[], Awaitable[None]] | None = None
    """Pings a dead man's switch; raises NotDelivered."""
    rounds: tuple[Extra, ...] = ()
    """What else the worker does now and then, beside sending."""
    alarm: Callable[[str, datetime], Awaitable[object]] | None = None
    """Tells somebody why this worker ends or sends nothing, where the tables cannot say it."""
