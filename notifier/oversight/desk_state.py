"""What an open page asks every few seconds: whether anything that needs a person has come, gone or changed hands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Alert, Message, NumberHold, Reply, SeenTo, TaskClaim, TaskSnooze
from notifier.tasks.sources import needs_person, since_of_text


@dataclass(frozen=True, slots=True)
class DeskState:
    """Counts and a token; no name, no number and no words."""

    token: str
    """Another one as soon as the lists of a page may look different."""
    unread: int
    """What patients wrote and nobody has closed."""
    urgent: int
    """Of these, urgent words."""
    latest_urgent: int
    """Grows when more urgent words come."""


def desk_state(session: Session) -> DeskState:
    """What is open now, on the same conditions as the lists; each part is counted in its own index."""
    unread = col(Reply.closed_at).is_(None)
    urgent = cast(col(Reply.urgent), Integer)
    said = select(func.count(), func.sum(col(Reply.id)), func.sum(urgent), func.max(urgent * col(Reply.id))).where(
        unread
    )
    replies = session.execute(said).one()
    signs: tuple[Any, ...] = (
        select(func.count(), func.sum(col(Message.id)), func.max(since_of_text())).where(needs_person()),
        select(func.count(), func.max(col(SeenTo.at))),
        select(func.count(), func.max(col(TaskClaim.at))),
        select(func.count(), func.max(col(TaskSnooze.at))),
        select(func.count(), func.max(col(NumberHold.id))).where(col(NumberHold.released_at).is_(None)),
        select(func.count(), func.max(col(Alert.id))).where(col(Alert.cleared_at).is_(None)),
    )
    found = [tuple(replies), *(tuple(session.execute(one).one()) for one in signs)]
    token = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    return DeskState(token, replies[0], replies[2] or 0, replies[3] or 0)
