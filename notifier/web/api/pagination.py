"""Where the next page of a list begins; callers hand the mark back as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def parse_number_cursor(cursor: str | None) -> int | None:
    """The number that a `NumberCursor` holds."""
    return None if cursor is None else int(cursor)


def format_moment_cursor(at: datetime, number: int) -> str:
    """The cursor behind the row of this number that is due at `at` (UTC)."""
    return f"{(at - _EPOCH) // _MICROSECOND}-{number}"


def parse_moment_cursor(cursor: str | None) -> tuple[datetime, int] | None:
    """The instant (UTC) and the number that a `MomentCursor` holds."""
    if cursor is None:
        return None
    microseconds, _, number = cursor.partition("-")
    return _EPOCH + int(microseconds) * _MICROSECOND, int(number)
