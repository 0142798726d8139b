"""The shape of the database: bringing it up to date, and refusing one that does not fit this program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import SQLModel

from notifier.db import tables  # noqa: F401  # declares the tables, so that the metadata is complete
from notifier.db.engine import file_of, is_sqlite
from notifier.db.unusable import DatabaseUnusable

HEAD = "0006"
"""The revision that this program works with: the last file in migrations/versions."""


class DatabaseFromTheFuture(DatabaseUnusable):
    """A newer Notifier has changed this database; names both revisions."""


class SchemaBehind(DatabaseUnusable):
    """The database needs an upgrade first; names both revisions."""


def prepare(engine: Engine) -> None:
    """What every start does: SQLite upgrades by itself; PostgreSQL is only checked, its owner upgrades it."""
    if is_sqlite(engine):
        upgrade(engine)
    else:
        check_schema(engine)


def upgrade(engine: Engine) -> None:
    """Bring the database to HEAD; nothing happens when it is there. All of it or nothing, and one process at a time.

    Raises DatabaseFromTheFuture, and DatabaseUnusable for a database that cannot be used.
    """
    _create_private_file(engine)
    with engine.connect() as connection:
        if current_revision(connection) == HEAD:
            return
    with _alone(engine) as connection:
        revision = current_revision(connection)  # again, now that nobody else can change it
        if revision == HEAD:
            return
        _refuse_strangers(connection, revision)
        from notifier.db import migrate  # noqa: PLC0415  # alembic takes 0.2 s, and most starts find nothing to do

        migrate.to_head(connection)


def check_schema(engine: Engine) -> None:
    """Raise DatabaseFromTheFuture or SchemaBehind unless the database is at HEAD. Changes and creates nothing."""
    file = file_of(engine)
    if file is not None and not file.exists() and file.parent.is_dir():
        raise SchemaBehind(f"There is no database {file} yet: create it with `notifier db upgrade`.")
    with engine.connect() as connection:
        revision = current_revision(connection)
        if revision == HEAD:
            return
        _refuse_strangers(connection, revision)
    now = f"is at revision {revision}" if revision else "is empty"
    raise SchemaBehind(f"The database {now}; this Notifier needs revision {HEAD}: run `notifier db upgrade`.")


def check_file(engine: Engine) -> None:
    """Read SQLite's file through and raise DatabaseUnusable if it is damaged; takes about a second for each GB."""
    if is_sqlite(engine):
        with engine.connect() as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            raise DatabaseUnusable(
                f"The database {file_of(engine)} is damaged: put the latest backup in its place "
                "(`notifier restore FILE`)."
            )


def current_revision(connection: Connection) -> str | None:
    """The revision that the database says it is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _create_private_file(engine: Engine) -> None:
    """SQLite itself would let everybody read a new file, and patients are in it."""
    file = file_of(engine)
    if file is not None and not file.exists() and file.parent.is_dir() and os.access(file.parent, os.W_OK):
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
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
                    raise DatabaseUnusable(f"The upgrade would leave rows of {broken[0]} without what they belong to.")
        finally:
            driver.cursor().execute("PRAGMA foreign_keys=ON")


def _refuse_strangers(connection: Connection, revision: str | None) -> None:
    if revision is not None:
        from notifier.db import migrate  # noqa: PLC0415  # as above

        if not migrate.knows(revision):
            raise DatabaseFromTheFuture(
                f"The database is at revision {revision}, this Notifier knows up to {HEAD}: "
                "install the newer Notifier again, or restore a backup from before its upgrade."
            )
    elif taken := set(inspect(connection).get_table_names()) & SQLModel.metadata.tables.keys():
        raise DatabaseUnusable(
            f"The database already has a table {min(taken)} that is not Notifier's: "
            "give Notifier a database of its own."
        )
