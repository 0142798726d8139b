"""Seal what was added to the audit log since the last seal: once a minute, by whichever process is first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.audit_chain import BEGINNING, SealedPart, entry_line, mac
from notifier.db.rows import insert_rows
from notifier.db.tables import AuditSeal, AuditShown, StaffAudit
from notifier.domain.key_set import KeySet, key_id

MOST: Final = 5000
"""Entries under one seal: what is read at once, also to verify it."""


def is_unsealed(session: Session) -> bool:
    """Whether there is anything to seal; nobody has to wait for the question."""
    return bool(session.scalar(select(exists().where(col(StaffAudit.id) > _sealed_up_to(session)))))


def seal_entries(session: Session, keys: KeySet, now: datetime) -> AuditSeal | None:
    """One more seal over at most MOST entries; None where nothing is new.

    Entries of a transaction that is still open would get a lower number than what is sealed: on PostgreSQL it waits a
    moment for them, and raises DatabaseBusy where they take longer.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL lock_timeout = '500ms'"))
        session.execute(text("LOCK TABLE audit_seals IN EXCLUSIVE MODE"))
        session.execute(text("LOCK TABLE staff_audit IN SHARE MODE"))
    last = last_seal(session)
    first = last.last_entry + 1 if last else 1
    entries = _entries(session, first, MOST)
    if not entries:
        return None
    part = SealedPart(
        number=last.number + 1 if last else 1,
        previous=last.digest if last else BEGINNING,
        at=now,
        first_entry=first,
        last_entry=entries[-1].id or 0,
        entries=len(entries),
        key_id=key_id(keys.current),
    )
    digest = part.digest(lines_of(session, entries))
    seal = AuditSeal(
        number=part.number, at=now, first_entry=first, last_entry=part.last_entry, entries=part.entries, digest=digest,
        key_id=part.key_id, mac=mac(keys.current, digest),
    )  # fmt: skip
    insert_rows(session, AuditSeal, [seal.model_dump()])
    return seal


def last_seal(session: Session) -> AuditSeal | None:
    """The end of the chain."""
    return session.scalar(select(AuditSeal).order_by(col(AuditSeal.number).desc()).limit(1))


def sealed_with(session: Session) -> str | None:
    """Which key sealed last; None where nothing is sealed."""
    last = last_seal(session)
    return last.key_id if last else None


def entries_between(session: Session, first: int, last: int) -> list[StaffAudit]:
    """The entries with these numbers, in order; at most one more than a seal can have."""
    within = col(StaffAudit.id).between(first, last)
    return list(session.scalars(select(StaffAudit).where(within).order_by(col(StaffAudit.id)).limit(MOST + 1)))


def lines_of(session: Session, entries: list[StaffAudit]) -> Iterator[str]:
    """Each entry as the chain reads it, with whom a list showed."""
    if not entries:
        return
    shown: dict[int, list[int]] = {}
    within = col(AuditShown.entry_id).between(entries[0].id, entries[-1].id)
    found = select(col(AuditShown.enrollment_id), col(AuditShown.entry_id)).where(within)
    for enrollment, entry in session.execute(found):
        shown.setdefault(entry, []).append(enrollment)
    for one in entries:
        yield entry_line(one, shown.get(one.id or 0, ()))


def _entries(session: Session, first: int, most: int) -> list[StaffAudit]:
    found = select(StaffAudit).where(col(StaffAudit.id) >= first).order_by(col(StaffAudit.id)).limit(most)
    return list(session.scalars(found))


def _sealed_up_to(session: Session) -> int:
    return session.scalar(select(func.max(col(AuditSeal.last_entry)))) or 0
