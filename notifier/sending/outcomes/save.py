"""Record what became of calls to the provider. Written to be repeated: a batch that was saved once changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.attempts import ClosedAttempt, all_are_open, close_attempts
from notifier.db.batch_moves import accept
from notifier.db.columns import instant_text
from notifier.db.outbox import move_many
from notifier.db.rows import table_of
from notifier.db.tables import Attempt, Message
from notifier.domain.counted import counted
from notifier.domain.phone import country_of
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import opt_out
from notifier.numbers.twilio_block import until_start, was_reconsented
from notifier.numbers.undeliverable import number_is_dead
from notifier.sending.gates import circuits
from notifier.sending.gates.own_writes import went_back
from notifier.sending.outcomes import receipts
from notifier.sending.outcomes.come_back import come_back
from notifier.sending.outcomes.results import Finished, Result
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.codes import in_words

_S = MessageState
_C = NotCreatedClass
_BY: Final = "worker"
_HAS_IT: Final = (_S.ACCEPTED, _S.SENT, _S.DELIVERED)
ASKED_TO_WAIT: Final = "Twilio asked us to wait"
_LONGEST_WAIT: Final = timedelta(hours=1)
_attempts: Final = table_of(Attempt)
# Built once: for a batch, building a statement takes as long as running it.
_WRITTEN: Final = (
    select(_attempts.c.id, _attempts.c.outcome, _attempts.c.sender)
    .where(in_array(_attempts.c.id, "attempts"))
    .order_by(_attempts.c.id)  # the order of the locks: two who lock the same ones must not wait for each other
    .with_for_update()
)


def save_outcomes(session: Session, finished: Sequence[Finished], now: datetime) -> None:
    """Save a batch of outcomes: the attempts, the texts' states, and what follows for their numbers and the circuit.

    An attempt is committed before its call: one that is not there proves that the database went back in time.
    """
    concluded, senders = _written(session, finished)
    if missing := [one for one in finished if one.attempt_id not in concluded]:
        many = counted(len(missing), "call of a worker is", "calls of a worker are")
        went_back(session, missing_since=min(one.at for one in missing), now=now, why=f"{many} not in the database")
    finished = [one for one in finished if one.attempt_id in concluded and _is_new(one, concluded[one.attempt_id])]
    given_up = {one.message_id for one in finished if concluded.get(one.attempt_id) == Result.NOT_CREATED.value}
    close_attempts(session, [_closed(one) for one in finished])
    _accepted(session, [one for one in finished if one.result is Result.ACCEPTED], given_up, now)
    _unknown(session, [one for one in finished if one.result is Result.UNKNOWN], now)
    _released(session, [one for one in finished if one.result is Result.RELEASED], now)
    for one in finished:
        if one.result is Result.NOT_CREATED:
            _not_created(session, one, senders.get(one.attempt_id), now)


def _written(session: Session, finished: Sequence[Finished]) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """What is written down about these attempts so far: their outcomes, and where others than accepted ones are among
    them, the senders that they went to."""
    ids = [one.attempt_id for one in finished]
    if all(one.result is Result.ACCEPTED for one in finished) and all_are_open(session, ids):
        return dict.fromkeys(ids), {}  # as nearly always: then no row has to be read
    found = session.connection().execute(_WRITTEN, {"attempts": ids}).all()
    return {row.id: row.outcome for row in found}, {row.id: row.sender for row in found}


def _is_new(one: Finished, written: str | None) -> bool:
    """An open or unknown attempt may become known; and a SID is news even about one given up as not created."""
    return written in (None, "unknown") or (one.result is Result.ACCEPTED and written == "not_created")


def _closed(one: Finished) -> ClosedAttempt:
    outcome = Result.NOT_CREATED if one.result is Result.RELEASED else one.result
    return ClosedAttempt(one.attempt_id, str(instant_text(one.at)), outcome.value, one.code, one.detail, one.sid)


def _accepted(session: Session, finished: Sequence[Finished], given_up: set[int], now: datetime) -> None:
    if not finished:
        return
    if given_up:  # this worker was cut off for so long that its text was to be sent again
        move_many(session, list(given_up), seen=_S.PLANNED, to=_S.ATTEMPTING, at=now, by=_BY, why="it had left")
    left = {one.message_id: one.attempt_id for one in finished}
    for seen in (_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW):
        for moved in accept(session, list(left.values()), seen=seen, at=now, by=_BY):
            del left[moved]
    receipts.advance(session, [str(one.sid) for one in finished], at=now)


def _unknown(session: Session, finished: Sequence[Finished], now: datetime) -> None:
    by_detail: dict[str, list[int]] = defaultdict(list)
    for one in finished:
        by_detail[one.detail or ""].append(one.message_id)
    for detail, ids in by_detail.items():
        _move_from(session, ids, (_S.ATTEMPTING,), _S.UNKNOWN, now, why=detail)
    brought = receipts.sids_of(session, [one.attempt_id for one in finished]) if finished else {}
    for token in brought:
        receipts.adopt(session, token, at=now, by=_BY)
    receipts.advance(session, list(brought.values()), at=now)


def _not_created(session: Session, one: Finished, sender: str | None, now: datetime) -> None:
    """`sender`: the one that its attempt went to."""
    ids, phone = [one.message_id], one.phone
    words = in_words(one.code, country_of(phone)) if one.code else one.detail or in_words(None)
    match one.why:
        case _C.SENDER | _C.ACCOUNT if _others_leave(session, one, sender):
            _end(session, ids, _S.FAILED, now, why=f"{words} Other texts leave.")
        case _C.SENDER | _C.ACCOUNT as why:
            # Refused for what is wrong with all of them, perhaps: the circuit's next trial is made with another text.
            _come_back(session, ids, now, why=words, not_until=now + circuits.PROBE_EVERY)
            whose = sender if why is _C.SENDER else None
            circuits.open_circuit(session, reason=words, code=one.code, at=now, by=_BY, sender=whose)
        case _C.NETWORK | _C.SLOW_DOWN:
            if one.retry_after is not None:
                words = f"{words} {ASKED_TO_WAIT} {one.retry_after:.0f} s."
            _come_back(session, ids, now, why=words, not_until=now + timedelta(seconds=one.back_off))
        case _C.OPTED_OUT:
            if was_reconsented(session, phone):
                words = f"{until_start(session, phone)}."
            _end(session, ids, _S.SUPPRESSED, now, why=words)
            opt_out(session, phone, source="twilio", at=now, by=_BY)
        case _C.BAD_NUMBER:
            _end(session, ids, _S.FAILED, now, why=words)
            number_is_dead(session, phone, at=now, by=_BY, why=words)
        case _C.BAD_CONTENT | _C.DESTINATION:
            _end(session, ids, _S.FAILED, now, why=words)
        case _:
            _come_back(session, ids, now, why=words, not_until=now + _wait(session, one))
            if one.stops_sender:
                circuits.open_circuit(session, reason=words, code=one.code, at=now, by=_BY, sender=sender)


def _end(session: Session, ids: Sequence[int], to: MessageState, now: datetime, *, why: str) -> None:
    """A refused request proves that nothing left, also of a text that was called unknown while this worker was cut
    off: nobody is asked."""
    _move_from(session, ids, (_S.ATTEMPTING,), to, now, why=why)
    for back in come_back(session, ids, seen=_S.UNKNOWN, at=now, by=_BY, why=why):
        move_many(session, [back], seen=_S.PLANNED, to=to, at=now, by=_BY, why=why)


def _wait(session: Session, one: Finished) -> timedelta:
    """Longer after each refusal of the same text: five minutes, ten, twenty … an hour."""
    refused = select(func.count()).where(
        col(Attempt.message_id) == one.message_id, col(Attempt.outcome) == Result.NOT_CREATED.value
    )
    times: int = session.scalar(refused) or 1
    return min(circuits.PROBE_EVERY * int(2 ** min(times - 1, 10)), _LONGEST_WAIT)


def _others_leave(session: Session, one: Finished, sender: str | None) -> bool:
    """Whether this text was refused in the same way before, and others were accepted since: then it is this text's own
    trouble (its country, say), and must not hold up everybody again and again. What leaves through other senders proves
    nothing of a refused one."""
    before = select(func.min(col(Attempt.finished_at))).where(
        col(Attempt.message_id) == one.message_id, col(Attempt.id) != one.attempt_id, col(Attempt.code) == one.code
    )
    first = session.scalar(before) if one.code else None
    if first is None:
        return False
    since = select(col(Message.id)).where(col(Message.left_at) > first, col(Message.state).in_(_HAS_IT))
    if one.why is _C.SENDER and sender is not None:
        since = since.join(Attempt, col(Attempt.message_id) == col(Message.id)).where(col(Attempt.sender) == sender)
    return session.scalar(since.limit(1)) is not None


def _released(session: Session, finished: Sequence[Finished], now: datetime) -> None:
    by_why: dict[str, list[int]] = defaultdict(list)
    for one in finished:
        by_why[one.detail or ""].append(one.message_id)
    for why, ids in by_why.items():
        _come_back(session, ids, now, why=why)


def _come_back(
    session: Session, ids: Sequence[int], now: datetime, *, why: str | None, not_until: datetime | None = None
) -> None:
    for seen in (_S.ATTEMPTING, _S.UNKNOWN):
        come_back(session, ids, seen=seen, at=now, by=_BY, why=why, not_until=not_until)


def _move_from(
    session: Session,
    ids: Sequence[int],
    seen: Sequence[MessageState],
    to: MessageState,
    now: datetime,
    *,
    why: str | None,
    **values: Any,
) -> set[int]:
    """Move those that are still as this worker left them, or that were called unknown while it was cut off."""
    left = list(ids)
    moved: set[int] = set()
    for state in seen:
        if left:
            counted = {"attempts": col(Message.attempts) + 1} if state is _S.ATTEMPTING else {}
            moved.update(move_many(session, left, seen=state, to=to, at=now, by=_BY, why=why, **counted, **values))
            left = [id_ for id_ in ids if id_ not in moved]
    return moved
