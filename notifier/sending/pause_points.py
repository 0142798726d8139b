"""Named points at which a test may stop the engine between two steps of one text; a worker has nobody who listens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from enum import StrEnum


class PausePoint(StrEnum):
    """Where a text stands when its test is called; in this order."""

    CLAIMED = "claimed"
    """Its claim is committed; it waits for its turn to be called."""
    LOOKED = "looked"
    """The last look has let it go; the call comes next."""
    CALLED = "called"
    """The provider has answered, and nobody here has taken the answer in."""
    OUTCOME = "outcome"
    """What became of it is in memory; the transaction that writes it down comes next."""
    RECORDED = "recorded"
    """It is written down."""


Reached = Callable[[PausePoint, Collection[str]], Awaitable[None]]
"""Called with the ids of the attempts that have reached the point; they wait until it returns."""


async def nobody(point: PausePoint, attempts: Collection[str]) -> None:
    """Nobody stops anything."""
