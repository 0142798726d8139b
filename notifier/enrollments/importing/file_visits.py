"""Which visits a mapped file names, and what an enrollment keeps of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.enrollments import by_external_ids
from notifier.domain.planning.plan import PlanningRules


@dataclass(slots=True)
class FileVisits:
    """Filled in while the file is read."""

    mapping: str
    is_complete: bool
    """Whether the file names every visit of its days."""
    said_at: datetime | None = None
    """When the file was written."""
    ids: set[str] = field(default_factory=set)
    """Of every row that names a visit, also one that is refused or gives no texts."""
    ends: dict[str, datetime] = field(default_factory=dict)
    """When a visit is planned to end."""
    unread: int = 0
    """Rows of which nobody can say which visit they name."""


def keep_visits(session: Session, external_ids: Sequence[str], visits: FileVisits, rules: PlanningRules) -> None:
    """Write down through which mapping these visits came last, how new its file is, and when they are to end."""
    for external_id, stored in by_external_ids(session, external_ids).items():
        if rules.is_yours(stored.office):
            stored.mapping, stored.planned_end = visits.mapping, visits.ends.get(external_id)
            stored.file_said_at = visits.said_at
