"""Write down that somebody saw patients, before what they see is handed over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from notifier.access.accounts import Source, audit
from notifier.access.looks import Looks
from notifier.db.engine import writing


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, from where, at which page, and whom it shows."""

    by: str
    source: Source
    about: str
    """Which page; it names no patient."""
    patients: Collection[int]
    """Their enrollments."""


def record_look(engine: Engine, looks: Looks, look: Look, *, now: datetime) -> None:
    """One entry for all who are new on the page; none where nobody is. Raises DatabaseFailure: then show nothing."""
    where = (look.by, look.source, look.about)
    if new := looks.new(where, look.patients, now):
        with writing(engine) as session:
            whose = new[0] if len(new) == 1 else None
            shown = () if whose is not None else new
            audit(
                session, at=now, by=look.by, what="saw", about=look.about, enrollment_id=whose, source=look.source,
                shown=shown)  # fmt: skip
    looks.keep(where, look.patients, now)
