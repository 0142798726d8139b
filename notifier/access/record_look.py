"""Write down that somebody saw patients, before what they see is handed over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from notifier.access.accounts import Source, audit
from notifier.access.looks import Looks
from notifier.db.engine import writing

_NOBODY: Final = 0
"""Stands for an empty page; no enrollment has this number."""


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
    """One entry for all who are new on the page, or for a page that shows nobody, if that is new; else none.

    Raises DatabaseFailure: then show nothing.
    """
    where = (look.by, look.source, look.about)
    patients = look.patients or (_NOBODY,)
    if new := looks.new(where, patients, now):
        with writing(engine) as session:
            shown = [one for one in new if one != _NOBODY]
            audit(
                session, at=now, by=look.by, what="saw", about=look.about, source=look.source,
                enrollment_id=shown[0] if len(shown) == 1 else None, shown=shown if len(shown) > 1 else (),
            )  # fmt: skip
    looks.keep(where, patients, now)
