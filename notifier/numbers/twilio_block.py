"""The block that Twilio keeps by itself: whoever texts STOP gets nothing from that sender until the same phone texts
START. Nobody here can end it, whatever the patient has signed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import latest_on
from notifier.db.tables import Attempt, Enrollment, Message, OptOut, Reply
from notifier.domain.states import RUNNING

BY_PATIENT: Final = "patient"
"""Who ends an opt-out by texting START."""
_BLOCKS: Final = frozenset({"keyword", "twilio"})
"""Sources of an opt-out that Twilio knows of too: the very words that it heeds, and its own refusal."""
_REFUSES: Final = (col(OptOut.ended_at).is_(None), col(OptOut.source) == "twilio")


class Blocked(NamedTuple):
    """A patient who agreed to texts again, and whose number Twilio refuses all the same."""

    enrollment: int
    office: str | None
    why: str
    """What `until_start` says."""


def keeps_blocking(opt_out: OptOut) -> bool:
    """Whether Twilio still blocks a number once this opt-out of ours has ended without START."""
    return opt_out.source in _BLOCKS


def until_start(session: Session, phone: str) -> str:
    """What the patient has to do, as a sentence. It names the number to text where that is known: the one that texts to
    the patient leave from, else (a messaging service chooses its numbers itself) the one that the patient wrote to."""
    to = _left_from(session, phone) or _written_to(session, phone) or "the number that your texts come from"
    return f"Twilio blocks the patient until the patient texts START to {to}"


def _left_from(session: Session, phone: str) -> str | None:
    left = (
        select(col(Attempt.sender))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(col(Message.phone) == phone, col(Attempt.sender).is_not(None))
        .order_by(col(Attempt.started_at).desc())
    )
    sender = session.scalar(left.limit(1))
    return sender if sender and sender.startswith("+") else None


def _written_to(session: Session, phone: str) -> str | None:
    """Of a STOP rather than of anything else: it is there that Twilio blocks. The newest of them."""
    wrote = select(col(Reply.written_to)).where(col(Reply.phone) == phone, col(Reply.written_to).is_not(None))
    return session.scalar(wrote.order_by((col(Reply.meaning) == "stop").desc(), col(Reply.at).desc()).limit(1))


def was_reconsented(session: Session, phone: str) -> bool:
    """Whether staff have ended an opt-out of this number since the patient last texted START."""
    ended = select(col(OptOut.ended_by)).where(col(OptOut.phone) == phone, col(OptOut.ended_at).is_not(None))
    by = session.scalar(ended.order_by(col(OptOut.ended_at).desc()).limit(1))
    return by is not None and by != BY_PATIENT


def blocked_after_consent(session: Session, since: datetime, told: Collection[int]) -> list[Blocked]:
    """Running enrollments whose number Twilio refuses although the patient agreed at the desk: those refused since
    then, and those of `told`, which are not forgotten by age."""
    lately = select(col(OptOut.phone)).where(*_REFUSES, col(OptOut.at) > since)
    of_told = select(col(Enrollment.phone)).where(col(Enrollment.id).in_(sorted(told)))
    before = select(col(OptOut.phone)).where(*_REFUSES, col(OptOut.phone).in_(of_told))
    phones = {phone for phone in session.scalars(lately.union(before)) if was_reconsented(session, phone)}
    running = [one for one in latest_on(session, phones).values() if one.state in RUNNING]
    running.sort(key=lambda one: one.id or 0)
    return [Blocked(one.id or 0, one.office, until_start(session, one.phone)) for one in running]
