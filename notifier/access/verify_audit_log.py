"""Follow the chain from its beginning, and say where an entry of the audit log or an event was changed, added or taken
away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.audit_chain import BEGINNING, digest_of, mac, part_of
from notifier.access.event_tree import root
from notifier.access.seal_audit_log import MOST_EVENTS, entries_between, lines_of
from notifier.access.sealed_events import events_between
from notifier.db.tables import AuditSeal, Event, StaffAudit
from notifier.domain.key_set import KeySet


@dataclass(slots=True)
class Verified:
    """What was found in the chain."""

    seals: int = 0
    entries: int = 0
    until: datetime | None = None
    """When the last seal was made."""
    unsealed: int = 0
    """Entries since then."""
    events: int = 0
    unsealed_events: int = 0
    """Events since then."""
    wrong: list[str] = field(default_factory=list)
    """What was changed, added or taken away, and where, in sentences."""
    unproven: dict[str, int] = field(default_factory=dict)
    """Seals of keys that are not in the key file, by key: their chain is whole, and nobody can say who made them."""


def verify(session: Session, keys: KeySet) -> Verified:
    """Read everything; some 5,000 entries are in memory at once, and a number for each patient."""
    found, earlier = Verified(), dict[int | None, int]()
    before = _Before()
    for number in session.scalars(select(col(AuditSeal.number)).order_by(col(AuditSeal.number))).all():
        seal = session.get_one(AuditSeal, number)
        if number != found.seals + 1:
            found.wrong.append(f"seal {found.seals + 1} is missing, before that of {_when(seal)}")
            found.seals = number - 1
        elif why := _wrong(session, seal, before, earlier, keys, found):
            found.wrong.append(why)
        before = _Before(seal.digest, seal.last_entry, seal.last_event or 0)
        found.seals, found.until = number, seal.at
        found.entries += seal.entries
        found.events += seal.events or 0
        session.expunge(seal)
    after = select(func.count()).select_from(StaffAudit).where(col(StaffAudit.id) > before.entry)
    found.unsealed = session.scalar(after) or 0
    after = select(func.count()).select_from(Event).where(col(Event.id) > before.event)
    found.unsealed_events = session.scalar(after) or 0
    return found


@dataclass(frozen=True, slots=True)
class _Before:
    """Where the seal before ended."""

    digest: str = BEGINNING
    entry: int = 0
    event: int = 0


def _wrong(
    session: Session, seal: AuditSeal, before: _Before, earlier: dict[int | None, int], keys: KeySet, found: Verified
) -> str | None:
    sealed = f"sealed at {_when(seal)} (seal {seal.number})"
    where = f"entries {seal.first_entry} to {seal.last_entry}, {sealed}"
    if seal.first_entry != before.entry + 1:
        return f"{where}: they do not follow on entry {before.entry}"
    entries = entries_between(session, seal.first_entry, seal.last_entry)
    lines = list(lines_of(session, entries))
    for one in entries:
        session.expunge(one)
    if why := _amiss(len(entries), seal.entries):
        return f"{where}: {why}"
    of_events = f"events {seal.first_event} to {seal.last_event}, {sealed}"
    first, last = seal.first_event or 0, seal.last_event or 0
    if seal.events is not None and first != before.event + 1:
        return f"{of_events}: they do not follow on event {before.event}"
    events = events_between(session, first, last, earlier, most=MOST_EVENTS + 1) if seal.events else []
    if seal.events is not None and (why := _amiss(len(events), seal.events)):
        return f"{of_events}: {why}"
    events_root = root([one.leaf() for one in events])
    digest = part_of(seal).digest(before.digest, lines, events_root)
    if seal.entries_digest == digest_of(lines) and seal.events_root != events_root:
        return f"{of_events}: one of them, or the seal, was changed since"
    if digest != seal.digest:
        return f"{where}: one of them, or the seal, was changed since"
    key = keys.with_id(seal.key_id)
    if key is None:
        found.unproven[seal.key_id] = found.unproven.get(seal.key_id, 0) + 1
    elif mac(key, digest) != seal.mac:
        return f"{where}: the seal was not made with the key of this Notifier"
    return None


def _amiss(there: int, sealed: int) -> str | None:
    if there == sealed:
        return None
    return f"{sealed - there} taken away since" if there < sealed else f"{there - sealed} added since"


def _when(seal: AuditSeal) -> str:
    return f"{seal.at:%Y-%m-%d %H:%M} UTC"
