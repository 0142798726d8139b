"""What a service does with its database before anything else: bring it up to date, and say so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Engine

from notifier.db.schema import prepare
from notifier.scheduler.watchdog import notify_systemd

_LONGEST: Final = "EXTEND_TIMEOUT_USEC=3600000000"
"""An hour: systemd would kill a start that takes longer than its unit says, and the next start would begin again."""
log = structlog.get_logger()


def prepare_database(engine: Engine, now: datetime, notify_socket: str | None) -> None:
    """Upgrade an older SQLite database and leave a copy of it, make a missing one, check PostgreSQL's.

    `notify_socket`: where systemd listens. Raises what `notifier.db.schema.prepare` does.
    """
    notify_systemd(_LONGEST, notify_socket)
    done = prepare(engine, now)
    if done.created:
        log.warning("new_database", file=str(done.created))
    if done.copy:
        log.warning("database_upgraded", copy_of_the_one_before=str(done.copy))
