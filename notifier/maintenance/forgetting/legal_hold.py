"""A legal hold: nothing of a patient is erased, whoever asks and whatever the retention says, until it is lifted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.rows import insert_rows
from notifier.db.tables import LegalHold
from notifier.db.visibility import Yours
from notifier.domain.refused import Refused
from notifier.maintenance.forgetting.subject import DataSubject, refuse_elsewhere, subject_of

NO_HOLD: Final = Refused("this patient has no legal hold", "enrollment")


def put_on_hold(session: Session, enrollment_id: int, *, now: datetime, by: str, yours: Yours = None) -> bool:
    """From now on nothing of this patient is erased; False where that was said before. Raises Refused, also where one
    of the enrollments is at an office that is not among `yours`."""
    subject = subject_of(session, enrollment_id)
    refuse_elsewhere(session, subject.enrollments, yours)
    if hold_on(session, subject) is not None:
        return False
    insert_rows(session, LegalHold, [{"enrollment_id": enrollment_id, "at": now, "by": by}])
    record_event(session, at=now, by=by, what="legal_hold", enrollment_id=enrollment_id)
    return True


def lift_hold(session: Session, enrollment_id: int, *, now: datetime, by: str, yours: Yours = None) -> None:
    """The patient may be forgotten again. Raises Refused where there was no hold, and as `put_on_hold`."""
    whose = subject_of(session, enrollment_id).enrollments
    refuse_elsewhere(session, whose, yours)
    these = update(LegalHold).where(col(LegalHold.enrollment_id).in_(whose), col(LegalHold.lifted_at).is_(None))
    lifted = session.execute(these.values(lifted_at=now, lifted_by=by).returning(col(LegalHold.id))).all()
    if not lifted:
        raise NO_HOLD
    record_event(session, at=now, by=by, what="legal_hold_lifted", enrollment_id=enrollment_id)


def standing_hold(session: Session, enrollment_id: int) -> LegalHold | None:
    """The hold of the patient of an enrollment. Raises Refused as `subject_of` does."""
    return hold_on(session, subject_of(session, enrollment_id))


def hold_on(session: Session, subject: DataSubject) -> LegalHold | None:
    """The hold that covers this patient, on whichever enrollment it was said."""
    found = select(LegalHold).where(
        col(LegalHold.enrollment_id).in_(subject.enrollments), col(LegalHold.lifted_at).is_(None)
    )
    return session.scalars(found.order_by(col(LegalHold.id))).first()
