"""Poll: ask the provider for what no webhook brought, be it that there is no public address or that we were down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import database_time
from notifier.db.outbox import in_state
from notifier.db.tables import Enrollment, Message
from notifier.db.threads import DatabaseThreads
from notifier.domain.states import MessageState
from notifier.sending.gates import circuits, hidden, polls
from notifier.sending.gates.senders import senders_ever_used
from notifier.sms.gateway import Gateway, GatewayRefused, GatewayUnavailable, ProviderMessage

FIRST_LOOK_BACK: Final = timedelta(days=1)
"""How far the very first poll of an installation reads back, at least; else since its first patient."""
OVERLAP: Final = timedelta(hours=1)
"""Read again each time: what was created late, or while two clocks differed."""
LONG_OVERLAP: Final = timedelta(days=8)
"""Read again after a start or a jump of the clock, when the last reading may have been by a wrong clock."""
_AT_ONCE: Final = 100
_CALLS: Final = 4
log = structlog.get_logger()

Receive = Callable[[Session, ProviderMessage, datetime], object]
"""Stores a patient's text and acts on it; handed in."""
Apply = Callable[[Session, ProviderMessage, datetime], object]
"""Stores a receipt and applies it; handed in too."""


async def poll_inbound(
    threads: DatabaseThreads,
    gateway: Gateway,
    *,
    now: datetime,
    receive: Receive,
    overlap: timedelta = OVERLAP,
    failed_before: bool = False,
    webhooks: bool = False,
) -> bool:
    """Read what patients wrote since the last complete poll; whether this one was complete, which opens the send gate.

    What an incomplete poll has found is acted upon all the same. Where the provider refuses us, a circuit says so until
    a poll is complete. `failed_before`: so did the last try, and the log knows. `webhooks`: they bring replies too, so
    one that the provider's list hides counts as read once a webhook has brought it.
    """
    since, began, senders = await threads.read(
        lambda session: (_since(session, now, overlap), database_time(session, now), senders_ever_used(session))
    )
    found: list[ProviderMessage] = []
    failure: GatewayUnavailable | None = None
    try:
        async for record in gateway.list_inbound(since, also_to=senders):
            found.append(record)  # noqa: PERF401  # what came before a break must not be lost with it
    except GatewayUnavailable as error:
        failure = error
        log.log(logging.DEBUG if failed_before else logging.WARNING, "inbound_poll_incomplete", why=str(error))
    readable = [one for one in found if not hidden.what_it_hides(one)]
    for start in range(0, len(readable), _AT_ONCE):
        await threads.write(partial(_each, receive, readable[start : start + _AT_ONCE], now=now))
    missed = [one for one in found if hidden.what_it_hides(one)]
    if missed and not await _have_been_read(threads, missed, now=now, webhooks=webhooks):
        return False
    if failure is None:
        await threads.write(lambda session: _complete(session, began, now))
    elif isinstance(failure, GatewayRefused):
        why = str(failure)
        await threads.write(lambda session: circuits.poll_is_refused(session, reason=why, at=now, by="poll"))
    return failure is None


def _since(session: Session, now: datetime, overlap: timedelta) -> datetime:
    """Never from the future: a clock that was once ahead must not hide what came in since."""
    if (last := polls.last_poll(session)) is not None:
        return min(last.read_up_to, now) - overlap
    first = session.scalar(select(func.min(col(Enrollment.enrolled_at))))
    return min(now - FIRST_LOOK_BACK, first or now)


async def _have_been_read(
    threads: DatabaseThreads, missed: Sequence[ProviderMessage], *, now: datetime, webhooks: bool
) -> bool:
    """Whether replies that the provider's list hides are known all the same; where not, nothing leaves."""

    def look(session: Session) -> bool:
        hidden.take_note(session, missed, at=now, webhooks=webhooks, by="poll")
        is_read = not hidden.unread(session, missed)
        if is_read and webhooks:
            hidden.nothing_is_missing(session, at=now, by="poll")
        return is_read

    return await threads.write(look)


async def poll_receipts(
    threads: DatabaseThreads,
    gateway: Gateway,
    *,
    now: datetime,
    apply: Apply,
    left_between: tuple[timedelta, timedelta],
    most: int = 500,
    webhooks: bool = False,
) -> int | None:
    """Ask what became of texts that left so long ago (from, to) and have no final receipt; how many were asked.

    `webhooks`: they bring replies, so that what the provider hides keeps nobody from reading them. None where it
    could not be asked. After 72 hours nobody asks again: a carrier owes no receipt.
    """
    youngest, oldest = now - left_between[0], now - left_between[1]
    sids = await threads.read(lambda session: _awaited(session, oldest, youngest, most))
    slots = asyncio.Semaphore(_CALLS)

    async def fetch(sid: str) -> ProviderMessage | None:
        async with slots:
            return await gateway.fetch(sid)

    answers = await asyncio.gather(*(fetch(sid) for sid in sids), return_exceptions=True)
    # In one order: two workers that lock the same rows must not wait for each other.
    records = sorted((one for one in answers if isinstance(one, ProviderMessage)), key=lambda one: one.sid)
    for start in range(0, len(records), _AT_ONCE):
        await threads.write(partial(_each, apply, records[start : start + _AT_ONCE], now=now))
    if missed := [one for one in records if hidden.what_it_hides(one)]:
        await _have_been_read(threads, missed, now=now, webhooks=webhooks)
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    for failure in failures:
        if not isinstance(failure, GatewayUnavailable):
            raise failure
    return None if failures else len(sids)


def _complete(session: Session, began: datetime, now: datetime) -> None:
    polls.completed(session, at=began, read_up_to=now)
    circuits.poll_is_answered(session, at=now, by="poll")


def _each(operation: Receive | Apply, records: Sequence[ProviderMessage], session: Session, *, now: datetime) -> None:
    for record in records:
        operation(session, record, now)


def _awaited(session: Session, oldest: datetime, youngest: datetime, most: int) -> list[str]:
    found = select(col(Message.sid)).where(
        in_state(MessageState.ACCEPTED, MessageState.SENT),
        col(Message.left_at) >= oldest,
        col(Message.left_at) <= youngest,
        col(Message.sid).is_not(None),
    )
    # By lot: where there are more, those that never get a receipt must not keep the others from being asked about.
    return [str(sid) for sid in session.scalars(found.order_by(func.random()).limit(most))]
