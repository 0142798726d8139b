"""When to try again: a text that Twilio accepted and lost, and a provider that cannot be reached."""

from __future__ import annotations

from collections.abc import Callable

Random = Callable[[], float]
"""A number from 0 to 1, another one each time."""


def backoff(failures: int, *, first: float, longest: float, random: Random | None = None) -> float:
    """Seconds to wait after that many failures in a row: `first`, doubled each time, at most `longest`.

    `random`: for what many of us wait for at once. Then it is somewhere between half of that and all of it, so that
    those who failed together do not come back together.
    """
    return spread(min(longest, first * 2.0 ** min(max(failures - 1, 0), 20)), random)


def spread(seconds: float, random: Random | None) -> float:
    """Between half of a wait and all of it; None: all of it."""
    return seconds if random is None else seconds * (1 + random()) / 2
