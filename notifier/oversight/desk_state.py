"""What an open page asks every few seconds: whether anything that needs a person has come, gone or changed hands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Alert, Reply, SeenTo, TaskClaim, TaskSnooze
from notifier.domain.tasks import TaskKind
from notifier.tasks.sources import is_open_reply, sources


@dataclass(frozen=True, slots=True)
class DeskState:
    """Counts and a token; no name, no number and no words."""

    token: str
    """Another one as soon as the lists of a page may look different."""
    open: int
    """Pieces of work that are open and not put off."""
    urgent: int
    """What patients wrote with urgent words, and nobody has closed."""
    latest_urgent: int
    """Grows when more urgent words come."""


def desk_state(session: Session, now: datetime) -> DeskState:
    """What is open now, on the same conditions as the lists; each part is counted in its own index."""
    urgent = select(func.count(), func.max(col(Reply.id))).where(is_open_reply(), col(Reply.urgent).is_(True))
    hidden = select(func.count(), func.max(col(TaskSnooze.at))).where(col(TaskSnooze.until) > now)
    signs: list[Any] = [urgent, hidden]
    for found in sources(now).values():
        number = getattr(found.selected_columns[0], "element", found.selected_columns[0])
        signs.append(found.with_only_columns(func.count(), func.sum(number)))
    signs += [
        select(func.count(), func.max(col(SeenTo.at))),
        select(func.count(), func.max(col(TaskClaim.at))),
        select(func.count(), func.max(col(Alert.id))).where(col(Alert.cleared_at).is_(None)),
    ]
    said = [tuple(session.execute(one).one()) for one in signs]
    token = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    (urgent_ones, latest), (put_off, _), *counted = said
    pieces = sum(many for many, _ in counted[: len(TaskKind)])
    return DeskState(token, pieces - put_off, urgent_ones, latest or 0)
