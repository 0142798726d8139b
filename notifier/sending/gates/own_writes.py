"""Did the database go back in time? What this worker has committed to it must still be there.

A virtual machine's snapshot, a copied file or a failover that lost a commit brings back tables that know nothing of
texts that have left since. They look whole; only who has written to them can tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.columns import read_instant
from notifier.db.prepared import PreparedStatement
from notifier.db.tables import Attempt, WorkerRow
from notifier.sending.gates.heartbeats import arrive, still_here
from notifier.sending.gates.recoveries import BY_WORKER, begin_after_restore

_AT_LEAST: Final = timedelta(days=1)
"""How far back the provider is asked from what is missing: nobody knows to which moment the tables went back."""
_SEEN_AT: Final = select(col(WorkerRow.seen_at)).where(col(WorkerRow.id) == bindparam("worker"))
_ATTEMPT: Final = select(func.count()).where(col(Attempt.id) == bindparam("attempt"))
_BOTH: Final = PreparedStatement(select(_ATTEMPT.scalar_subquery(), _SEEN_AT.scalar_subquery()))
log = structlog.get_logger()


def went_back(session: Session, *, missing_since: datetime, now: datetime, why: str) -> None:
    """These tables lack what happened at `missing_since`: from now on nothing leaves before Twilio was asked.

    It is asked since the last call that they know: whatever they lack came after it.
    """
    up_to = min(min(missing_since, now) - _AT_LEAST, last_call(session) or now)
    if begin_after_restore(session, up_to=up_to, now=now, by=BY_WORKER):
        log.error("database_went_back", alert=True, why=why, see="notifier recover --plan")


def last_call(session: Session) -> datetime | None:
    """When the last call that is written down began; None where there was none."""
    return session.scalar(select(func.max(col(Attempt.started_at))))


class OwnWrites:
    """What one worker knows to be committed: its last attempt, and when it last said that it is alive."""

    def __init__(self, worker_id: str) -> None:
        self._worker_id = worker_id
        self._said: list[datetime] = []
        self._attempt: tuple[str, datetime] | None = None

    def claimed(self, attempt_id: str, began: datetime) -> None:
        """This attempt is committed, and none that is newer."""
        self._attempt = (attempt_id, began)

    def look(self, session: Session, now: datetime) -> None:
        """Whether what it has written is still there, at each claim; where it is not, nothing leaves from now on."""
        if self._attempt is None and not self._said:
            return
        attempt, began = self._attempt or (None, now)
        said = [*self._said]  # before it is read: the next heartbeat may be committed meanwhile
        has_attempt, seen = _BOTH.run(session, {"attempt": attempt, "worker": self._worker_id}).one()
        seen_at = read_instant(seen)
        if attempt is not None and not has_attempt:
            self._attempt = None
            went_back(session, missing_since=began, now=now, why="a call of this worker is not in the database")
        elif said and seen_at not in (*said, *self._said):
            self._said = []
            went_back(session, missing_since=min(said), now=now, why="what this worker wrote is gone")

    def alive(self, session: Session, now: datetime, *, host: str, pid: int) -> int:
        """Say so; how many workers are, itself included. Each time it looks whether what it said last is there."""
        found = session.scalar(_SEEN_AT, {"worker": self._worker_id})
        if self._said and found not in self._said:
            went_back(session, missing_since=min(self._said), now=now, why="what this worker wrote is gone")
        if found is None:
            arrive(session, self._worker_id, host=host, pid=pid, now=now)
            session.flush()
        alive = still_here(session, self._worker_id, now=now)
        said = session.scalar(_SEEN_AT, {"worker": self._worker_id})
        if said is not None:
            self._said.append(said)  # it may be committed although the database breaks off before it says so
        return alive

    def committed(self) -> None:
        """What `alive` said last is in the database: nothing else may stand there any more. The last is not the latest
        where the clock was set back since."""
        self._said = self._said[-1:]
