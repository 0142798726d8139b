"""The database off the event loop: its calls block, so they run in a few threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from notifier.db.engine import file_of, is_sqlite, reading, writing

_T = TypeVar("_T")
_POSTGRESQL_THREADS = 4


@contextmanager
def working(session: Session, operation: Callable[[], object]) -> Iterator[None]:
    """Run `operation` with this session while the caller computes, who must not touch the session meanwhile.

    What it raises is raised at the end. On SQLite there is no server that could work beside us: it runs at once.
    """
    if session.get_bind().dialect.name != "postgresql":
        operation()
        yield
        return
    with ThreadPoolExecutor(1, thread_name_prefix="database") as thread:
        running = thread.submit(operation)
        yield
        running.result()


class DatabaseThreads:
    """Runs a function with a session. SQLite has one thread that writes, as it has one writer anyway, and one that
    reads meanwhile; PostgreSQL a few for both.

    A call that has begun always runs to its end: cancelling the caller cannot tear a transaction in half.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.written = object()
        """Another one right before and right after each commit of note: whoever looks in between sees either state."""
        threads = 1 if is_sqlite(engine) else _POSTGRESQL_THREADS
        self._writers = self._readers = ThreadPoolExecutor(threads, thread_name_prefix="database")
        if file_of(engine) is not None:  # in memory there is one connection, which cannot do both
            self._readers = ThreadPoolExecutor(1, thread_name_prefix="reader")

    async def write(self, operation: Callable[[Session], _T], *, of_note: bool = True) -> _T:
        """Run `operation` in a transaction: committed when it returns, rolled back when it raises. Its result.

        `of_note`: it may change what becomes of a text that is claimed.
        """

        def transaction() -> _T:
            with writing(self.engine) as session:
                result = operation(session)
                self._mark(of_note)
            self._mark(of_note)
            return result

        return await asyncio.get_running_loop().run_in_executor(self._writers, transaction)

    async def read(self, operation: Callable[[Session], _T]) -> _T:
        """Run `operation` in a session that only reads and return its result; never waits for a writer."""

        def look() -> _T:
            with reading(self.engine) as session:
                return operation(session)

        return await asyncio.get_running_loop().run_in_executor(self._readers, look)

    def _mark(self, of_note: bool) -> None:
        if of_note:
            self.written = object()

    def close(self, *, wait: bool = True) -> None:
        """Start no other operation; `wait` for those that run."""
        for pool in {self._writers, self._readers}:
            pool.shutdown(wait=wait, cancel_futures=True)
