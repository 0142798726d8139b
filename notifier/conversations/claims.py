"""Who is on a message: taken by one person until the shift ends, given back, or taken over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, or_
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.inbox import the_reply
from notifier.db.rows import insert_if_new
from notifier.db.tables import ReplyClaim
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.staffed_hours import StaffedHours

SHIFT: Final = timedelta(hours=12)
"""How long a shift is taken to last where nobody has said when the clinic is staffed."""


def shift_ends(now: datetime, staffed: StaffedHours | None, zone: ZoneInfo) -> datetime:
    """When whoever takes a message now no longer has it: as the shift ends, or as the next one begins at night."""
    return (staffed and staffed.next_change(now, zone)) or now + SHIFT


def is_current(now: datetime) -> ColumnElement[bool]:
    """A claim whose shift has not ended; the same rule as `current_claim`, for lists."""
    return or_(col(ReplyClaim.ends_at).is_(None), col(ReplyClaim.ends_at) > now)


def current_claim(session: Session, reply_id: int, *, now: datetime) -> ReplyClaim | None:
    """Who is on it; None for nobody, also where the shift of whoever took it has ended."""
    found = session.get(ReplyClaim, reply_id)
    return None if found is None or (found.ends_at is not None and found.ends_at <= now) else found


def claim_reply(
    session: Session,
    reply_id: int,
    *,
    now: datetime,
    by: str,
    ends_at: datetime | None = None,
    take_over: bool = False,
) -> str:
    """Say that one is on it; who it is, where a colleague was faster. `take_over`: from the colleague, explicitly."""
    the_reply(session, reply_id)
    claim = current_claim(session, reply_id, now=now)
    if claim is None or take_over:
        session.execute(delete(ReplyClaim).where(col(ReplyClaim.reply_id) == reply_id))
        session.expire_all()
    insert_if_new(session, ReplyClaim, {"reply_id": reply_id, "at": now, "by": by, "ends_at": ends_at})
    taken = session.get(ReplyClaim, reply_id)
    return taken.by if taken else by


def give_back_reply(session: Session, reply_id: int) -> None:
    """Let somebody else see to it."""
    the_reply(session, reply_id)
    session.execute(delete(ReplyClaim).where(col(ReplyClaim.reply_id) == reply_id))


def refuse_taken(session: Session, reply_id: int, *, now: datetime, by: str, take_over: bool) -> None:
    """Raise Refused where a colleague is on it and nobody has said that it is taken over; else it is one's own."""
    claim = current_claim(session, reply_id, now=now)
    if claim is None or claim.by == by:
        return
    if not take_over:
        who = claim.by.rpartition(":")[2]
        raise Refused(f"{who} has taken this message; take it over first", code=RefusalCode.TAKEN_BY_COLLEAGUE)
    claim_reply(session, reply_id, now=now, by=by, ends_at=claim.ends_at, take_over=True)
