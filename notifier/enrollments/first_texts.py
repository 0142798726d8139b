"""First texts in the database: one for each number and course."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.outbox import in_state
from notifier.db.rows import Row, table_of
from notifier.db.tables import Enrollment, Message
from notifier.domain.kinds import FIRST
from notifier.domain.planning.first_text import FirstText
from notifier.domain.states import MessageState
from schedules.protocol import FIRST_TEXT
from schedules.segments import count_segments

NOT_HEARD = frozenset(
    {
        MessageState.CANCELLED,
        MessageState.EXPIRED,
        MessageState.SUPPRESSED,
        MessageState.FAILED,
        MessageState.UNDELIVERED,
    }
)
"""After these the number does not know who writes."""


class StoredText(NamedTuple):
    """A text of the outbox, as far as who enrolls somebody asks for it."""

    id: int | None
    step: str
    state: MessageState


def first_text_json(text: FirstText | None, zone: ZoneInfo, stored: StoredText | None) -> dict[str, Any] | None:
    """The first text as enrolling says it, for programs; None where there is none."""
    if text is None:
        return None
    segments = count_segments(text.text)
    return {
        "message": stored.id if stored else None,
        "state": stored.state.value if stored else None,
        "due_at": text.due_at.isoformat(),
        "due_local": text.due_at.astimezone(zone).isoformat(),
        "expires_at": text.expires_at.isoformat(),
        "text": text.text,
        "segments": segments.count,
        "encoding": segments.encoding,
        "notes": list(text.notes),
    }


def _in_a_course() -> Select[str, str | None]:
    # Kinds and states as literals: with parameters in their place SQLite would plan the statement anew each time.
    other, beside = table_of(Message).alias("other"), table_of(Enrollment).alias("beside")
    first: ColumnElement[str] = literal_column(f"'{FIRST}'")
    goes_on = select(other.c.id).where(
        beside.c.id == other.c.enrollment_id,
        beside.c.office.is_not_distinct_from(col(Enrollment.office)),
        other.c.phone == col(Message.phone),
        other.c.state == literal_column(f"'{MessageState.PLANNED}'"),
        other.c.due_at > bindparam("now"),
        other.c.kind != first,
    )
    return select(col(Message.phone), col(Enrollment.office)).where(
        col(Enrollment.id) == col(Message.enrollment_id),
        in_array(col(Message.phone), "phones"),
        col(Message.kind) == first,
        ~in_state(*sorted(NOT_HEARD)),
        or_(col(Message.expires_at) > bindparam("now"), goes_on.exists()),
    )


IN_A_COURSE: Final = _in_a_course()  # built once: building it takes three times as long as running it
"""The numbers in a course, each with an office."""


def numbers_in_a_course(session: Session, phones: Collection[str], now: datetime) -> set[tuple[str, str | None]]:
    """Those of these numbers, each with an office, that know who writes: its first text has left or will, and its
    course is not over.

    A course goes on while any text of the office is planned for the number, of whichever treatment. Another office is
    another one who writes, with a phone of its own.
    """
    found = session.execute(IN_A_COURSE, {"phones": set(phones), "now": now})
    return {(row.phone, row.office) for row in found}


def first_row(
    enrollment: int, phone: str, text: FirstText, now: datetime, *, opted_out: bool, revision: int = 0
) -> Row:
    """The outbox row of a first text."""
    state = MessageState.SUPPRESSED if opted_out else MessageState.PLANNED
    return {
        "enrollment_id": enrollment,
        "step": FIRST_TEXT,
        "revision": revision,
        "kind": FIRST,
        "topics": (),
        "phone": phone,
        "state": state,
        "reason": "the number has opted out" if opted_out else None,
        "nominal_at": now,
        "not_before": now,
        "seen_to": None,
        "stands_since": now,
        **first_content(text),
    }


def first_content(text: FirstText) -> dict[str, Any]:
    return {
        "due_at": text.due_at,
        "expires_at": text.expires_at,
        "text": text.text,
        "late_text": None,
        "notes": text.notes,
    }


def first_rows(session: Session, enrollments: Collection[int]) -> list[Message]:
    """The first texts of these enrollments, the oldest first."""
    found = select(Message).where(col(Message.enrollment_id).in_(enrollments), col(Message.kind) == FIRST)
    return list(session.scalars(found.order_by(col(Message.id))))
