"""Health: is the process there, and do texts leave? For probes and alarms; no patient data in any response."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeVar

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from notifier.db.engine import file_of
from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.oversight.alerts.vital_signs import read_vital_signs
from notifier.oversight.health import Trouble, VitalSigns, troubles
from notifier.web.deadline import DatabaseSlow, within

_T = TypeVar("_T")
HEALTH_SECONDS: Final = 2.0
"""For the database to say how it is."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What health and metrics look at."""

    threads: DatabaseThreads
    clock: Timekeeper
    by_webhook: bool
    worker_age: Callable[[], float] | None = None
    disk: Path | None = None
    backups: Path | None = None
    """Where the worker writes them."""
    seconds: float = HEALTH_SECONDS
    version: str = ""

    async def signs(self) -> VitalSigns:
        """Raises DatabaseSlow."""
        now = self.clock.now()
        return await self.query(lambda session: read_vital_signs(session, now))

    async def query(self, query: Callable[[Session], _T]) -> _T:
        """What the database says in time. Raises DatabaseSlow."""
        return await within(self.seconds, self.threads.read(query))

    def disk_left(self) -> float | None:
        """The free part of the database's disk; None where it is not here."""
        if self.disk is None:
            return None
        disk = shutil.disk_usage(self.disk)
        return disk.free / disk.total

    def troubles(self, signs: VitalSigns) -> list[Trouble]:
        """What these signs mean, and what can be seen from here alone."""
        age = self.worker_age() if self.worker_age else None
        now, left = self.clock.now(), self.disk_left()
        found = troubles(signs, now, by_webhook=self.by_webhook, worker_age=age, disk_left=left)
        file = file_of(self.threads.engine)
        if file is not None and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
            found.append(Trouble("read_only", "the database's file or directory may not be written"))
        return found


def health_router(watched: Watched) -> APIRouter:
    """`/healthz`: this process answers. `/readyz`: texts leave, else 503 and every reason why not."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def alive() -> JSONResponse:
        return JSONResponse({"alive": True})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    async def ready() -> JSONResponse:
        try:
            found = watched.troubles(await watched.signs())
        except DatabaseSlow:
            found = [Trouble("database", "the database cannot be read")]
        document = {"ready": not found, "reasons": [asdict(trouble) for trouble in found]}
        return JSONResponse(document, 503 if found else 200)

    return router
