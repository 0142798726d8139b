"""Retention: whose time has come by the clinic's own choice, and forgetting them one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import of_same_person
from notifier.db.rows import insert_rows
from notifier.db.tables import Enrollment, Erasure, LegalHold, Message, Reply, RetentionApproval
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.maintenance.forgetting.erase import plan_erasure
from schedules.offsets import NOT_YET


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """Whom a retention of so many days forgets at this moment."""

    days: int
    patients: tuple[int, ...]
    """One enrollment of each, the oldest first."""
    kept: dict[str, int]
    """How many whose time has come stay, by why."""


def plan_retention(
    session: Session, days: int, rules: PlanningRules, now: datetime, *, most: int | None = None
) -> RetentionPlan:
    """Whose treatment, last text and last message are all older than so many days; nothing is written.

    `most`: so many patients are enough; of the others it says nothing.
    """
    found: list[int] = []
    kept: Counter[str] = Counter()
    seen: set[int] = set()
    for one in _old(session, now - timedelta(days=days)):
        if len(found) == most:
            break
        if one in seen:
            continue
        person = of_same_person(session, one)
        seen.update(person)
        if any(not _is_old(session, other, now - timedelta(days=days)) for other in person):
            continue
        try:
            plan_erasure(session, one, rules)
        except Refused as why:
            on_hold = session.scalar(
                select(exists().where(col(LegalHold.enrollment_id).in_(person), col(LegalHold.lifted_at).is_(None)))
            )
            kept["on legal hold" if on_hold else str(why)] += 1
        else:
            found.append(one)
    return RetentionPlan(days, tuple(found), dict(kept))


def approve_retention(session: Session, days: int, *, now: datetime, by: str) -> None:
    """Somebody has seen the plan: from now on the worker forgets by itself after so many days."""
    insert_rows(session, RetentionApproval, [{"days": days, "at": now, "by": by}])


def approved_days(session: Session) -> int | None:
    """After how many days somebody has agreed that the worker forgets; None: nobody has."""
    return session.scalar(select(col(RetentionApproval.days)).order_by(col(RetentionApproval.id).desc()).limit(1))


def _old(session: Session, cutoff: datetime) -> list[int]:
    found = select(col(Enrollment.id)).where(*_is_past(cutoff)).order_by(col(Enrollment.id))
    return [one or 0 for one in session.scalars(found)]


def _is_old(session: Session, enrollment_id: int, cutoff: datetime) -> bool:
    found = select(col(Enrollment.id)).where(col(Enrollment.id) == enrollment_id, *_is_past(cutoff))
    return session.scalar(found) is not None


def _is_past(cutoff: datetime) -> tuple[ColumnElement[bool], ...]:
    whose = func.coalesce(col(Enrollment.treated_at), col(Enrollment.appointment_at), col(Enrollment.enrolled_at))
    texts = exists().where(
        col(Message.enrollment_id) == col(Enrollment.id),
        or_(
            and_(col(Message.expires_at) >= cutoff, col(Message.expires_at) < NOT_YET),
            col(Message.nominal_at) >= cutoff,  # of what waits until it is cleared, for however long
            col(Message.left_at) >= cutoff,
        ),
    )
    replies = exists().where(col(Reply.phone) == col(Enrollment.phone), col(Reply.at) >= cutoff)
    erased = exists().where(col(Erasure.enrollment_id) == col(Enrollment.id))
    return whose < cutoff, col(Enrollment.enrolled_at) < cutoff, ~texts, ~replies, ~erased
