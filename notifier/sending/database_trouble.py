"""Database trouble: said once, by whichever round meets it first, and over with the next write that succeeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

TROUBLE: Final = (OperationalError, InterfaceError, NoConnection)
"""The database is away, locked or full, or takes no writes: the same transaction will succeed later."""
log = structlog.get_logger()


class DatabaseTrouble:
    """Whether the worker's database can be used. A turn that may send nothing only reads: it may notice nothing."""

    def __init__(self, unsaved: Callable[[], int]) -> None:
        """`unsaved`: how many outcomes wait in memory."""
        self._unsaved = unsaved
        self._stands = False

    def met(self, error: Exception) -> bool:
        """Whether this error is such trouble; then it has been said."""
        if not isinstance(error, TROUBLE):
            return False
        if not self._stands:
            self._stands = True
            log.error("database_trouble", why=type(error).__name__, unsaved=self._unsaved())
        return True

    def wrote(self) -> None:
        """A write was committed."""
        self._stands = False
