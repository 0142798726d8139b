"""Backups of the SQLite file: one taken while others write, and one put back in its place."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.accounts import Source, audit
from notifier.db.engine import file_of, open_engine
from notifier.db.errors import DatabaseFailure
from notifier.db.filesystems import keep_through_power_cut
from notifier.db.foreign_file import refuse_foreign_file
from notifier.db.schema import HEAD, current_revision, upgrade
from notifier.db.tables import Event, RecoveryKind
from notifier.domain.key_set import KeySet
from notifier.domain.refused import Refused
from notifier.maintenance.compare_audit_copy import RESTORED
from notifier.maintenance.encryption import encrypt
from notifier.maintenance.swap_file import close_for_others, free_name
from notifier.sending.gates.heartbeats import last_in_use
from notifier.sending.gates.recoveries import begin_after_restore, open_recoveries

_RECOVERIES_AS_NOW: Final = "0010"
"""Since this revision the table of recoveries has the columns of today; a copy of one before waits once `restore` has
put it in place, not by itself."""


def back_up(engine: Engine, to: Path, *, now: datetime, by: str, keys: KeySet | None = None) -> int:
    """Write a copy as of this moment, whatever is being written meanwhile; its size in bytes.

    Only its owner may read it, and it is whole or not there. It has the schema of what it copies, so that the Notifier
    that made the database opens it. Whoever starts from it, by `restore` or by hand, starts in the mode in which
    nothing is sent before Twilio was asked what left since. `keys`: it is encrypted, and only with them it opens.
    Raises Refused and DatabaseFailure.
    """
    file = check_place(engine, to, now)
    part, closed = to.with_name(f"{to.name}.part"), to.with_name(f"{to.name}.part-encrypted")
    closed.unlink(missing_ok=True)
    try:
        _copy(file, part)
        _let_everything_wait(part, now=now, by=by)
        check_integrity(part)
        if keys is not None:
            encrypt(part, closed, keys)
        _name_anew(part if keys is None else closed, to)
    except OSError as error:
        raise _not_written(error, to) from None
    finally:
        part.unlink(missing_ok=True)
        closed.unlink(missing_ok=True)
    return to.stat().st_size


def put_in_place(
    engine: Engine, backup: Path, *, now: datetime, by: str, source: Source | None = None
) -> tuple[Path | None, datetime]:
    """Replace the database by a backup; where the replaced one is kept (None: there was none), and the backup's moment.

    The caller holds the lock that a worker holds. Raises Refused and DatabaseFailure; then nothing is replaced.
    """
    file = check_replacement(engine, backup)
    new = file.with_name(f"{file.name}.restoring")
    try:
        _copy(backup, new)
        up_to = _prepare(new, now, by, source)
        kept = _swap(new, file)
    except OSError as error:
        raise _not_written(error, file) from None
    finally:
        for rest in (new, *_beside(new)):
            rest.unlink(missing_ok=True)
    return kept, up_to


def check_place(engine: Engine, to: Path, now: datetime) -> Path:
    """The database's file, which may be copied to this place. Raises Refused where it may not."""
    file = _sqlite_file(engine, "it is backed up by its own tools: pg_dump --format=custom --file=FILE DATABASE")
    if to.exists():
        raise Refused(f"{to} exists already: name a file that does not, such as {to.stem}-{now:%Y%m%d-%H%M}{to.suffix}")
    if not to.parent.is_dir():
        raise Refused(f"there is no directory {to.parent}: create it, or name another place")
    return file


def check_replacement(engine: Engine, backup: Path) -> Path:
    """The database's file, in whose place this backup may be put. Raises Refused and DatabaseFailure."""
    file = _sqlite_file(engine, "put it back with pg_restore; then say so: notifier restore --since INSTANT")
    if backup.exists() and file.exists() and backup.samefile(file):
        raise Refused(f"{backup} is the database itself: name a backup of it")
    check_backup(backup)
    refuse_foreign_file(file)
    return file


def check_backup(file: Path) -> None:
    """Raise Refused or DatabaseFailure unless this is an undamaged database of Notifier that this program knows."""
    if not file.is_file():
        raise Refused(f"there is no file {file}: name a backup that notifier backup has made")
    check_integrity(file)
    with closing(_open(file)) as connection:
        try:
            ((revision,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        except (sqlite3.Error, ValueError):
            raise Refused(f"{file} is a database, but not one of Notifier's: name another file") from None
    from notifier.db import migrate  # noqa: PLC0415  # alembic takes 0.2 s, and nothing else here needs it

    if not migrate.knows(revision):
        raise Refused(f"{file} is at revision {revision}, this Notifier knows up to {HEAD}: install the newer Notifier")


def check_integrity(file: Path) -> None:
    """Read the whole file; raise DatabaseFailure if anything in it is damaged."""
    with closing(_open(file)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.DatabaseError:
            raise DatabaseFailure(f"{file} is not a database, or is damaged at its very start.") from None
    if found != "ok":
        raise DatabaseFailure(f"{file} is damaged: use another backup.")


def _not_written(error: OSError, file: Path) -> DatabaseFailure:
    return DatabaseFailure(f"{file} could not be written ({error.strerror}): look at its directory and the disk.")


def _sqlite_file(engine: Engine, instead: str) -> Path:
    file = file_of(engine)
    if file is None:
        raise Refused(f"this database is not an SQLite file; {instead}")
    return file


def _copy(file: Path, to: Path) -> None:
    """One moment of it. A plain copy of the file would lack what is still in its write-ahead log."""
    to.unlink(missing_ok=True)
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # SQLite itself would let everybody read it
    with closing(_open(file)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(to),))
        except sqlite3.DatabaseError as error:
            raise DatabaseFailure(f"{file} could not be copied: {error}.") from None


def _let_everything_wait(part: Path, *, now: datetime, by: str) -> None:
    """Write the mode into a copy whose schema may be an older Notifier's, and change nothing of that schema."""
    with _plainly(part) as session:
        revision = current_revision(session.connection()) or ""
        if revision >= _RECOVERIES_AS_NOW:
            begin_after_restore(session, up_to=now, now=now, by=by)
        if revision == HEAD:  # an older audit log may lack columns; the older `restore` writes its own entry
            audit(session, at=now, by=by, what="did", about=f"{RESTORED}: what follows goes on from it")


def _prepare(file: Path, now: datetime, by: str, source: Source | None) -> datetime:
    """Bring a copy of a backup up to date, and let everything wait; the moment up to which it knows what happened."""
    _bring_up_to_date(file)
    engine = open_engine(f"sqlite:///{file}")
    try:
        with Session(engine) as session, session.begin():
            latest = session.scalar(select(col(Event.at)).order_by(col(Event.id).desc()).limit(1))
            known = [at for at in (latest, last_in_use(session)) if at is not None]
            begin_after_restore(session, up_to=max(known, default=now), now=now, by=by)
            up_to = open_recoveries(session)[RecoveryKind.RESTORED].up_to
            about = f"{RESTORED}, as of {up_to:%Y-%m-%d %H:%M} UTC"
            audit(session, at=now, by=by, what="did", about=about, source=source)
    finally:
        engine.dispose()
    _make_one_file(file)
    check_integrity(file)
    return up_to


def _bring_up_to_date(file: Path) -> None:
    """A copy of an older Notifier's database becomes one of this one's."""
    engine = open_engine(f"sqlite:///{file}")
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    _make_one_file(file)


def _make_one_file(file: Path) -> None:
    """Without a log beside it, so that it can be renamed."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _swap(new: Path, file: Path) -> Path | None:
    kept = None
    if file.exists():
        whole, kept = close_for_others(file), free_name(file, "before-restore")
        log = _beside(file)[0]
        if not whole and log.exists():  # a damaged database keeps its log, for whoever tries to save something of it
            log.rename(kept.with_name(f"{kept.name}-wal"))
        try:
            os.link(file, kept)  # so that at every moment there is a database
        except OSError:  # a file system without hard links
            file.rename(kept)
    for rest in _beside(file):
        rest.unlink(missing_ok=True)
    keep_through_power_cut(new)
    new.replace(file)
    keep_through_power_cut(file.parent)
    return kept


def _name_anew(part: Path, to: Path) -> None:
    keep_through_power_cut(part)
    try:
        os.link(part, to)  # unlike a rename it never replaces what somebody else has put there meanwhile
    except FileExistsError:
        raise Refused(f"{to} exists already: name a file that does not") from None
    except OSError:  # a file system without hard links
        part.rename(to)
    keep_through_power_cut(to.parent)


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, isolation_level=None, timeout=10)


@contextmanager
def _plainly(file: Path) -> Iterator[Session]:
    """A session without a write-ahead log: the file stays one file."""
    engine = create_engine(f"sqlite:///{file}", hide_parameters=True)
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()


def _beside(file: Path) -> tuple[Path, Path]:
    """SQLite's log and its index; those of another database in its place would destroy it."""
    return file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")
