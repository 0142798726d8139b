"""How SQLAlchemy begins a transaction on SQLite.

A listener could do the same, but where an engine has any, each connection and each statement asks for listeners anew:
that took a twentieth of an enrollment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, PoolProxiedConnection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

DRIVER: Final = "sqlite+notifier"
"""The driver's name in an address that asks for this."""
_READS, _QUERY_ONLY = "reads", "readonly"


class SQLiteDialect(SQLiteDialect_pysqlite):
    """A writer takes its turn at the start, and a connection with the execution option `readonly` cannot write."""

    supports_statement_cache = True

    def set_connection_execution_options(self, connection: Connection, opts: Mapping[str, Any]) -> None:
        super().set_connection_execution_options(connection, opts)
        if "readonly" in opts:
            connection.info[_READS] = opts["readonly"]

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """A deferred BEGIN that reads first and writes later fails at once when somebody else wrote between, whatever
        the timeout says. So only a reader begins plainly."""
        info, cursor = dbapi_connection.info, dbapi_connection.cursor()
        reads = info.get(_READS, False)
        if info.get(_QUERY_ONLY) is not reads:  # what the connection was last used for
            cursor.execute(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
            info[_QUERY_ONLY] = reads
        cursor.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
        cursor.close()


def forget_reader(_connection: object, record: Any) -> None:
    """A pool's `checkin` listener: whoever takes the connection next says anew whether it only reads."""
    record.info.pop(_READS, None)


registry.register(DRIVER.replace("+", "."), __name__, SQLiteDialect.__name__)
