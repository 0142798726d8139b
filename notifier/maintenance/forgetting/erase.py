"""Erase a patient: end what still runs, then take away name, numbers and words; pseudonyms and counts stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.photo_looks import unopened_photo
from notifier.db.enrollments import the_enrollment
from notifier.db.events import record_event
from notifier.db.outbox import in_state, move_where
from notifier.db.rows import insert_if_new, insert_rows
from notifier.db.tables import Attempt, Erasure, Message, ProviderDeletion, Reply, ReplyPhone
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING, MessageState
from notifier.enrollments.commands import Cancel
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.plans import lock_plans
from notifier.maintenance.forgetting.legal_hold import hold_on
from notifier.maintenance.forgetting.overwrite import overwrite
from notifier.maintenance.forgetting.provider_deletions import LONGEST_RESTORE
from notifier.maintenance.forgetting.subject import DataSubject, refuse_elsewhere, subject_of, texts_of

_WHY: Final = "the patient's data is erased"
_IN_DOUBT: Final = (MessageState.ATTEMPTING, MessageState.UNKNOWN, MessageState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class Unheard:
    """A planned text that is withdrawn."""

    enrollment: int
    step: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What an erasure takes away."""

    subject: DataSubject
    unheard: tuple[Unheard, ...]
    """What the patient will not hear, the earliest first."""
    texts: int
    replies: int


def plan_erasure(session: Session, enrollment_id: int, rules: PlanningRules) -> ErasurePlan:
    """What it would do; nothing is written.

    Raises Refused for a patient on legal hold, with an open message or a photo that nobody has opened, or with a text
    of which nobody knows whether it left.
    """
    subject = subject_of(session, enrollment_id)
    refuse_elsewhere(session, subject.enrollments, rules.yours)
    if hold := hold_on(session, subject):
        raise Refused(f"the patient has been on legal hold since {hold.at:%Y-%m-%d}; lift it first", "enrollment")
    _refuse_open(session, subject)
    planned = select(Message).where(in_state(MessageState.PLANNED), texts_of(subject))
    unheard = [
        Unheard(one.enrollment_id or 0, one.step, one.due_at)
        for one in session.scalars(planned.order_by(col(Message.nominal_at)))
    ]
    texts = session.scalar(select(func.count()).select_from(Message).where(texts_of(subject))) or 0
    replies = select(func.count()).select_from(Reply).where(col(Reply.phone).in_(subject.phones))
    return ErasurePlan(subject, tuple(unheard), texts, session.scalar(replies) or 0)


def erase(
    session: Session, enrollment_id: int, *, rules: PlanningRules, pseudonyms: Pseudonyms, now: datetime, by: str
) -> ErasurePlan:
    """Do it, in the caller's transaction; what was done. Raises what `plan_erasure` does.

    The bytes in the database's file are overwritten afterwards, by `leave_no_trace`.
    """
    lock_plans(session)
    plan = plan_erasure(session, enrollment_id, rules)
    subject = plan.subject
    for one in subject.enrollments:
        if the_enrollment(session, one).state in RUNNING:
            apply(session, one, Cancel(_WHY), rules=rules, now=now, by=by)
    seen, to = MessageState.PLANNED, MessageState.CANCELLED
    move_where(session, texts_of(subject), seen=seen, to=to, at=now, by=by, why=_WHY)
    session.flush()
    _keep_sids(session, subject)
    overwrite(session, subject, pseudonyms)
    erased = [{"enrollment_id": one, "at": now, "by": by} for one in subject.enrollments]
    insert_rows(session, Erasure, erased)
    for one in subject.enrollments:
        record_event(session, at=now, by=by, what="erased", enrollment_id=one)
    session.expire_all()
    return plan


def _refuse_open(session: Session, subject: DataSubject) -> None:
    held = select(col(ReplyPhone.reply_id)).where(col(ReplyPhone.phone).in_(subject.phones + subject.shared))
    written = or_(col(Reply.phone).in_(subject.phones + subject.shared), col(Reply.id).in_(held))
    opened = session.scalars(
        select(col(Reply.id)).where(written, col(Reply.closed_at).is_(None)).order_by(col(Reply.id))
    ).first()
    if opened is not None:
        raise Refused(f"the patient's message {opened} is open; close it first", "enrollment")
    if (photo := unopened_photo(session, subject.phones)) is not None:
        which = f"photo {photo[1]} of the patient's message {photo[0]}"
        raise Refused(f"nobody has opened {which}; look at it first, for it is deleted at Twilio too", "enrollment")
    doubtful = or_(*(in_state(state) for state in _IN_DOUBT))
    found = session.scalars(
        select(col(Message.id)).where(texts_of(subject), doubtful).order_by(col(Message.id))
    ).first()
    if found is not None:
        raise Refused(f"nobody knows yet whether text {found} left; wait, or say it in the review", "enrollment")


def _keep_sids(session: Session, subject: DataSubject) -> None:
    """The provider still has their words: they go once no backup that could be restored needs them there."""
    ours = select(col(Message.id)).where(texts_of(subject))
    tried = select(col(Attempt.sid), col(Attempt.started_at)).where(
        col(Attempt.message_id).in_(ours), col(Attempt.sid).is_not(None)
    )
    left = select(col(Message.sid), col(Message.left_at)).where(texts_of(subject), col(Message.sid).is_not(None))
    wrote = select(col(Reply.sid), col(Reply.at)).where(col(Reply.phone).in_(subject.phones))
    found: Sequence[tuple[str | None, datetime | None]] = [
        (sid, at) for which in (tried, left, wrote) for sid, at in session.execute(which)
    ]
    for sid, at in found:
        if sid and at:
            insert_if_new(session, ProviderDeletion, {"sid": sid, "not_before": at + LONGEST_RESTORE})
