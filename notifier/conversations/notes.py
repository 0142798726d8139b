"""Notes on a patient: what staff tell each other. They are never sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import the_enrollment
from notifier.db.events import record_event
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import Enrollment, PatientNote
from notifier.domain.refused import Refused

LONGEST_NOTE: Final = 1000


def add_note(session: Session, enrollment_id: int, text: str, *, now: datetime, by: str) -> int:
    """Write a note down; its number. Raises Refused for an empty one and for one that is too long."""
    the_enrollment(session, enrollment_id)
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Refused("the note is empty; write what colleagues should know", "note")
    if len(text) > LONGEST_NOTE:
        raise Refused(f"the note has {len(text)} characters; write at most {LONGEST_NOTE}", "note")
    if any(not one.isprintable() and one != "\n" for one in text):
        raise Refused("the note has a control character; leave it out", "note")
    (note,) = insert_rows_for_ids(
        session, PatientNote, [{"enrollment_id": enrollment_id, "at": now, "by": by, "text": text}]
    )
    record_event(session, at=now, by=by, what="noted", enrollment_id=enrollment_id, why=f"note {note}")
    return note


def notes_on(session: Session, enrollment: Enrollment, yours: Collection[str] | None = None) -> list[PatientNote]:
    """The notes on this patient, the latest first: also those of other enrollments in this name on this number.

    `yours`: only of these offices and of none; None: of all.
    """
    same = (
        col(Enrollment.id) == enrollment.id,
        (col(Enrollment.phone) == enrollment.phone) & (col(Enrollment.folded_name) == enrollment.folded_name),
    )
    found = (
        select(PatientNote)
        .join(Enrollment, col(Enrollment.id) == col(PatientNote.enrollment_id))
        .where(same[0] | same[1])
        .order_by(col(PatientNote.id).desc())
    )
    if yours is not None:
        found = found.where(col(Enrollment.office).is_(None) | col(Enrollment.office).in_(sorted(yours)))
    return list(session.scalars(found))
