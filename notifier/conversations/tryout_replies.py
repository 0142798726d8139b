"""What comes back from a staff member's own phone: kept apart from what patients write. STOP holds all the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.conversations.reading.meanings import Meaning
from notifier.db.rows import insert_if_new
from notifier.db.tables import TryoutReply
from notifier.numbers.opt_outs import is_opted_out, opt_in, opt_out


def file_tryout_reply(
    session: Session, staff_id: int, *, sid: str, phone: str, at: datetime, meaning: Meaning, source: str
) -> Meaning | None:
    """Store that it came, and honor STOP and START; None where it was stored before. Nobody has to read it.

    `source`: how a STOP was said, for the opt-out.
    """
    row = {"sid": sid, "staff_id": staff_id, "at": at, "meaning": meaning.value}
    if not insert_if_new(session, TryoutReply, row):
        return None
    by = f"account {staff_id}"
    if meaning is Meaning.STOP:
        opt_out(session, phone, source=source, at=at, by=by)
    elif meaning is Meaning.START:
        stopped = is_opted_out(session, phone)
        if stopped is not None and stopped.at < at:  # replies may reach us out of order
            opt_in(session, phone, at=at, by=by)
    return meaning
