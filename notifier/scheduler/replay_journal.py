"""What an earlier worker knew and the database did not take: saved at the start, before anybody looks it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Attempt, Message
from notifier.db.threads import DatabaseThreads
from notifier.sending.dispatch import Record
from notifier.sending.outcomes.journal import JournalEntry, left_behind
from notifier.sending.outcomes.results import Finished

log = structlog.get_logger()


async def save_left_behind(threads: DatabaseThreads, place: Path | None, record: Record, *, now: datetime) -> int:
    """Save what the journals of dead workers hold, and remove them; how many outcomes.

    An outcome that is saved already changes nothing; one of an attempt that this database does not know (it was put
    back from a backup) is left to the look at the provider's list, as is one that cannot be saved.
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


def _save(session: Session, record: Record, one: JournalEntry, now: datetime) -> None:
    found = session.execute(
        select(col(Attempt.message_id), col(Message.phone))
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(col(Attempt.id) == one.attempt_id)
    ).first()
    if found is not None:
        record(session, _finished(one, *found), now)


def _finished(one: JournalEntry, message_id: int, phone: str) -> Sequence[Finished]:
    return [
        Finished(
            message_id, one.attempt_id, phone, one.result, one.at, sid=one.sid, why=one.why, code=one.code,
            detail=None if one.code else "The database did not take the answer at first.",
        )
    ]  # fmt: skip
