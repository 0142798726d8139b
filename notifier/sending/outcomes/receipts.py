"""Receipts: stored first, each distinct one once; then they move their text forward, or not at all.

They come late, doubled, out of order, and before our own record of the call that they are about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Row, literal_column, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.events import record_event
from notifier.db.outbox import move, move_many
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import insert_if_new, insert_new
from notifier.db.tables import Attempt, Message, Receipt
from notifier.domain.phone import country_of
from notifier.domain.states import LEGAL_MOVES, MessageState
from notifier.numbers.opt_outs import opt_out
from notifier.numbers.undeliverable import number_is_dead
from notifier.sending.gates import circuits
from notifier.sending.outcomes.come_back import come_back, ended_by_a_change
from notifier.sending.outcomes.retry import retry_at
from notifier.sms.codes import after_acceptance, in_words
from notifier.sms.gateway import ProviderMessage

_S = MessageState
_STATES: Final = {
    "sent": _S.SENT,
    "delivered": _S.DELIVERED,
    "read": _S.DELIVERED,
    "undelivered": _S.UNDELIVERED,
    "failed": _S.FAILED,
    "canceled": _S.FAILED,
}
"""Twilio's words for what happened after acceptance; any other (accepted, queued, sending, a new one) moves nothing."""
_RANK: Final = {_S.SENT: 40, _S.FAILED: 60, _S.UNDELIVERED: 60, _S.DELIVERED: 70}
_AFTER_ACCEPTANCE: Final = frozenset({_S.ACCEPTED, _S.SENT, _S.UNDELIVERED, _S.FAILED})
_BY: Final = "twilio"
_Stored = Row[int | None, str, str, int]
_STORED: Final = PreparedStatement(
    select(col(Receipt.id), col(Receipt.sid), col(Receipt.status), col(Receipt.error_code)).where(
        in_array(col(Receipt.sid), "sids"),
        or_(*(col(Receipt.status) == literal_column(f"'{status}'") for status in _STATES)),
    )
)


def store(
    session: Session, *, sid: str, status: str, error_code: int | None, token: str | None, at: datetime, source: str
) -> bool:
    """Write down what the provider reported; False where we knew."""
    row = {
        "sid": sid[:40], "status": status[:24], "error_code": error_code or 0,
        "token": token[:36] if token else None, "at": at, "source": source
    }  # fmt: skip
    return insert_if_new(session, Receipt, row)


def store_of_list(session: Session, listed: Collection[ProviderMessage], *, at: datetime) -> None:
    """Write down what the provider's list reports of these texts, where we did not know it."""
    rows = [
        {
            "sid": one.sid[:40], "status": one.status[:24], "error_code": one.error_code or 0,
            "token": None, "at": at, "source": "poll",
        }
        for one in listed
    ]  # fmt: skip
    insert_new(session, Receipt, rows)


def sids_of(session: Session, attempt_ids: Collection[str]) -> dict[str, str]:
    """The SIDs that receipts have given to these attempts, by their token."""
    found = select(col(Receipt.token), col(Receipt.sid)).where(col(Receipt.token).in_(attempt_ids))
    return {str(token): sid for token, sid in session.execute(found.order_by(col(Receipt.id).desc()))}


def adopt(session: Session, token: str, *, at: datetime, by: str) -> bool:
    """Give a text whose call's answer was lost the SID that a receipt brought; False where nothing was lost.

    Also one that was given up as not created: it must not leave a second time.
    """
    # Locked, as whoever records the call does: else each of the two misses what the other has not committed yet.
    attempt = session.get(Attempt, token, with_for_update=True)
    sid = sids_of(session, [token]).get(token)
    if attempt is None or sid is None or _has_another(session, attempt, sid):
        return False
    why, lost = "a receipt shows that Twilio has it", [_S.UNKNOWN, _S.NEEDS_REVIEW]
    if attempt.outcome not in (None, "accepted") and _take_back(session, attempt.message_id, at, by, why):
        lost = [_S.ATTEMPTING]
    for seen in lost:
        if move(session, attempt.message_id, seen=seen, to=_S.ACCEPTED, at=at, by=by, why=why, sid=sid):
            attempt.outcome, attempt.sid = "accepted", sid
            session.add(attempt)
            session.flush()
            return True
    return False


def _take_back(session: Session, message_id: int, at: datetime, by: str, why: str) -> bool:
    """Whether a text waited to leave again; then it waits no longer."""
    move(session, message_id, seen=_S.SUPPRESSED, to=_S.PLANNED, at=at, by=by, why=why)
    return move(session, message_id, seen=_S.PLANNED, to=_S.ATTEMPTING, at=at, by=by, why=why)


def _has_another(session: Session, attempt: Attempt, sid: str) -> bool:
    """Whether another text has this SID already: then the receipt's token is not its own."""
    another = select(col(Message.id)).where(col(Message.sid) == sid, col(Message.id) != attempt.message_id)
    return session.execute(another.limit(1)).first() is not None


def advance(session: Session, sids: Collection[str], *, at: datetime) -> None:
    """Move the texts with these SIDs as far as the stored receipts say."""
    if not sids:
        return
    # Past the ORM: hardly ever is there one before our own record of the call.
    receipts = _STORED.run(session, {"sids": sids}).all()
    if not receipts:
        return
    texts = session.scalars(select(Message).where(col(Message.sid).in_(sids)))
    by_sid = {text.sid: text for text in texts}
    furthest: dict[str, _Stored] = {}
    for receipt in sorted(receipts, key=lambda one: (_RANK[_STATES[one.status]], -(one.id or 0))):
        furthest[receipt.sid] = receipt
    together: dict[tuple[_S, _S], list[int]] = defaultdict(list)
    for sid, receipt in furthest.items():
        text, to = by_sid.get(sid), _STATES[receipt.status]
        if text is None or text.id is None:
            continue
        if text.state in _AFTER_ACCEPTANCE and to in (_S.SENT, _S.DELIVERED):
            if to in LEGAL_MOVES[text.state]:
                together[text.state, to].append(text.id)
        else:
            _apply(session, text, receipt, at)
    for (seen, to), ids in together.items():
        move_many(session, ids, seen=seen, to=to, at=at, by=_BY, why=None)


def _apply(session: Session, text: Message, receipt: _Stored, at: datetime) -> None:
    assert text.id is not None
    to = _STATES[receipt.status]
    if to is _S.DELIVERED and text.state in (_S.PLANNED, _S.SUPPRESSED):
        # It failed, was planned again (a STOP may have come since), and arrived after all: it must not leave twice.
        why = "the earlier text arrived after all"
        for seen, back in ((_S.SUPPRESSED, _S.PLANNED), (_S.PLANNED, _S.FAILED)):
            move(session, text.id, seen=seen, to=back, at=at, by=_BY, why=why)
    if text.state not in _AFTER_ACCEPTANCE or to not in LEGAL_MOVES[text.state]:
        return
    code = receipt.error_code or None
    failed = to in (MessageState.FAILED, MessageState.UNDELIVERED)
    why_failed = in_words(code, country_of(text.phone)) if failed else None
    if move(session, text.id, seen=text.state, to=to, at=at, by=_BY, why=why_failed) and failed:
        _after_failure(session, text, to, code, at)


def _after_failure(session: Session, text: Message, seen: MessageState, code: int | None, at: datetime) -> None:
    """What a text that did not arrive asks of us: another try, or that its number or our account be left alone."""
    why = after_acceptance(code)
    decision, words = why.decision, in_words(code, country_of(text.phone))
    assert text.id is not None
    if decision.suppress:
        opt_out(session, text.phone, source="twilio", at=at, by=_BY)
    if decision.mark_number_invalid:
        number_is_dead(session, text.phone, at=at, by=_BY, why=words)
    if decision.stop_sender or decision.stop_all:
        sender = None if decision.stop_all else _sender_of(session, text)
        circuits.open_circuit(session, reason=words, code=code, at=at, by=_BY, sender=sender)
    again = retry_at(why, text.retries, at)
    if again is not None and (again < text.expires_at or ended_by_a_change(session, [text.id], at)):
        why_again = f"{words} Retry {text.retries + 1} of {decision.max_retries}."
        retries = text.retries + 1
        come_back(session, [text.id], seen=seen, at=at, by=_BY, why=why_again, not_until=again, retries=retries)
    elif decision.needs_staff:
        record_event(
            session, at=at, by=_BY, what="needs_staff",
            enrollment_id=text.enrollment_id, message_id=text.id, why=words,
        )  # fmt: skip


def _sender_of(session: Session, text: Message) -> str | None:
    """The sender that the text with this SID went through."""
    found = select(col(Attempt.sender)).where(col(Attempt.message_id) == text.id, col(Attempt.sid) == text.sid)
    return session.scalar(found.limit(1))
