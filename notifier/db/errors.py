"""What is wrong with the database, in one sentence that says what to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeGuard

from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import OperationalError

from notifier.db.found_backups import how_to_restore
from notifier.domain.errors import BadConfiguration, Unavailable

if TYPE_CHECKING:
    import psycopg


class DatabaseFailure(OperationalError, Unavailable):
    """The database cannot be used as it is; the message says why and what to do, for a person.

    It stays an OperationalError, so that who waits and tries again on those does so on this one too.
    """

    def __init__(self, sentence: str, cause: BaseException | None = None, *, disconnected: bool = False) -> None:
        super().__init__(None, None, cause or Exception(sentence), connection_invalidated=disconnected)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


class BadDatabaseAddress(DatabaseFailure, BadConfiguration):
    """The setting is wrong, whatever state the database is in: it does not mend itself."""


class DatabaseBusy(DatabaseFailure):
    """Somebody else is writing, or every connection is taken; the same again in a moment may well succeed."""


class DatabaseDamaged(DatabaseFailure):
    """The file itself is broken: nothing that is read from it can be trusted."""


def say_in_words(context: ExceptionContext) -> DatabaseFailure | None:
    """SQLAlchemy's `handle_error` listener: replaces errors of the database that have a plain sentence."""
    error = context.original_exception
    engine = context.engine
    if _is_postgresqls(error):
        _forget_values(error, context)
    if context.connection is not None and context.connection.get_execution_options().get("readonly"):
        written = (_is_postgresqls(error) and error.sqlstate == "25006") or (
            getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY
        )
        if written:
            return None  # a reader that wrote: our mistake, not the database's
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest its variant
        if code in _BUSY_SQLITE:
            return DatabaseBusy("The database is busy: something else is writing to it. Try again in a moment.", error)
        words = _sqlite_sentence(code, _file(engine))
        if words and code in _DAMAGED_SQLITE:
            return DatabaseDamaged(words, error)
    elif _is_postgresqls(error):
        if error.sqlstate in _BUSY_POSTGRESQL:
            return DatabaseBusy(_BUSY_POSTGRESQL[error.sqlstate], error, disconnected=context.is_disconnect)
        words = _postgresql_sentence(error, engine)
    else:
        return None
    return DatabaseFailure(words, error, disconnected=context.is_disconnect) if words else None


def _is_postgresqls(error: BaseException | None) -> TypeGuard[psycopg.Error]:
    # Only psycopg's errors have a state; to import it for asking would cost every start on SQLite 0.1 s.
    return hasattr(error, "sqlstate")


def _forget_values(error: psycopg.Error, context: ExceptionContext) -> None:
    """PostgreSQL quotes the row that it refuses under the first line, and patients would end up in a log."""
    error.args = (str(error).partition("\n")[0],)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__qualname__}) {error}",)


def _file(engine: Engine | None) -> Path:
    return Path((engine.url.database if engine is not None else None) or "the database file")


_BUSY_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED_SQLITE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _sqlite_sentence(code: int, file: Path) -> str | None:
    match code:
        case sqlite3.SQLITE_READONLY:
            if _is_mounted_read_only(file):
                return _mount_it(file)
            return f"The database {file} is read-only: let this user write both the file and its directory."
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return why_not_opened(file)
        case sqlite3.SQLITE_CORRUPT:
            return f"The database {file} is damaged: {how_to_restore(file)}."
        case sqlite3.SQLITE_NOTADB:
            return f"{file} is not a database: name another file, or {how_to_restore(file)}."
        case sqlite3.SQLITE_FULL:
            return f"The disk of the database {file} is full: make room; nothing that was saved is lost."
        case sqlite3.SQLITE_IOERR:
            return f"The disk of the database {file} cannot be read or written: it is full or failing."
    return None


def why_not_opened(file: Path) -> str:
    """Why SQLite could not open this file, as far as can be seen from outside."""
    if file.is_dir():
        return f"The database {file} is a directory: name a file in it, such as {file / 'notifier.db'}."
    if not file.parent.exists():
        return f"The directory {file.parent} of the database does not exist: create it, or name another file."
    if not file.parent.is_dir():
        return f"{file.parent} is not a directory, so the database {file} cannot be in it: name another file."
    if _is_mounted_read_only(file):
        return _mount_it(file)
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        return f"The database {file} may not be read and written by this user: change its owner or permissions."
    if not os.access(file.parent, os.W_OK | os.X_OK):
        return f"The directory {file.parent} may not be written by this user: the database needs that."
    return f"The database {file} cannot be opened: check its permissions and those of its directory."


def _mount_it(file: Path) -> str:
    return (
        f"The database {file} is on a filesystem that is mounted read-only: mount it for writing, or move the "
        "database (a disk that fails is mounted so by itself: the kernel's log says why)."
    )


def _is_mounted_read_only(file: Path) -> bool:
    """Whether nobody can write there, whatever the permissions say."""
    try:
        return bool(os.statvfs(file.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


_BUSY_POSTGRESQL: Mapping[str | None, str] = MappingProxyType(
    {
        "40001": "The database changed meanwhile. Try again in a moment.",
        "40P01": "The database had to stop one of two that waited for each other. Try again in a moment.",
        "53300": "The database has no connection left. Try again in a moment, or raise its max_connections.",
        "55P03": "The database is busy: something else is writing the same rows. Try again in a moment.",
        "57P03": "The database is starting or stopping. Try again in a moment.",
    }
)


def _postgresql_sentence(error: psycopg.Error, engine: Engine | None) -> str | None:
    import psycopg  # noqa: PLC0415  # it is there already: it has raised this

    where = f"{engine.url.host or 'its socket'}" if engine is not None else "its address"
    match error.sqlstate:
        case "25006":
            return f"The database at {where} is read-only: it may be a standby; use the primary's address."
        case "28000" | "28P01":
            return f"The database at {where} refused the user or password of its address."
        case "3D000":
            return f"The database named in the address does not exist at {where}: create it with `createdb`."
        case "42501":
            return f"The database user may not do this at {where}: make it the owner of the tables."
        case "53100":
            return f"The disk of the database at {where} is full: make room; nothing that was saved is lost."
        case None if isinstance(error, psycopg.OperationalError):
            return _no_state(str(error), where)
    return None


def _no_state(message: str, where: str) -> str:
    """libpq reports a refusal while connecting without a code; its English words are all there is."""
    if "password authentication failed" in message or ("role" in message and "does not exist" in message):
        return f"The database at {where} refused the user or password of its address."
    if "database" in message and "does not exist" in message:
        return f"The database named in the address does not exist at {where}: create it with `createdb`."
    return f"The database at {where} does not answer: is it running, and is its address right?"
