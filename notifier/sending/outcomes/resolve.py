"""Resolve: find out whether a text left whose answer was lost. It is never resent on a guess."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Literal

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import database_time
from notifier.db.outbox import in_state, move, move_many
from notifier.db.tables import Attempt, Message
from notifier.db.threads import DatabaseThreads
from notifier.domain.states import MessageState
from notifier.sending.gates.hidden import hides_lately
from notifier.sending.outcomes import receipts
from notifier.sending.outcomes.come_back import come_back
from notifier.sending.outcomes.lookup import (
    COUNTS_AFTER,
    LIST_SINCE,
    LOOKS,
    Found,
    ProviderText,
    find,
    is_proof,
    next_look,
)
from notifier.sms.gateway import Gateway, GatewayUnavailable

OnUnknown = Literal["resend_once", "review"]
_S = MessageState
_BY: Final = "worker"
_LOOKS_AT_ONCE: Final = 20
_PERHAPS: Final = (
    "Twilio has a text to this number that may be this one (its words or its time differ, or are hidden); look at "
    "Twilio's log and say whether it was sent"
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Lost:
    """One attempt whose answer was lost."""

    message_id: int
    attempt_id: str
    phone: str
    body: str
    started_at: datetime
    sender: str | None


async def call_dead_attempts_unknown(
    threads: DatabaseThreads,
    *,
    now: datetime,
    worker_id: str,
    held: Collection[str],
    others_are_dead: bool,
) -> int:
    """Texts that a dead worker was about to hand over become unknown; how many.

    Dead is whose lease has ended. `others_are_dead`: this worker holds the lock that only one can hold, so every other
    worker's attempt is a dead one's. `held`: this worker's own attempts that it still knows about.
    """

    def dead(session: Session) -> list[tuple[str, int]]:
        over = col(Attempt.lease_until) < database_time(session, now)
        found = (
            select(col(Attempt.id), col(Attempt.message_id))
            .join(Message, col(Message.id) == col(Attempt.message_id))
            .where(
                in_state(_S.ATTEMPTING),
                col(Attempt.outcome).is_(None),
                over | (col(Attempt.worker_id) != worker_id) if others_are_dead else over,
            )
        )
        return [(attempt, text) for attempt, text in session.execute(found) if attempt not in held]

    if not await threads.read(dead):  # nearly always: then nobody has to wait for a writer
        return 0
    return await threads.write(lambda session: _call_unknown(session, dead(session), now))


def _call_unknown(session: Session, dead: Sequence[tuple[str, int]], now: datetime) -> int:
    why = "the worker stopped before it could write down the answer"
    counted = col(Message.attempts) + 1
    moved = move_many(
        session,
        [text for _, text in dead],
        seen=_S.ATTEMPTING,
        to=_S.UNKNOWN,
        at=now,
        by=_BY,
        why=why,
        attempts=counted,
    )
    for attempt_id, message_id in dead:
        if message_id not in moved:
            continue
        attempt = session.get_one(Attempt, attempt_id)
        attempt.outcome, attempt.detail, attempt.finished_at = "unknown", why, now
        session.flush()
        if receipts.adopt(session, attempt_id, at=now, by=_BY):
            receipts.advance(session, [str(attempt.sid)], at=now)
    return len(moved)


async def resolve(threads: DatabaseThreads, gateway: Gateway, *, now: datetime, on_unknown: OnUnknown) -> int | None:
    """Look up the texts whose answer was lost, where it is time to; how many, None where the provider did not answer.

    A list that could not be read to its end concludes nothing.
    """
    lost = await threads.read(lambda session: _to_look_up(session, now))
    for one in lost:
        try:
            listed = [
                ProviderText(record.sid, record.body, record.created_at)
                async for record in gateway.list_sent(one.phone, one.started_at - LIST_SINCE, sender=one.sender)
            ]
        except GatewayUnavailable:
            return None
        await threads.write(partial(_conclude, one=one, listed=listed, now=now, how=on_unknown))
    return len(lost)


def _to_look_up(session: Session, now: datetime) -> list[_Lost]:
    found = (
        select(Attempt, Message)
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(in_state(_S.UNKNOWN), col(Attempt.outcome) == "unknown")
        .order_by(col(Attempt.last_look_at).asc().nulls_first(), col(Attempt.started_at))
    )
    lost = []
    for attempt, message in session.execute(found):
        if next_look(attempt.started_at, attempt.last_look_at, attempt.empty_lists) <= now:
            assert message.id is not None
            body, sender = message.sent_text or "", attempt.sender
            lost.append(_Lost(message.id, attempt.id, message.phone, body, attempt.started_at, sender))
    return lost[:_LOOKS_AT_ONCE]


def _conclude(session: Session, *, one: _Lost, listed: Sequence[ProviderText], now: datetime, how: OnUnknown) -> None:
    attempt = session.get_one(Attempt, one.attempt_id)
    if attempt.outcome != "unknown":
        return  # a receipt has told meanwhile
    bound, others = _bound(session, one.phone, listed), _others(session, one)
    verdict, sid = find(one.body, one.started_at, listed, bound, others)
    attempt.last_look_at = now
    session.add(attempt)
    if verdict is Found.YES:
        attempt.outcome, attempt.sid = "accepted", sid
        session.flush()
        _move(session, one, _S.ACCEPTED, now, why="found in Twilio's list", sid=sid)
        receipts.advance(session, [str(sid)], at=now)
    elif now - attempt.started_at < COUNTS_AFTER:
        return  # its own may still appear
    elif verdict is Found.PERHAPS:
        _to_staff(session, one, now, why=_PERHAPS)
    else:
        attempt.empty_lists += 1
        attempt.first_empty_at = attempt.first_empty_at or now
        if is_proof(attempt.empty_lists, attempt.first_empty_at, now):
            _was_not_created(session, one, attempt, now, how)


def _was_not_created(session: Session, one: _Lost, attempt: Attempt, now: datetime, how: OnUnknown) -> None:
    minutes = int((now - (attempt.first_empty_at or now)).total_seconds() // 60)
    looks = f"{attempt.empty_lists} of Twilio's lists over {minutes} minutes do not have it"
    lost_before = select(func.count()).where(
        col(Attempt.message_id) == one.message_id, col(Attempt.id) != one.attempt_id, col(Attempt.empty_lists) >= LOOKS
    )
    again = bool(session.scalar(lost_before))
    attempt.outcome, attempt.detail = "not_created", looks
    session.flush()
    hides = hides_lately(session, now)
    if how == "review" or again or hides:
        then = "but Twilio hides numbers or words, so say whether it was sent" if hides else "say whether to send it"
        why = f"{looks}; {'it was lost twice' if again else then}"
        _to_staff(session, one, now, why=why)
    else:
        why = f"{looks}: it is sent once more"
        come_back(session, [one.message_id], seen=_S.UNKNOWN, at=now, by=_BY, why=why, not_until=now)
        log.info("unknown_resolved", message=one.message_id, to=_S.PLANNED.value)


def _bound(session: Session, phone: str, listed: Sequence[ProviderText]) -> set[str]:
    """The SIDs in the list that are some attempt's already."""
    sids = [one.sid for one in listed]
    if not sids:
        return set()
    found = (
        select(col(Attempt.sid))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(col(Message.phone) == phone, col(Attempt.sid).in_(sids))
    )
    mine = select(col(Message.sid)).where(col(Message.sid).in_(sids))
    return {str(sid) for query in (found, mine) for sid in session.scalars(query)}


def _others(session: Session, one: _Lost) -> list[str]:
    """The words of other texts to this number that are on their way, or lost too."""
    found = select(col(Message.sent_text)).where(
        in_state(_S.ATTEMPTING, _S.UNKNOWN), col(Message.phone) == one.phone, col(Message.id) != one.message_id
    )
    return [words for words in session.scalars(found) if words]


def _to_staff(session: Session, one: _Lost, now: datetime, *, why: str) -> None:
    """A person must say whether it left. Not of an answer to a number that nobody enrolled: no list has it, and
    what was written there is open anyway, so it is given up."""
    message = session.get_one(Message, one.message_id)
    if message.enrollment_id is None:
        _move(session, one, _S.PLANNED, now, why=f"{why}; given up", expires_at=now)
    else:
        _move(session, one, _S.NEEDS_REVIEW, now, why=why)


def _move(session: Session, one: _Lost, to: MessageState, now: datetime, *, why: str, **values: object) -> None:
    move(session, one.message_id, seen=_S.UNKNOWN, to=to, at=now, by=_BY, why=why, **values)
    log.info("unknown_resolved", message=one.message_id, to=to.value)
