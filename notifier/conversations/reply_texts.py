"""Answers to what patients wrote: rows of the outbox like any other, so that they leave once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.enrollments import sharing_phone
from notifier.db.events import record_event
from notifier.db.need import need_of_reply
from notifier.db.tables import Enrollment, Event, Message
from notifier.domain.kinds import BY_ITSELF, BY_STAFF, REPLY, TO_URGENT
from notifier.domain.states import RUNNING, MessageState
from schedules.wording import Addressee

_NEVER_LEFT: Final = (MessageState.EXPIRED, MessageState.CANCELLED, MessageState.SUPPRESSED)


def answers_for(session: Session, phone: str, *, office: str | None = None) -> Enrollment | None:
    """The enrollment that speaks for a number: the latest that still runs, else the latest; None for a stranger's.

    Of that office, where one is.
    """
    on_number = sharing_phone(session, phone)
    on_number = [one for one in on_number if office is not None and one.office == office] or on_number
    best = [one for one in on_number if one.state in RUNNING] or on_number
    return best[-1] if best else None


def listener_of(session: Session, enrollment: Enrollment) -> Addressee:
    """Who reads a text of this enrollment; the name opens it where somebody else's texts arrive on the phone too."""
    others = [one for one in sharing_phone(session, enrollment.phone) if one.folded_name != enrollment.folded_name]
    is_shared = any(one.state in RUNNING for one in others)
    return Addressee(enrollment.language, enrollment.name.partition(" ")[0], is_shared)


def one_at_a_time(session: Session, phone: str) -> None:
    """Two who would reply to the same number, or store its words, wait for each other. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        key = {"key": f"notifier reply {phone}"}
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)


def answer_step(reply: int, *, urgent: bool) -> str:
    """The step of the fixed answer to a reply; those to urgent words are counted apart."""
    return f"{BY_ITSELF}-{reply}{TO_URGENT if urgent else ''}"


def was_answered(session: Session, phone: str, *, since: datetime, urgent: bool) -> bool:
    """Whether the number has had, or may still get, a fixed answer planned after that instant; to urgent words, or to
    all others."""
    to_urgent = col(Message.step).like(f"{BY_ITSELF}-%{TO_URGENT}")
    found = _to(phone).where(
        col(Message.step).like(f"{BY_ITSELF}-%"),
        to_urgent if urgent else ~to_urgent,
        col(Message.nominal_at) > since,
        col(Message.state).not_in(_NEVER_LEFT),
    )
    return session.execute(found.limit(1)).first() is not None


def was_replied_to(session: Session, phone: str, *, since: datetime) -> bool:
    """Whether anything was said to the number since then that was no step of a plan, by staff or by itself."""
    found = _to(phone).where(col(Message.nominal_at) >= since, col(Message.state).not_in(_NEVER_LEFT))
    return session.execute(found.limit(1)).first() is not None


def answers_to_unknown(session: Session, *, since: datetime) -> int:
    """How many fixed answers to numbers that nobody enrolled were planned after that instant."""
    found = (
        select(func.count())
        .select_from(Message)
        .where(col(Message.enrollment_id).is_(None), col(Message.kind) == REPLY, col(Message.nominal_at) > since)
    )
    return session.scalar(found) or 0


def same_words(session: Session, phone: str, words: str, *, since: datetime) -> Message | None:
    """A reply in the very same words that has left, or may still leave."""
    found = _to(phone).where(
        col(Message.text) == words, col(Message.nominal_at) > since, col(Message.state).not_in(_NEVER_LEFT)
    )
    return session.scalar(found.limit(1))


@dataclass(frozen=True, slots=True)
class EarlierReply:
    """What somebody at the clinic has written to a number already."""

    message: int
    by: str
    at: datetime
    words: str


def replies_by_staff(session: Session, phone: str, *, since: datetime) -> list[EarlierReply]:
    """What staff have written to this number from that instant on, the oldest first; not what never left."""
    found = (
        select(Message, col(Event.by))
        .join(Event, (col(Event.message_id) == col(Message.id)) & (col(Event.what) == "answered"))
        .where(
            col(Message.phone) == phone, col(Message.kind) == REPLY, col(Message.step).like(f"{BY_STAFF}-%"),
            col(Message.nominal_at) >= since, col(Message.state).not_in(_NEVER_LEFT),
        )
        .order_by(col(Message.id))
    )  # fmt: skip
    return [EarlierReply(one.id or 0, by, one.nominal_at, one.text) for one, by in session.execute(found)]


def plan_reply(
    session: Session,
    enrollment: Enrollment | None,
    phone: str,
    words: str,
    *,
    step: str,
    now: datetime,
    until: datetime,
    by: str,
    office: str | None = None,
) -> int:
    """Write a reply into the outbox, to leave at once; the message's id. `until`: when it is no longer useful.

    `enrollment`: None for a number that nobody enrolled; then it leaves through the sender of `office`.
    """
    whose = None if enrollment is None else enrollment.id
    before = select(col(Message.revision)).where(
        col(Message.enrollment_id).is_not_distinct_from(whose), col(Message.step) == step
    )
    last = session.scalars(before.order_by(col(Message.revision).desc()).limit(1)).first()
    row = {
        "enrollment_id": whose, "office": office if enrollment is None else None, "step": step, "kind": REPLY,
        "revision": 0 if last is None else last + 1, "phone": phone, "state": MessageState.PLANNED, "nominal_at": now,
        "not_before": now, "due_at": now, "expires_at": until, "text": words, "need": need_of_reply(until)
    }  # fmt: skip
    (message_id,) = outbox.insert(session, [row])
    record_event(
        session, at=now, by=by, what="answered", enrollment_id=whose,
        message_id=message_id, why=f"to reply {step.split('-')[1]}")  # fmt: skip
    return message_id


def _to(phone: str) -> Select[Message]:
    return select(Message).where(col(Message.phone) == phone, col(Message.kind) == REPLY)
