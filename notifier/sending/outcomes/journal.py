"""The emergency journal: outcomes that the database does not take right now, in a small file that outlives a kill.

A line is an attempt's id and what became of it, synced to the disk; no phone number, name or text. It is written only
while the database is in trouble, and goes as soon as the database has everything. Without it, or where it cannot be
written, nothing is sent twice: a text whose answer is lost is looked up in the provider's list.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import Engine

from notifier.db.engine import file_of
from notifier.db.filesystems import keep_through_power_cut
from notifier.sending.outcomes.results import Finished, Result
from notifier.sms.code_classes import NotCreatedClass

_T = TypeVar("_T")
_TIMEOUT: Final = 1.0
"""Seconds that the database may take to save a batch before it is written down here too."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What the journal knows of one outcome."""

    attempt_id: str
    result: Result
    at: datetime
    sid: str | None = None
    code: int | None = None
    why: NotCreatedClass | None = None


def journal_place(engine: Engine, state_directory: Path | None) -> Path | None:
    """What the names of this database's journals begin with: beside SQLite's file, else in the service's directory for
    its state; None where there is neither."""
    file = file_of(engine)
    if file is not None:
        return file.with_name(f"{file.name}.unsaved")
    if state_directory is None or not state_directory.is_dir():
        return None
    url = engine.url
    which = sha256(f"{url.host} {url.port} {url.database} {url.query.get('host')}".encode()).hexdigest()[:8]
    return state_directory / f"notifier-{which}.unsaved"


class Journal:
    """One worker's. `place` None: it keeps nothing."""

    def __init__(self, place: Path | None, worker_id: str) -> None:
        self._file = place and place.with_name(f"{place.name}-{worker_id}")
        self._descriptor: int | None = None
        self._kept: set[str] = set()
        self._logged = False

    async def while_saving(
        self, batch: Sequence[Finished], saving: Awaitable[_T], more: Callable[[], Sequence[Finished]] = tuple
    ) -> _T:
        """The result of the transaction that saves these; what it is slow or fails to save is written down here.

        `more`: what has finished since, which waits for its own transaction.
        """
        if self._file is None:
            return await saving
        transaction = asyncio.ensure_future(saving)
        await asyncio.wait({transaction}, timeout=_TIMEOUT)
        while not transaction.done():
            await asyncio.to_thread(self._keep, [*batch, *more()])
            await asyncio.wait({transaction}, timeout=_TIMEOUT)
        if transaction.exception() is not None:
            await asyncio.to_thread(self._keep, [*batch, *more()])
        result = await transaction
        self._forget([one.attempt_id for one in batch])
        return result

    def keeps(self, batch: Sequence[Finished]) -> bool:
        """Whether all of these are written down here."""
        return all(one.attempt_id in self._kept for one in batch)

    def _keep(self, batch: Sequence[Finished]) -> None:
        unsaved = [one for one in batch if one.attempt_id not in self._kept]
        if not unsaved:
            return
        try:
            self._append("".join(_line(one) for one in unsaved).encode("ascii"))
        except OSError as error:
            if not self._logged:  # a full disk lasts for hours: once is enough
                log.error("journal_not_written", why=error.strerror)  # noqa: TRY400  # the reason says it all
            self._logged = True
            return
        self._kept.update(one.attempt_id for one in unsaved)

    def _append(self, lines: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = self._create()
        size = os.fstat(self._descriptor).st_size
        try:
            while lines:
                lines = lines[os.write(self._descriptor, lines) :]
            os.fsync(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, size)
            raise

    def _create(self) -> int:
        """A file that is locked for as long as this process lives: so that another worker leaves it alone."""
        assert self._file is not None
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        keep_through_power_cut(self._file.parent)
        return descriptor

    def _forget(self, saved: Collection[str]) -> None:
        """The database has these; the file goes when it has everything."""
        self._kept.difference_update(saved)
        if self._descriptor is None or self._kept:
            return
        assert self._file is not None
        self._logged = False
        descriptor, self._descriptor = self._descriptor, None
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def left_behind(place: Path | None) -> Iterator[list[JournalEntry]]:
    """What dead workers of this database could not save; their journals go when the block ends well."""
    kept: list[JournalEntry] = []
    taken: list[tuple[Path, int]] = []
    try:
        for file in sorted(place.parent.glob(f"{place.name}-*")) if place else ():
            try:
                descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
            except OSError as error:
                log.error("journal_not_read", file=file.name, why=error.strerror)  # noqa: TRY400  # as above
                continue
            taken.append((file, descriptor))
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # its worker lives
                taken.pop()
                os.close(descriptor)
                continue
            kept += _read(file)
        yield kept
        for file, _ in taken:
            file.unlink(missing_ok=True)
    finally:
        for _, descriptor in taken:
            os.close(descriptor)


def unsaved_files(place: Path) -> list[Path]:
    """The journals that are there, where no worker lives that could be writing one."""
    return [file for file in sorted(place.parent.glob(f"{place.name}-*")) if file.stat().st_size]


def _read(file: Path) -> list[JournalEntry]:
    """Every whole line; the last may be torn, by a kill in the middle of a write."""
    kept, torn = [], 0
    for line in file.read_bytes().splitlines():
        try:
            kept.append(_kept(line))
        except (ValueError, TypeError, KeyError):
            torn += 1
    if torn:
        log.warning("journal_torn", file=file.name, lines=torn)
    return kept


def _line(one: Finished) -> str:
    said = {
        "attempt": one.attempt_id, "result": one.result.value, "sid": one.sid, "code": one.code,
        "why": one.why.value if one.why else None, "at": one.at.isoformat(),
    }  # fmt: skip
    return json.dumps(said) + "\n"


def _kept(line: bytes) -> JournalEntry:
    said = json.loads(line)
    at = datetime.fromisoformat(said["at"])
    if at.tzinfo is None:
        raise ValueError("an instant without its offset")
    why = NotCreatedClass(said["why"]) if said["why"] is not None else None
    return JournalEntry(str(said["attempt"]), Result(said["result"]), at, said["sid"], said["code"], why)
