"""Whether anything at all was written: one cheap question, however much the database holds."""

from __future__ import annotations

from sqlalchemy import Engine

from notifier.db.engine import file_of, is_sqlite


class ChangeMark:
    """Another value as soon as anybody has committed something; good for nothing but being compared."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # SQLite counts what others commit for each connection, so it has to be the same one every time.
        self._connection = engine.raw_connection() if file_of(engine) is not None else None

    def read(self) -> object:
        """To be asked before what it stands for is read: what is written in between then changes the next one."""
        if self._connection is not None:
            ((version,),) = self._connection.cursor().execute("PRAGMA data_version").fetchall()
            return version
        if is_sqlite(self._engine):
            return object()  # in memory there is one connection, which does not count its own
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
