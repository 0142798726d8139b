"""What a service does with its database before anything else: bring it up to date, and say so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Engine

from notifier.db.engine import reading
from notifier.db.schema import prepare
from notifier.db.tables import RecoveryKind
from notifier.scheduler.watchdog import notify_systemd
from notifier.sending.gates.recoveries import open_recoveries

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


def say_restored(engine: Engine) -> None:
    """Say in the log that these tables are a backup which waits for a person; `notifier restore` has no log."""
    with reading(engine) as session:
        restored = open_recoveries(session).get(RecoveryKind.RESTORED)
        if restored is not None:
            log.info("restored", as_of=restored.up_to.isoformat(), restored_at=restored.at.isoformat())
