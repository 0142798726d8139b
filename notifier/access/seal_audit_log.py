"""Seal what was added to the audit log and to the events since the last seal: once a minute, by whoever is first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.audit_chain import BEGINNING, SealedPart, digest_of, entry_line, linked, mac
from notifier.access.event_tree import root
from notifier.access.sealed_events import add_salts, events_between
from notifier.db.rows import insert_rows
from notifier.db.tables import AuditSeal, AuditShown, Event, StaffAudit
from notifier.domain.key_set import KeySet, key_id

MOST: Final = 5000
"""Entries under one seal: what is read at once, also to verify it."""
MOST_EVENTS: Final = 1000
"""Events under one seal: texts wait for a few hundredths of a second while SQLite seals so many."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The last entry and the last event of a moment: nothing with a lower number comes any more."""

    entry: int
    event: int


def is_unsealed(session: Session) -> bool:
    """Whether there is anything to seal; nobody has to wait for the question."""
    last = last_seal(session)
    entry, event = (last.last_entry, last.last_event or 0) if last else (0, 0)
    there = or_(exists().where(col(StaffAudit.id) > entry), exists().where(col(Event.id) > event))
    return bool(session.scalar(select(there)))


def extent(session: Session) -> Extent:
    """Up to where it can be sealed now. End the transaction soon: on PostgreSQL whoever writes waits for it.

    What a transaction that is still open has added would get a lower number than what is sealed: on PostgreSQL it
    waits a moment for that, and raises DatabaseBusy where it takes longer.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL lock_timeout = '200ms'"))
        session.execute(text("LOCK TABLE staff_audit, events IN SHARE MODE"))
    latest = select(select(func.max(col(StaffAudit.id))).scalar_subquery(), func.max(col(Event.id)))
    entry, event = session.execute(latest).one()
    return Extent(entry or 0, event or 0)


def seal_entries(session: Session, keys: KeySet, now: datetime, up_to: Extent | None = None) -> AuditSeal | None:
    """One more seal over at most MOST entries and MOST_EVENTS events; None where nothing is new.

    `up_to`: asked for in an earlier transaction, so that nobody waits while it seals. None: asked for here. Raises
    DatabaseBusy where another process seals.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL lock_timeout = '500ms'"))
        session.execute(text("LOCK TABLE audit_seals IN EXCLUSIVE MODE"))
    up_to = up_to or extent(session)
    last = last_seal(session)
    first_entry, first_event = (last.last_entry + 1, (last.last_event or 0) + 1) if last else (1, 1)
    entries = entries_between(session, first_entry, up_to.entry)[:MOST]
    add_salts(session, col(Event.id).between(first_event, _last_of_batch(session, first_event, up_to.event)))
    events = events_between(session, first_event, up_to.event, most=MOST_EVENTS)
    if not entries and not events:
        return None
    part = SealedPart(
        number=last.number + 1 if last else 1,
        at=now,
        first_entry=first_entry,
        last_entry=(entries[-1].id if entries else None) or first_entry - 1,
        entries=len(entries),
        key_id=key_id(keys.current),
        first_event=first_event,
        last_event=events[-1].id if events else first_event - 1,
        events=len(events),
    )
    entries_digest, events_root = digest_of(lines_of(session, entries)), root([one.leaf() for one in events])
    digest = linked(last.digest if last else BEGINNING, part.values(entries_digest, events_root))
    seal = AuditSeal(
        number=part.number, at=now, first_entry=first_entry, last_entry=part.last_entry, entries=part.entries,
        first_event=first_event, last_event=part.last_event, events=part.events, entries_digest=entries_digest,
        events_root=events_root, digest=digest, key_id=part.key_id, mac=mac(keys.current, digest),
    )  # fmt: skip
    insert_rows(session, AuditSeal, [seal.model_dump()])
    return seal


def last_seal(session: Session) -> AuditSeal | None:
    """The end of the chain."""
    return session.scalar(select(AuditSeal).order_by(col(AuditSeal.number).desc()).limit(1))


def sealed_with(session: Session) -> str | None:
    """Which key sealed last; None where nothing is sealed, or this database is of an older Notifier."""
    return session.scalar(select(col(AuditSeal.key_id)).order_by(col(AuditSeal.number).desc()).limit(1))


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


def _last_of_batch(session: Session, first: int, last: int) -> int:
    """Numbers may be missing where a change was taken back."""
    batch = select(col(Event.id)).where(col(Event.id).between(first, last)).order_by(col(Event.id)).limit(MOST_EVENTS)
    return session.scalar(select(func.max(batch.subquery().c.id))) or 0
