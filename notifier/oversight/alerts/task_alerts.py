"""Alerts about work: told while it is new, and open as long as nobody has closed the work, whatever its age."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Enrollment, Message
from notifier.domain.states import BOUNCED, MessageState
from notifier.domain.tasks import RECENT, TaskKind
from notifier.oversight.alerts.alert_rules import TextInTrouble, UnmarkedVisit, WaitingLift
from notifier.tasks.sources import is_booked_before, is_gate, is_open_text, since_of_text, snoozed

ASKED_FOR: Final = timedelta(days=1)
"""So long somebody may look after a patient before a gate that Today asks about is told of."""


def texts_to_alert(session: Session, now: datetime, told: Collection[int], *, limit: int) -> tuple[TextInTrouble, ...]:
    """Open texts that did not arrive or came too late: the latest ones, and those of which somebody was told before.

    Not what never had a place: that was said on the screen that planned it. Not what is put off.
    """
    away = snoozed(session, now).get(TaskKind.TEXT, ())
    found = (
        select(Message, col(Enrollment.office))
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(
            *is_open_text(now), in_state(*BOUNCED, MessageState.EXPIRED), col(Message.due_at).is_not(None),
            col(Message.id).not_in(sorted(away)) if away else true(),
        )
        .order_by(since_of_text().desc(), col(Message.id).desc())
        .limit(limit)
    )  # fmt: skip
    rows = session.execute(found.where(since_of_text() >= now - RECENT)).all()
    if old := set(told) - {message.id for message, _ in rows}:
        rows = [*rows, *session.execute(found.where(col(Message.id).in_(sorted(old)))).all()]
    return tuple(
        TextInTrouble(
            message.id or 0, message.enrollment_id or 0, message.state is MessageState.EXPIRED, message.reason, office
        )
        for message, office in sorted(rows, key=lambda row: row[0].id or 0)
    )


def visits_to_alert(session: Session, now: datetime, told: Collection[int], *, limit: int) -> tuple[UnmarkedVisit, ...]:
    """Visits that have begun and that nobody has marked: those of the last days, and those that were told of before."""
    lately = or_(col(Enrollment.appointment_at) >= now - RECENT, col(Enrollment.id).in_(sorted(told)))
    found = select(col(Enrollment.id), col(Enrollment.appointment_at), col(Enrollment.office))
    found = found.where(*is_booked_before(now), lately).order_by(col(Enrollment.appointment_at).desc()).limit(limit)
    return tuple(UnmarkedVisit(number or 0, at, office) for number, at, office in session.execute(found) if at)


def lifts_to_alert(session: Session, now: datetime, told: Collection[int], *, limit: int) -> tuple[WaitingLift, ...]:
    """Lifts that wait until something is cleared, a day after Today began to ask: those of the last days, and those
    that were told of before. Not what is put off."""
    away = snoozed(session, now).get(TaskKind.GATE, ())
    lately = or_(col(Message.nominal_at) >= now - RECENT, col(Message.id).in_(sorted(told)))
    found = (
        select(col(Message.id), col(Message.enrollment_id), col(Enrollment.office))
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(*is_gate(now - ASKED_FOR), lately, col(Message.id).not_in(sorted(away)) if away else true())
        .order_by(col(Message.nominal_at).desc())
        .limit(limit)
    )
    rows = session.execute(found)
    return tuple(WaitingLift(number or 0, whose or 0, office) for number, whose, office in rows)
