"""Whether a worker lives, as the doctor sees it: by what it said last, and on this machine by its process."""

from __future__ import annotations

import os
import socket
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from notifier.db.engine import database_time
from notifier.db.outbox import next_due
from notifier.db.tables import WorkerRow
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.oversight.health import spoken_span
from notifier.sending.gates.heartbeats import living


def look_at_worker(session: Session, now: datetime) -> tuple[bool, Diagnosis]:
    """Whether a worker lives, and the diagnosis that says so.

    A killed worker cannot say that it ends. The table calls it alive for half a minute more; its process does not.
    """
    at = database_time(session, now)
    alive, gone = [], []
    for worker in living(session, now):
        heard = f"last heard {spoken_span(max(at, worker.seen_at) - worker.seen_at)} ago"
        who = f"{worker.host} pid {worker.pid}"
        if _has_ended(worker):
            gone.append(f"{who} died, {heard}")
        else:
            alive.append(f"{who} since {worker.started_at:%Y-%m-%d %H:%M} UTC, {heard}")
    due = next_due(session)
    next_one = f"; the next text is due {due:%Y-%m-%d %H:%M} UTC" if due else "; no text is planned"
    if alive:
        return True, Diagnosis("worker", Level.OK, f"{'; '.join([*alive, *gone])}{next_one}")
    late = due is not None and due < now
    advice = "start it: systemctl start notifier, or notifier run"
    found = f"{'; '.join(['none is running', *gone])}{next_one}"
    level = Level.FAIL if late or gone or _died(session) else Level.WARN
    return False, Diagnosis("worker", level, found, advice)


def _died(session: Session) -> bool:
    """Whether the last worker that there was never said that it ends."""
    last = select(WorkerRow).order_by(col(WorkerRow.seen_at).desc()).limit(1)
    found = session.scalar(last)
    return found is not None and found.stopped_at is None


def _has_ended(worker: WorkerRow) -> bool:
    """Whether it ran on this machine and its process is gone. Nothing is known of a worker elsewhere.

    Its lock file is not asked: a lock is held while it is tried, and a worker that starts in that instant would fail.
    """
    if worker.host != socket.gethostname()[:120]:
        return False
    try:
        os.kill(worker.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, as another user
    return False
