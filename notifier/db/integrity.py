"""Whether SQLite's file is sound: a glance before the start, the whole of it while the worker runs already."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, event, text
from sqlmodel import SQLModel

from notifier.db.engine import file_of, open_engine
from notifier.db.errors import DatabaseDamaged
from notifier.db.schema import check_file

_LAST_IN_LINE = 19
log = structlog.get_logger()


def look_before_start(engine: Engine) -> None:
    """Raise DatabaseFailure for a file that cannot be used, whatever its size in no time: its header and the beginning
    of every table are read. One in which damage was found is read through before it is trusted again."""
    file = file_of(engine)
    if file is None:
        return
    note = _note_of(file)
    if note.exists():
        check_file(engine)
        note.unlink(missing_ok=True)
    with engine.connect().execution_options(readonly=True) as connection:
        connection.execute(text("PRAGMA schema_version"))
        for table in SQLModel.metadata.sorted_tables:
            connection.execute(text(f'SELECT * FROM "{table.name}" LIMIT 1')).first()  # noqa: S608  # our own names


class ThoroughCheck:
    """Reads the whole file through, once, beside the worker: on a thread that gets what is left of the processor, and
    with a connection of its own.

    `damaged` is called on that thread, with the sentence for a person. The next start will know of it too.
    """

    def __init__(self, engine: Engine, damaged: Callable[[str], object]) -> None:
        self._file, self._damaged = file_of(engine), damaged
        self._connections: list[Any] = []
        self._thread = threading.Thread(target=self._check, name="file check", daemon=True)

    def start(self) -> None:
        """Begin, where the database is a file."""
        if self._file is not None:
            self._thread.start()

    def stop(self) -> None:
        """Break off, if it still reads."""
        for connection in self._connections:
            with suppress(Exception):
                connection.interrupt()

    def _check(self) -> None:
        assert self._file is not None
        with suppress(OSError, AttributeError):  # elsewhere than on Linux a thread has no priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LAST_IN_LINE)
        engine = open_engine(f"sqlite:///{self._file}")
        event.listen(engine, "connect", lambda driver, _record: self._connections.append(driver))
        try:
            check_file(engine)
        except DatabaseDamaged as found:
            with suppress(OSError):
                _note_of(self._file).touch(mode=0o600)
            self._damaged(str(found))
        except Exception as error:  # noqa: BLE001  # a disk that does not answer is the turn's trouble, not the file's
            log.info("file_not_checked", why=type(error).__name__)
        finally:
            engine.dispose()


def _note_of(file: Path) -> Path:
    """Its being there says that damage was found."""
    return file.with_name(f"{file.name}.damaged")
