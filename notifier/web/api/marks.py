"""Where the next page of a list begins; callers hand the mark back as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from notifier.domain.refused import Refused

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def id_of(mark: str | None) -> int | None:
    """Of a list that is ordered by number. Raises Refused."""
    if mark is not None and not mark.isdigit():
        raise Refused("page is none of this list's; send next_page of the answer before", "page")
    return None if mark is None else int(mark)


def moment_mark(at: datetime, number: int) -> str:
    """Of a list that is ordered by time, then by number."""
    return f"{(at - _EPOCH) // _MICROSECOND}-{number}"


def moment_of(mark: str | None) -> tuple[datetime, int] | None:
    """The time and number of such a mark. Raises Refused."""
    if mark is None:
        return None
    microseconds, dash, number = mark.partition("-")
    if not dash:
        raise Refused("page is none of this list's; send next_page of the answer before", "page")
    return _EPOCH + int(microseconds) * _MICROSECOND, int(number)
