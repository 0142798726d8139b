"""A text in the sandbox's ledger, with what the demo says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.protocols import load_version
from notifier.db.tables import Enrollment, Message
from notifier.demo.cast import BY_PHONE, Sample
from notifier.demo.why import why_now
from notifier.domain.kinds import BY_STAFF, FIRST, REPLY
from notifier.domain.phone import area_zones
from notifier.domain.states import MessageState
from notifier.sandbox.messages import LedgerEntry
from schedules.asking import first_asking
from schedules.send_window import SendWindow


@dataclass(frozen=True, slots=True)
class Delivery:
    """One text that the sandbox created, with the row and the rule behind it."""

    message: int
    """Its row in the outbox; 0 where there is none."""
    at: datetime
    who: Sample
    text: str
    why: str
    failed: str | None
    """Why it did not reach the phone."""
    cancelled: int
    """How many later texts to this number were withdrawn."""


def look_up(session: Session, entry: LedgerEntry, window: SendWindow) -> Delivery:
    """Find the row and the rule behind a text that was created."""
    who = BY_PHONE[entry.to]
    found = session.execute(
        select(Message, Enrollment)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(col(Message.sid) == entry.sid)
    ).first()
    if found is None:
        return Delivery(0, entry.created_at, who, entry.body, "no row of the outbox knows this text", None, 0)
    message, enrollment = found
    cancelled = session.scalar(
        select(func.count()).where(in_state(MessageState.CANCELLED), col(Message.phone) == message.phone)
    )
    failed = message.reason if message.state in (MessageState.UNDELIVERED, MessageState.FAILED) else None
    return Delivery(
        message.id or 0,
        entry.created_at,
        who,
        entry.body,
        _why(session, message, enrollment, window),
        failed,
        cancelled or 0,
    )


def _why(session: Session, message: Message, enrollment: Enrollment, window: SendWindow) -> str:
    if message.kind == FIRST:
        return "first text · at enrollment"
    if message.kind == REPLY:
        return (
            "reply · a person's own words" if message.step.startswith(BY_STAFF) else "reply · what follows the answer"
        )
    if message.step != first_asking(message.step):
        return "ask · once more, in other words: nothing has come since the question left"
    protocol = load_version(session, enrollment.protocol, enrollment.version)
    (step,) = (step for step in protocol.planned_steps if step.key == message.step)
    anchor = enrollment.treated_at or enrollment.appointment_at
    assert anchor is not None
    assert message.due_at is not None  # it has left
    rule = why_now(
        protocol,
        step,
        anchor=anchor,
        nominal_at=message.nominal_at,
        due_at=message.due_at,
        zone=ZoneInfo(enrollment.timezone),
        area_zones=[ZoneInfo(name) for name in area_zones(message.phone)],
        window=window,
        notes=message.notes or (),
    )
    return f"{message.kind.replace('_', '-')} · {rule}"
