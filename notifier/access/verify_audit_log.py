"""Follow the chain of the audit log from its beginning, and say where something was changed, added or taken away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.audit_chain import BEGINNING, mac, part_of
from notifier.access.seal_audit_log import entries_between, lines_of
from notifier.db.tables import AuditSeal, StaffAudit
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
    wrong: list[str] = field(default_factory=list)
    """What was changed, added or taken away, and where, in sentences."""
    unproven: dict[str, int] = field(default_factory=dict)
    """Seals of keys that are not in the key file, by key: their chain is whole, and nobody can say who made them."""


def verify(session: Session, keys: KeySet) -> Verified:
    """Read everything; some 5,000 entries are in memory at once."""
    found = Verified()
    previous, last_entry = BEGINNING, 0
    for number in session.scalars(select(col(AuditSeal.number)).order_by(col(AuditSeal.number))).all():
        seal = session.get_one(AuditSeal, number)
        if number != found.seals + 1:
            found.wrong.append(f"seal {found.seals + 1} is missing, before that of {_when(seal)}")
            found.seals = number - 1
        elif why := _wrong(session, seal, previous, last_entry, keys, found):
            found.wrong.append(why)
        previous, last_entry = seal.digest, seal.last_entry
        found.seals, found.until = number, seal.at
        found.entries += seal.entries
        session.expunge(seal)
    after = select(func.count()).select_from(StaffAudit).where(col(StaffAudit.id) > last_entry)
    found.unsealed = session.scalar(after) or 0
    return found


def _wrong(
    session: Session, seal: AuditSeal, previous: str, last_entry: int, keys: KeySet, found: Verified
) -> str | None:
    where = f"entries {seal.first_entry} to {seal.last_entry}, sealed at {_when(seal)} (seal {seal.number})"
    if seal.first_entry != last_entry + 1:
        return f"{where}: they do not follow on entry {last_entry}"
    entries = entries_between(session, seal.first_entry, seal.last_entry)
    digest = part_of(seal, previous).digest(lines_of(session, entries))
    for one in entries:
        session.expunge(one)
    if len(entries) != seal.entries:
        missing = seal.entries - len(entries)
        what = f"{missing} taken away" if missing > 0 else f"{-missing} added"
        return f"{where}: {what} since"
    if digest != seal.digest:
        return f"{where}: one of them, or the seal, was changed since"
    key = keys.with_id(seal.key_id)
    if key is None:
        found.unproven[seal.key_id] = found.unproven.get(seal.key_id, 0) + 1
    elif mac(key, digest) != seal.mac:
        return f"{where}: the seal was not made with the key of this Notifier"
    return None


def _when(seal: AuditSeal) -> str:
    return f"{seal.at:%Y-%m-%d %H:%M} UTC"
