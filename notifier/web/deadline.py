"""A result in time, even where the database takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

_T = TypeVar("_T")


class DatabaseSlow(Exception):
    """The database is busy, away, or cannot write; the same again in a moment may succeed."""


async def within(seconds: float, awaitable: Awaitable[_T]) -> _T:
    """What the database says, or DatabaseSlow. A call that has begun ends by itself, and may still be committed."""
    try:
        async with asyncio.timeout(seconds):
            return await awaitable
    except (TimeoutError, OperationalError, InterfaceError, NoConnectionLeft) as error:
        raise DatabaseSlow(type(error).__name__) from None
