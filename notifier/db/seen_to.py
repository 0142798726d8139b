"""Marks on texts that needed a person, as other changes make them: ended, answered, planned again, told otherwise."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import literal_column, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.outbox import in_state
from notifier.db.protocols import UnreadableVersion, load_version
from notifier.db.tables import Enrollment, Message
from notifier.domain.states import MessageState
from notifier.domain.tasks import STATES, TaskOutcome
from schedules.protocol import StepKind
from schedules.repeat import repeated_key

_HAS_LEFT = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED)


def mark_ended(session: Session, enrollment_id: int) -> None:
    """A person has ended the enrollment: nobody has to make up for its texts."""
    _mark(session, TaskOutcome.ENDED, col(Message.enrollment_id) == enrollment_id, in_state(*STATES, *_HAS_LEFT))


def mark_running(session: Session, enrollment_id: int) -> None:
    """It runs again: what its end had closed is open."""
    this = (col(Message.enrollment_id) == enrollment_id, col(Message.seen_to) == TaskOutcome.ENDED.value)
    session.execute(update(Message).where(*this).values(seen_to=None).execution_options(synchronize_session=False))


def mark_answered(session: Session, phone: str, at: datetime) -> None:
    """The patient has written: the questions that had left by then are not met with silence."""
    asked = col(Message.kind) == literal_column(f"'{StepKind.ASK}'")
    _mark(
        session,
        TaskOutcome.ANSWERED,
        col(Message.phone) == phone,
        col(Message.left_at) <= at,
        asked,
        in_state(*_HAS_LEFT),
    )


def mark_planned_again(session: Session, enrollment_id: int, step: str, revision: int) -> None:
    """The step stands in the plan once more: what became of its earlier texts asks for nothing."""
    earlier = (col(Message.step) == step, col(Message.revision) < revision, in_state(*STATES))
    _mark(session, TaskOutcome.AGAIN, col(Message.enrollment_id) == enrollment_id, *earlier)


def mark_informed(session: Session, message_ids: Collection[int]) -> None:
    """Their rules were told otherwise."""
    _mark(session, TaskOutcome.INFORMED, col(Message.id).in_(sorted(message_ids)))


def mark_reminders(session: Session, message_ids: Collection[int]) -> None:
    """Those of these expired texts that are of a repeat after its first day, and tell no rule: they ask nobody."""
    found = select(col(Message.id), col(Message.step), col(Message.kind), col(Message.topics), Enrollment)
    found = found.join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    said = session.execute(found.where(in_array(col(Message.id), "ids")), {"ids": list(message_ids)})
    reminders = [
        row.id
        for row in said
        if repeated_key(row.step) != row.step
        and not (row.kind == StepKind.RESTRICT and row.topics)
        and _reminds(session, row.Enrollment, row.step)
    ]
    _mark(session, TaskOutcome.REMINDER, col(Message.id).in_(reminders))


def _reminds(session: Session, enrollment: Enrollment, key: str) -> bool:
    try:
        steps = load_version(session, enrollment.protocol, enrollment.version).planned_steps
    except UnreadableVersion:
        return False
    return any(one.occurrence.reminds for one in steps if one.key == key and one.occurrence)


def _mark(session: Session, how: TaskOutcome, *which: object) -> None:
    these = update(Message).where(*which, col(Message.seen_to).is_(None))  # type: ignore[arg-type]  # each is a condition
    session.execute(these.values(seen_to=how.value).execution_options(synchronize_session=False))
