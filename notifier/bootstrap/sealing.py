"""The audit log and the events are sealed, and the log copied, once a minute: by the worker, or by the page where no
worker is beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.orm import Session

from notifier.access.seal_audit_log import extent, is_unsealed, seal_entries
from notifier.config.settings import Settings
from notifier.db.errors import DatabaseBusy
from notifier.db.tables import AuditSeal
from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.domain.key_set import KeySet
from notifier.maintenance.audit_copy import copy_to_file, lines_for

log = structlog.get_logger()
Seal = Callable[[DatabaseThreads, Timekeeper], Awaitable[None]]
SEAL_EVERY: Final = 60.0
"""Seconds: for so long what was added can be changed unseen."""
_MOST_SEALS: Final = 20
"""In one round. After an upgrade there may be a million events from before: texts leave between."""


def sealing(settings: Settings, keys: KeySet) -> Seal:
    """One round of it, on these threads, by this clock."""
    return partial(_round, keys, settings.audit_copy)


async def _round(keys: KeySet, copy: str | None, threads: DatabaseThreads, clock: Timekeeper) -> None:
    if await threads.read(is_unsealed):
        try:
            up_to = await threads.write(extent)
            for _ in range(_MOST_SEALS):
                seal = await threads.write(lambda session: seal_entries(session, keys, clock.now(), up_to))
                if seal is None:
                    break
                if copy == "log":
                    await threads.read(partial(_log, seal))
        except DatabaseBusy:  # somebody's entries are about to be committed: the next round seals them
            return
    if copy not in (None, "log"):
        await threads.read(lambda session: copy_to_file(session, Path(copy)))


def _log(seal: AuditSeal, session: Session) -> None:
    for line in lines_for(session, seal):
        log.info("audit", line=line.rstrip())
