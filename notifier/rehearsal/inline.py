"""The database without threads: nobody else has to go on meanwhile, and each run takes the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.db.threads import DatabaseThreads

_T = TypeVar("_T")


class InlineDatabase(DatabaseThreads):
    """Runs each function where it is asked for."""

    async def write(self, operation: Callable[[Session], _T], *, of_note: bool = True) -> _T:  # noqa: ARG002  # no look
        """See DatabaseThreads."""
        with writing(self.engine) as session:
            return operation(session)

    async def read(self, operation: Callable[[Session], _T]) -> _T:
        """See DatabaseThreads."""
        with reading(self.engine) as session:
            return operation(session)
