"""Whether the database still has everything that its copy on another machine has, and what a restore explains."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import AuditSeal, StaffAudit
from notifier.maintenance.audit_copy import seals_in

RESTORED: Final = "a backup was restored"
"""How the entry begins that explains why later seals of the copy are not in the database."""


@dataclass(slots=True)
class Compared:
    """What the copy has that the database has not."""

    seals: int = 0
    """Of the copy that are in the database."""
    restored: list[str] = field(default_factory=list)
    """What is gone because a backup was put in place, in sentences: to be told, and no proof of anything bad."""
    wrong: list[str] = field(default_factory=list)
    """What is gone without such an entry."""


def compare(session: Session, file: Path) -> Compared:
    """Read the copy through. Raises OSError for one that cannot be read."""
    found, branch = Compared(), dict[int, str]()
    for number, digest, entries in seals_in(file):
        if branch.get(number) == digest:  # copied twice
            continue
        if gone := [one for one in branch if one >= number]:
            _add_gap(found, min(gone), max(gone), _restore_in(entries))
            for one in gone:
                del branch[one]
        branch[number] = digest
    stored = dict(session.execute(select(col(AuditSeal.number), col(AuditSeal.digest))).all())
    missing = [number for number, digest in branch.items() if stored.get(number) != digest]
    if missing:
        _add_gap(found, min(missing), max(missing), _restore_after(session, min(missing)))
    found.seals = len(branch) - len(missing)
    return found


def _add_gap(found: Compared, first: int, last: int, restore: str | None) -> None:
    what = f"seals {first} to {last} of the copy are not in the database"
    if restore:
        found.restored.append(f"{what}: {restore}")
    else:
        found.wrong.append(
            f"{what}, and no entry says that a backup was restored; if one was put in place by hand, say so: "
            "notifier restore --since INSTANT"
        )


def _restore_in(entries: list[list[Any]]) -> str | None:
    for number, at, by, what, about, *_ in entries:
        if what == "did" and str(about).startswith(RESTORED):
            return f"{about}, says entry {number} of {at} by {by}"
    return None


def _restore_after(session: Session, seal: int) -> str | None:
    """In what the database has in place of that seal, sealed or not yet."""
    before = session.get(AuditSeal, seal - 1)
    here = session.get(AuditSeal, seal)
    later = select(StaffAudit).where(col(StaffAudit.id) > (before.last_entry if before else 0))
    if here is not None:
        later = later.where(col(StaffAudit.id) <= here.last_entry)
    later = later.where(col(StaffAudit.what) == "did", col(StaffAudit.about).startswith(RESTORED))
    entry = session.scalar(later.order_by(col(StaffAudit.id)).limit(1))
    return f"{entry.about}, says entry {entry.id} of {entry.at:%Y-%m-%d %H:%M} UTC by {entry.by}" if entry else None
