"""A patient who was asked how the skin is, and has written nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from notifier.db.engine import writing
from notifier.db.rows import insert_rows
from notifier.db.tables import Message

_DAY = timedelta(days=1)


def asked_in_vain(engine: Engine, enrollment: int, *, phone: str, now: datetime) -> None:
    """The question left five days before `now`, and has been of no more use for a day."""
    times = dict.fromkeys(("nominal_at", "not_before", "due_at", "left_at"), now - 5 * _DAY)
    row: dict[str, Any] = {"enrollment_id": enrollment, "step": "check-in", "kind": "ask", "state": "delivered"}
    with writing(engine) as session:
        insert_rows(session, Message, [{**row, **times, "expires_at": now - _DAY, "phone": phone, "text": "x"}])
