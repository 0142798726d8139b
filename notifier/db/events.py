"""The record of what happened. A row is written in the transaction of the change it tells of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_rows
from notifier.db.tables import Event


def record_event(
    session: Session,
    *,
    at: datetime,
    by: str,
    what: str,
    enrollment_id: int | None = None,
    message_id: int | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    why: str | None = None,
    words: str | None = None,
) -> None:
    """Write down one thing that happened. `why` never names a phone number, a person or a text; `words` may, of an
    enrollment alone.

    For many at once: `insert_rows(session, Event, rows)`.
    """
    row: dict[str, object] = {"enrollment_id": enrollment_id, "message_id": message_id, "at": at, "by": by}
    row |= {"what": what, "from_state": from_state, "to_state": to_state, "why": cut(why), "words": words}
    insert_rows(session, Event, [row])


def cut(why: str | None) -> str | None:
    """A reason that fits its column: a long one must not make the change itself fail."""
    return why if why is None or len(why) <= _LONGEST else why[: _LONGEST - 1] + "…"


_LONGEST = 400


def of_enrollment(session: Session, enrollment_id: int) -> list[Event]:
    """Everything recorded of an enrollment and its texts, oldest first."""
    found = select(Event).where(col(Event.enrollment_id) == enrollment_id).order_by(col(Event.id))
    return list(session.scalars(found))


def of_message(session: Session, message_id: int) -> list[Event]:
    """Everything recorded of one text, oldest first."""
    found = select(Event).where(col(Event.message_id) == message_id).order_by(col(Event.id))
    return list(session.scalars(found))
