"""PostgreSQL: how it is connected to, and how its users tell each other that something was written."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from notifier.db.columns import json_text
from notifier.domain.backoff import backoff

CONNECT_SECONDS: Final = 5
_DEAD_AFTER: Final = {
    "tcp_user_timeout": 20_000, "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
}  # fmt: skip
"""A server that is gone without a word (power, network) is given up within 25 seconds, whether or not it owes us an
answer; the kernel alone would wait for a quarter of an hour."""
_PLANS: Final = {"cursor_tuple_fraction": "1", "jit": "off"}
"""What is streamed is read to its end: a plan that is quick for its first rows alone reads every text there is. And no
statement of ours runs for so long that compiling it (some 0.2 s) would be worth it."""
_CHANNEL: Final = "notifier"
_LOOK_UP: Final = 1.0
"""Seconds between two looks at whether to go on listening; nothing is asked of the server."""
log = structlog.get_logger()


def open_postgresql(
    address: URL, busy_seconds: int, *, announces: bool = True, statement_seconds: int | None = None
) -> Engine:
    """An engine for PostgreSQL; nothing is connected yet.

    `announces`: whoever listens is told of every transaction that wrote, when it commits. `statement_seconds`: no
    statement may take longer.
    """
    arguments: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "notifier"}
    arguments |= {name: value for name, value in _DEAD_AFTER.items() if name not in address.query}
    if "options" not in address.query:
        options = {"timezone": "UTC", "lock_timeout": f"{busy_seconds}s", "idle_in_transaction_session_timeout": "60s"}
        options |= _PLANS
        if statement_seconds is not None:
            options["statement_timeout"] = f"{statement_seconds}s"
        arguments["options"] = " ".join(f"-c {name}={value}" for name, value in options.items())
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=10,
        pool_timeout=busy_seconds,
        connect_args=arguments,
        json_serializer=json_text,
    )
    event.listen(engine, "checkout", _as_the_server_says)
    event.listen(engine, "do_executemany", _copy)
    if announces:
        event.listen(engine, "begin", _nothing_written_yet)
        event.listen(engine, "after_cursor_execute", _note_what_writes)
        event.listen(engine, "commit", _announce_what_was_written)
    return engine


def announce(session: Session) -> None:
    """Tell whoever listens, when this transaction commits, to look again; on SQLite its file says so by itself.

    For what must be heard though the engine does not announce. There is nothing in it but that something was written.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_NOTIFY)


_NOTIFY: Final = text(f"NOTIFY {_CHANNEL}")


def _as_the_server_says(connection: Any, *_: object) -> None:
    """Once a reader has used it, SQLAlchemy leaves it at READ WRITE, which would write on a server switched to
    read-only; None asks for neither."""
    if connection.read_only is not None:
        connection.read_only = None


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[Any, ...]], _context: object) -> bool:
    """Send a COPY its rows: the server takes the first while the last are still written."""
    if not _copies(statement):
        return False
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
    return True


def _copies(statement: str) -> bool:
    return statement.startswith("COPY ")


def _nothing_written_yet(connection: Connection) -> None:
    connection.info.pop(_CHANNEL, None)


def _note_what_writes(connection: Connection, *execution: Any) -> None:
    _, statement, _, context, _ = execution
    if context is not None and (context.isinsert or context.isupdate or context.isdelete or _copies(statement)):
        connection.info[_CHANNEL] = True


def _announce_what_was_written(connection: Connection) -> None:
    if connection.info.pop(_CHANNEL, False):
        connection.execute(_NOTIFY)  # the commit's own transaction: told if it succeeds, and only then


class Listener:
    """Hears, on a connection and a thread of its own, that somebody has written something."""

    def __init__(self, engine: Engine) -> None:
        self._engine = open_postgresql(engine.url, CONNECT_SECONDS, announces=False)
        self.times = 0
        """How often something may have been written."""
        self.is_listening = False
        self._closed = threading.Event()
        # A daemon: where the server does not answer, the end of the process does not wait for it.
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more; the connection ends within a second."""
        self._closed.set()

    def _listen(self) -> None:
        failures = 0
        while not self._closed.is_set():
            try:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql(f"LISTEN {_CHANNEL}")
                    failures = 0
                    self.times += 1  # while nobody listened, anything may have been written
                    self.is_listening = True
                    self._hear(connection)
            except Exception as error:  # noqa: BLE001  # the server is away; the listener outlives that, whatever it is
                self.is_listening = False
                failures += 1
                log.debug("not_listening", why=type(error).__name__)
                self._closed.wait(backoff(failures, first=0.2, longest=5))
        self._engine.dispose()

    def _hear(self, connection: Connection) -> None:
        import psycopg  # noqa: PLC0415  # 0.1 s that nobody on SQLite need wait

        driver: Any = connection.connection.driver_connection
        try:
            while not self._closed.is_set():
                if any(True for _ in driver.notifies(timeout=_LOOK_UP, stop_after=1)):
                    self.times += 1
        except psycopg.Error as error:
            connection.invalidate(error)  # SQLAlchemy was not asked, and does not know
            raise
