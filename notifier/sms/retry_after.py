"""How long the provider asks us to wait."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_SHORTEST: Final = 1.0
_LONGEST: Final = 300.0
"""Who asks for nothing would be asked again at once; who asks for a day has a mistake in it, and texts expire."""


def seconds_to_wait(headers: Mapping[str, str] | None) -> float | None:
    """Retry-After in seconds, clamped to 1 to 300, or None where there is none or nobody could read it.

    A Retry-After given as a date is counted from the answer's own Date, so no clock of ours is asked.
    """
    said = headers.get("Retry-After") if headers else None
    if not headers or said is None:
        return None
    if said.strip().isdecimal():
        return _clamped(float(said))
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date") or "")
    except (TypeError, ValueError):
        return None
    return _clamped(wait.total_seconds())


def _clamped(seconds: float) -> float:
    return min(max(seconds, _SHORTEST), _LONGEST)
