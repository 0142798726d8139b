"""Open sessions: in which browsers people are signed in, and since when."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.accounts import SignedIn, Source
from notifier.db.rows import insert_rows
from notifier.db.tables import SignInStep, Staff, StaffSession

IDLE: Final = timedelta(minutes=15)
"""A session that nothing was asked of for so long is locked."""
LONGEST: Final = timedelta(hours=12)
"""A session ends after a working day, however busy it was."""
STEP: Final = timedelta(minutes=10)
"""How long a sign-in may wait for its next step."""
_SEEN_AGAIN: Final = timedelta(minutes=1)
"""How old `seen_at` may grow before it is written again: not every page view is a write."""


def token_hash(token: str) -> str:
    """The SHA-256 of a token, in hex: the database stores only this, so a backup gives no access."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    session: Session,
    staff_id: int,
    source: Source,
    *,
    now: datetime,
    waits_for: SignInStep | None = None,
    second_factor_at: datetime | None = None,
) -> str:
    """Write down a browser that has just signed in, or that is one step further; its new token."""
    token = secrets.token_urlsafe(32)
    row: dict[str, Any] = {"token_hash": token_hash(token), "staff_id": staff_id, "created_at": now, "seen_at": now}
    row |= {"waits_for": waits_for, "second_factor_at": second_factor_at}
    row |= {"device": (source.device or "")[:80], "address": source.address and source.address[:45]}
    insert_rows(session, StaffSession, [row])
    return token


def who_has(session: Session, token_hash: str, *, now: datetime) -> tuple[SignedIn, bool] | None:
    """Whose open session this is, and whether it is time to write down that it was seen; None for any other."""
    found = _of(session, token_hash)
    who = _signed_in(*found, now) if found else None
    return (who, now - found[0].seen_at >= _SEEN_AGAIN) if found and who else None


def who_have(session: Session, token_hashes: Collection[str], *, now: datetime) -> dict[str, SignedIn]:
    """Whose open sessions these are; without any other."""
    found = select(StaffSession, Staff).join(Staff, col(Staff.id) == col(StaffSession.staff_id))
    rows = session.execute(found.where(col(StaffSession.token_hash).in_(sorted(token_hashes)))).all()
    of = {opened.token_hash: _signed_in(opened, staff, now) for opened, staff in rows}
    return {token: who for token, who in of.items() if who is not None}


def _signed_in(opened: StaffSession, staff: Staff, now: datetime) -> SignedIn | None:
    if opened.waits_for is not None or not _is_open(opened, staff, now) or now - opened.seen_at > IDLE:
        return None
    offices = None if staff.offices is None else tuple(staff.offices)
    languages = None if staff.languages is None else tuple(staff.languages)
    proved = opened.second_factor_at is not None
    return SignedIn(staff.id or 0, staff.name, staff.role, offices, languages, proved)


def waiting(session: Session, token_hash: str, step: SignInStep, *, now: datetime) -> tuple[StaffSession, Staff] | None:
    """The session that waits for this step of its sign-in, and whose it is; None for any other."""
    found = _of(session, token_hash)
    if found is None:
        return None
    opened, staff = found
    if opened.waits_for is not step or not _is_open(opened, staff, now) or now - opened.created_at > STEP:
        return None
    return opened, staff


def proved_at(session: Session, token_hash: str, staff_id: int, *, now: datetime) -> datetime | None:
    """When this person gave a code in this very session, which has not ended but may be locked.

    A locked session is opened again with the password alone: what is in the cookie proves the rest until it ends.
    """
    found = _of(session, token_hash)
    if found is None:
        return None
    opened, staff = found
    if staff.id != staff_id or not _is_open(opened, staff, now) or opened.waits_for is not None:
        return None
    at = opened.second_factor_at
    return at if at is not None and now - at <= LONGEST else None


def second_factor_of(session: Session, token_hash: str) -> datetime | None:
    """When a code was given in this session."""
    opened = session.get(StaffSession, token_hash)
    return opened.second_factor_at if opened else None


def _of(session: Session, token_hash: str) -> tuple[StaffSession, Staff] | None:
    found = session.execute(
        select(StaffSession, Staff)
        .join(Staff, col(Staff.id) == col(StaffSession.staff_id))
        .where(col(StaffSession.token_hash) == token_hash)
    ).first()
    return (found[0], found[1]) if found else None


def _is_open(opened: StaffSession, staff: Staff, now: datetime) -> bool:
    return opened.revoked_at is None and staff.active and now - opened.created_at <= LONGEST


def seen(session: Session, token_hash: str, source: Source, *, now: datetime) -> None:
    """Store that this session was used at `now`, and from where."""
    this = col(StaffSession.token_hash) == token_hash
    values = {"seen_at": now, "address": source.address and source.address[:45]}
    session.execute(update(StaffSession).where(this, col(StaffSession.revoked_at).is_(None)).values(**values))


def open_sessions(session: Session, staff_id: int, now: datetime) -> list[StaffSession]:
    """Browsers in which this person is signed in and not locked, the latest first."""
    found = select(StaffSession).where(
        col(StaffSession.staff_id) == staff_id,
        col(StaffSession.revoked_at).is_(None),
        col(StaffSession.waits_for).is_(None),
        col(StaffSession.seen_at) >= now - IDLE,
        col(StaffSession.created_at) >= now - LONGEST,
    )
    return list(session.scalars(found.order_by(col(StaffSession.created_at).desc())))


def last_seen(session: Session) -> dict[int, datetime]:
    """When each account was last at the page; by its id, without those that never were."""
    found = select(col(StaffSession.staff_id), func.max(col(StaffSession.seen_at)))
    found = found.where(col(StaffSession.waits_for).is_(None)).group_by(col(StaffSession.staff_id))
    return dict(session.execute(found).all())


def revoke(session: Session, token_hash: str, *, now: datetime) -> bool:
    """End one session; False where it had ended."""
    return _revoke(session, col(StaffSession.token_hash) == token_hash, now) > 0


def revoke_all(session: Session, staff_id: int, *, now: datetime) -> int:
    """End every session of one person; how many there were."""
    return _revoke(session, col(StaffSession.staff_id) == staff_id, now)


def revoke_others(session: Session, staff_id: int, mine: str, *, now: datetime) -> int:
    """End every session of one person but the one of this hash; how many there were."""
    return _revoke(session, (col(StaffSession.staff_id) == staff_id) & (col(StaffSession.token_hash) != mine), now)


def _revoke(session: Session, which: object, now: datetime) -> int:
    ended = session.execute(
        update(StaffSession)
        .where(which, col(StaffSession.revoked_at).is_(None))  # type: ignore[arg-type]  # a column's condition
        .values(revoked_at=now, new_otp_secret=None)
        .returning(col(StaffSession.token_hash))
    ).all()
    return len(ended)
