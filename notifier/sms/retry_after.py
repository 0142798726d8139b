"""How long the provider asks us to wait."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST: Final = 3600.0


def seconds_to_wait(headers: Mapping[str, str] | None) -> float | None:
    """Retry-After in seconds, 0 to 3600, or None where there is none or nobody could read it.

    A Retry-After given as a date is counted from the answer's own Date, so no clock of ours is asked.
    """
    said = headers.get("Retry-After") if headers else None
    if not headers or said is None:
        return None
    if said.strip().isdecimal():
        return min(float(said), _LONGEST)
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date") or "")
    except (TypeError, ValueError):
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST)
