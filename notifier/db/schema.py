"""The shape of the database: bringing it up to date, and refusing one that does not fit this program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import SQLModel

from notifier.db import tables  # noqa: F401  # declares the tables, so that the metadata is complete
from notifier.db.engine import file_of, is_sqlite
from notifier.db.errors import DatabaseDamaged, DatabaseFailure
from notifier.db.foreign_file import is_blank, refuse_foreign_file
from notifier.db.found_backups import how_to_restore
from notifier.db.upgrade_copy import copy_before_upgrade

HEAD = "0090"
"""The revision that this program works with: the last file in migrations/versions."""


class DatabaseFromTheFuture(DatabaseFailure):
    """A newer Notifier has changed this database; names both revisions."""


class SchemaBehind(DatabaseFailure):
    """The database needs an upgrade first; names both revisions."""


class NoDatabase(SchemaBehind):
    """There is no database at this address, and who only looks makes none; names the file."""


class Upgraded(NamedTuple):
    """What an upgrade has left."""

    created: Path | None = None
    """The database file, if there was none."""
    copy: Path | None = None
    """The SQLite database as it was before, if an older Notifier's was there."""


def prepare(engine: Engine, now: datetime, *, may_create: bool = True) -> Upgraded:
    """What every start does: SQLite upgrades by itself; PostgreSQL is only checked, its owner upgrades it.

    Where nothing may be created, raises NoDatabase for a missing file: whoever looks in the wrong directory must not
    read there that nothing is due. Raises what `upgrade` does.
    """
    if not is_sqlite(engine):
        check_schema(engine)
        return Upgraded()
    file = file_of(engine)
    if not may_create and file is not None and file.parent.is_dir() and is_blank(file):
        raise _missing(file)
    return upgrade(engine, now)


def upgrade(engine: Engine, copied_at: datetime | None = None) -> Upgraded:
    """Bring the database to HEAD; nothing happens when it is there. All of it or nothing, and one process at a time.

    `copied_at`: this moment; a copy of an older SQLite database stays beside it. None for what is a copy itself. Raises
    DatabaseFromTheFuture, NotOurDatabase, and DatabaseFailure for a database that cannot be used or copied.
    """
    created = _create_private_file(engine)
    return Upgraded(created, _bring_to_head(engine, copied_at))


def _bring_to_head(engine: Engine, copied_at: datetime | None) -> Path | None:
    copy = None
    with engine.connect() as connection:
        if current_revision(connection) == HEAD:
            return None
    with _exclusive(engine) as connection:
        revision = current_revision(connection)  # again, now that nobody else can change it
        if revision == HEAD:
            return None
        _refuse_foreign_tables(connection, revision)
        file = file_of(engine)
        if file is not None and revision is not None and copied_at is not None:
            copy = copy_before_upgrade(file, revision, copied_at)
        from notifier.db import migrate  # noqa: PLC0415  # alembic takes 0.2 s, and most starts find nothing to do

        migrate.to_head(connection)
    return copy


def check_schema(engine: Engine) -> None:
    """Raise DatabaseFromTheFuture or SchemaBehind unless the database is at HEAD. Changes and creates nothing."""
    file = file_of(engine)
    if file is not None:
        if file.parent.is_dir() and is_blank(file):
            raise _missing(file)
        refuse_foreign_file(file)
    with engine.connect().execution_options(readonly=True) as connection:
        revision = current_revision(connection)
        if revision == HEAD:
            return
        _refuse_foreign_tables(connection, revision)
    now = f"is at revision {revision}" if revision else "is empty"
    raise SchemaBehind(f"The database {now}; this Notifier needs revision {HEAD}: run `notifier db upgrade`.")


def _missing(file: Path) -> NoDatabase:
    if (moved := moved_aside(file)).exists():
        return NoDatabase(
            f"The database was moved from here to PostgreSQL ({moved}): write its address into NOTIFIER_DATABASE_URL, "
            "for the service and for every command."
        )
    there = "is empty" if file.exists() else "does not exist"
    return NoDatabase(
        f"The database {file} {there}: go to the directory where Notifier runs, or name its file in "
        "NOTIFIER_DATABASE_URL (such as sqlite:////var/lib/notifier/notifier.db); a new one is made by "
        "`notifier db upgrade`."
    )


def moved_aside(file: Path) -> Path:
    """What an SQLite file is called once its rows are elsewhere: no empty one may begin in its place."""
    return file.with_name(f"{file.name}.moved")


def check_file(engine: Engine) -> None:
    """Read SQLite's file through and raise DatabaseDamaged if it is; takes about a second for each GB, and nobody
    else has to wait meanwhile."""
    file = file_of(engine)
    if file is not None:
        with engine.connect().execution_options(readonly=True) as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            raise DatabaseDamaged(f"The database {file} is damaged: {how_to_restore(file)}.")


def current_revision(connection: Connection) -> str | None:
    """The revision that the database says it is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _create_private_file(engine: Engine) -> Path | None:
    """SQLite itself would let everybody read a new file, and patients are in it. Gives the file if it was missing."""
    file = file_of(engine)
    if file is None:
        return None
    refuse_foreign_file(file)
    if file.exists() or not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        return None
    if moved_aside(file).exists():
        raise _missing(file)
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:  # another start was quicker, and says so
        return None
    return file


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    """One transaction that no other upgrade overlaps; a crash within it leaves the database as it was."""
    with engine.connect() as connection:
        if not is_sqlite(engine):
            with connection.begin():
                connection.execute(text("SET LOCAL lock_timeout = '60s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('notifier.schema'))"))
                yield connection
            return
        # To change a table SQLite's way is to copy and drop it, which foreign keys forbid; they can only be switched
        # outside a transaction. BEGIN IMMEDIATE makes the second of two upgrades wait.
        driver = connection.connection
        driver.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if broken := connection.execute(text("PRAGMA foreign_key_check")).first():
                    raise DatabaseFailure(f"The upgrade would leave rows of {broken[0]} without what they belong to.")
        finally:
            driver.cursor().execute("PRAGMA foreign_keys=ON")


def _refuse_foreign_tables(connection: Connection, revision: str | None) -> None:
    if revision is not None:
        from notifier.db import migrate  # noqa: PLC0415  # as above

        if not migrate.knows(revision):
            raise DatabaseFromTheFuture(
                f"The database is at revision {revision}, this Notifier knows up to {HEAD}: "
                "install the newer Notifier again, or restore a backup from before its upgrade."
            )
    elif taken := set(inspect(connection).get_table_names()) & SQLModel.metadata.tables.keys():
        raise DatabaseFailure(
            f"The database already has a table {min(taken)} that is not Notifier's: "
            "give Notifier a database of its own."
        )
