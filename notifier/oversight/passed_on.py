"""Messages that wait for somebody who reads their language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from notifier.access.accounts import readers_of
from notifier.conversations.pass_on import passes_of
from notifier.db.tables import Reply


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A message that somebody could not read."""

    by: str
    """Who could not."""
    language: str
    readers: tuple[str, ...]
    """The names of those who can."""


def passed_on(session: Session, replies: Sequence[Reply]) -> dict[int, PassedOn]:
    """By reply, for those of them that were passed on."""
    offices = {reply.id or 0: reply.office for reply in replies}
    return {
        reply: PassedOn(
            one.by, one.language, tuple(who.name for who in readers_of(session, one.language, offices[reply]))
        )
        for reply, one in passes_of(session, offices).items()
    }
