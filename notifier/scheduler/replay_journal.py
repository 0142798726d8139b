"""What an earlier worker knew and the database did not take: saved at the start, before anybody looks it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Attempt, Message
from notifier.db.threads import DatabaseThreads
from notifier.sending.dispatch import SaveOutcomes
from notifier.sending.outcomes.journal import JournalEntry, left_behind
from notifier.sending.outcomes.results import Finished

_NOBODY: Final = (0, "")
"""The text and number of an attempt that is not there."""
log = structlog.get_logger()


async def save_left_behind(threads: DatabaseThreads, place: Path | None, record: SaveOutcomes, *, now: datetime) -> int:
    """Save what the journals of dead workers hold, and remove them; how many outcomes.

    An outcome that is saved already changes nothing; one of an attempt that this database does not know says that it
    went back in time: nothing leaves before the provider was asked. One that cannot be saved is left to its list too.
    """
    with left_behind(place) as kept:
        for one in kept:
            try:
                await threads.write(lambda session, one=one: _save(session, record, one, now))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            except (OperationalError, InterfaceError):
                raise  # the database is still away: the journal stays, and so does this start's failure
            except Exception:
                log.exception("journal_outcome_not_saved")
    if kept:
        log.warning("journal_saved", outcomes=len(kept))
    return len(kept)


def _save(session: Session, record: SaveOutcomes, one: JournalEntry, now: datetime) -> None:
    found = session.execute(
        select(col(Attempt.message_id), col(Message.phone))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(col(Attempt.id) == one.attempt_id)
    ).first()
    record(session, _finished(one, *(found or _NOBODY)), now)


def _finished(one: JournalEntry, message_id: int, phone: str) -> Sequence[Finished]:
    return [
        Finished(
            message_id, one.attempt_id, phone, one.result, one.at, sid=one.sid, why=one.why, code=one.code,
            detail=None if one.code else "The database did not take the answer at first.",
        )
    ]  # fmt: skip
