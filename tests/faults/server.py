"""A PostgreSQL server that tests may stop, start and restart as an operator, or a power cut, would."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL


class Server:
    """`url` is its address; `immediate` in stop and restart is as good as a power cut."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: URL = make_url(server.get_uri(driver="psycopg"))
        self._tell("SELECT 1")

    def stop(self, mode: str = "immediate") -> None:
        self._control("-m", mode, "stop")

    def start(self) -> None:
        socket = str(self.url.query["host"])
        self._control("-o", f'-h "" -k {socket}', "-l", f"{self._server.pgdata}/again.log", "start")

    def restart(self, mode: str = "immediate") -> None:
        self._control("-m", mode, "-l", f"{self._server.pgdata}/again.log", "restart")

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """A database of its own; its address."""
        self._tell(f"CREATE DATABASE {name}")
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self._tell(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._server.ensure_postgres_running()  # it learns the pid of what we have started meanwhile
        self._server.cleanup()

    def _tell(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _control(self, *arguments: str) -> None:
        api = [str(self._server.bin_path / "pg_ctl"), "-w", "-D", str(self._server.pgdata), *arguments]
        subprocess.run(
            api, user=self._server.system_user, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
