"""The one door to the database: SQLite in a file for one machine, PostgreSQL for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Engine, StaticPool, create_engine, event, orm, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from notifier.db.columns import json_text
from notifier.db.errors import BadDatabaseAddress, say_in_words
from notifier.db.postgresql import open_postgresql
from notifier.db.sqlite_dialect import DRIVER, forget_reader

BUSY_SECONDS = 10
"""How long a writer waits for another one before it gives up with DatabaseBusy."""
STATEMENT_SECONDS = 60
"""How long one statement of a worker may take on PostgreSQL: half as long as its watchdog waits."""


def open_engine(url: str, *, busy_seconds: int = BUSY_SECONDS, for_worker: bool = False) -> Engine:
    """An engine for `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:secret@host/name`.

    A relative path counts from the working directory of this moment. Nothing is opened yet. `busy_seconds`: how long a
    writer waits for another one, or for a free connection. `for_worker`: on PostgreSQL no statement takes for ever, and
    what is written wakes no worker; everybody else's writes do. Raises BadDatabaseAddress for any other address. Errors
    of the database become DatabaseFailure too wherever we know a plain sentence.
    """
    address = _read(url)
    if address.get_backend_name() == "sqlite":
        engine = _sqlite(address, busy_seconds)
    else:
        limit = STATEMENT_SECONDS if for_worker else None
        engine = open_postgresql(address, busy_seconds, announces=not for_worker, statement_seconds=limit)
    event.listen(engine, "handle_error", say_in_words)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that may write: commits at the end, rolls back on any error.

    On SQLite it is the only writer from its first statement on, so what it reads cannot change under it.
    """
    # Rows stay readable after the commit: a text is handed over with no connection held.
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that cannot write, sees one moment throughout, and never blocks a writer."""
    with Session(engine, expire_on_commit=False) as session:
        session.connection(execution_options=_READER[engine.dialect.name])
        yield session


def once_committed(session: orm.Session, act: Callable[[], object]) -> None:
    """Do this when the session's transaction has been committed, and never where it is rolled back."""
    session.info.setdefault(_AFTERWARDS, []).append(act)


# One listener for all sessions: to make one for each takes as long as a statement.
def _act(session: orm.Session) -> None:
    for act in session.info.pop(_AFTERWARDS, ()):
        act()


def _forget(session: orm.Session) -> None:
    session.info.pop(_AFTERWARDS, None)


_AFTERWARDS: Final = "once_committed"
event.listen(orm.Session, "after_commit", _act)
event.listen(orm.Session, "after_rollback", _forget)
_READER: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"readonly": True},
    "postgresql": {"readonly": True, "postgresql_readonly": True, "isolation_level": "REPEATABLE READ"},
}


def is_sqlite(engine: Engine) -> bool:
    """Whether the database is the embedded one."""
    return engine.dialect.name == "sqlite"


def file_of(engine: Engine) -> Path | None:
    """SQLite's database file; None for PostgreSQL and in memory."""
    return _file(engine.url) if is_sqlite(engine) else None


def file_at(url: str) -> Path | None:
    """The same of an address; None for one that cannot be read."""
    try:
        address = make_url(url)
    except ArgumentError:
        return None
    return _file(address) if address.get_backend_name() == "sqlite" else None


def _file(address: URL) -> Path | None:
    name = address.database or ""
    return None if name in ("", ":memory:") or name.startswith("file:") else Path(name)


def _read(url: str) -> URL:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    try:
        address = make_url(url)
        backend = address.get_backend_name()
    except ArgumentError:
        # The address itself may hold a password: it is not repeated.
        raise BadDatabaseAddress(_HOW) from None
    if backend not in ("sqlite", "postgresql"):
        raise BadDatabaseAddress(f'"{backend}" is no database that Notifier knows. {_HOW}')
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    address = address.set(drivername="sqlite")
    file = _file(address)
    return address if file is None else address.set(database=str(file.absolute()))


_HOW = "Write NOTIFIER_DATABASE_URL as sqlite:///notifier.db or postgresql://user:password@host/name."


def _sqlite(address: URL, busy_seconds: int) -> Engine:
    pool: dict[str, Any] = {"pool_size": 10, "max_overflow": 40} if address.database else {"poolclass": StaticPool}
    arguments = {"check_same_thread": False, "timeout": busy_seconds}
    ours = address.set(drivername=DRIVER)
    engine = create_engine(ours, hide_parameters=True, connect_args=arguments, json_serializer=json_text, **pool)
    engine.url = address  # as people know it
    if file := _file(address):
        event.listen(engine, "do_connect", partial(_open_what_is_there, file))
    event.listen(engine, "connect", partial(_prepare_sqlite, busy_seconds))
    event.listen(engine, "checkin", forget_reader)
    return engine


def _open_what_is_there(file: Path, _dialect: object, _record: object, names: list[str], given: dict[str, Any]) -> None:
    """SQLite itself would make an empty file where somebody has deleted ours; a new one is made by `schema` alone."""
    names[0], given["uri"] = f"file:{quote(str(file))}?mode=rw", True


def _prepare_sqlite(busy_seconds: int, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy issues BEGIN, not the driver, which would do so too late
    # The timeout first: the switch to WAL itself may have to wait. FULL: at a power cut NORMAL may forget the last
    # commits, and a forgotten "it has left" is a second text.
    for pragma in (f"busy_timeout={busy_seconds * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def database_time(session: orm.Session, now: datetime) -> datetime:
    """The clock that leases are written and read on: PostgreSQL's own, which all hosts share; on SQLite `now`."""
    if session.get_bind().dialect.name != "postgresql":
        return now
    found: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found
