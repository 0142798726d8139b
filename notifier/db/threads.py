"""The database off the event loop: its calls block, so they run in a few threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from notifier.db.engine import is_sqlite, reading, writing

_T = TypeVar("_T")
_POSTGRESQL_THREADS = 4


class DatabaseThreads:
    """Runs a function with a session. One thread for SQLite, which has one writer anyway; a few for PostgreSQL.

    A call that has begun always runs to its end: cancelling the caller cannot tear a transaction in half.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        threads = 1 if is_sqlite(engine) else _POSTGRESQL_THREADS
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="database")

    async def write(self, operation: Callable[[Session], _T]) -> _T:
        """Run `operation` in a transaction: committed when it returns, rolled back when it raises. Its result."""

        def transaction() -> _T:
            with writing(self.engine) as session:
                return operation(session)

        return await asyncio.get_running_loop().run_in_executor(self._pool, transaction)

    async def read(self, operation: Callable[[Session], _T]) -> _T:
        """Run `operation` in a session that only reads and return its result; never waits for a writer."""

        def look() -> _T:
            with reading(self.engine) as session:
                return operation(session)

        return await asyncio.get_running_loop().run_in_executor(self._pool, look)

    def close(self, *, wait: bool = True) -> None:
        """Start no other operation; `wait` for those that run."""
        self._pool.shutdown(wait=wait, cancel_futures=True)
