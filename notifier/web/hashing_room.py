"""Where passwords are hashed: one at a time for strangers, one at a time for people who were here before.

A hash takes 64 MiB and a core. Without a room of their own, forty sign-ins at once take the memory of the process that
the worker runs in, and every thread that webhooks and pages need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from starlette.responses import Response

BUSY: Final = "Many people are signing in at once. Try again in a few seconds."
_QUEUE: Final = 8
"""How many may wait in a lane; somebody waits for a second or two at most."""


class TooMany(Exception):
    """The queue is full; try again in some seconds."""


class HashingRoom:
    """One for each web process."""

    def __init__(self) -> None:
        """Both lanes are empty."""
        self._lanes = {known: Lane() for known in (False, True)}

    def lane(self, *, known: bool) -> Lane:
        """The lane of people who were here before, or of strangers."""
        return self._lanes[known]

    async def run(self, work: Callable[[], Response], *, known: bool) -> Response:
        """Do the work in a thread, in its turn. Raises TooMany."""
        with self.lane(known=known).place() as lane:
            return await lane.run(work)


class Lane:
    """One hash at a time, and a short queue."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._one: anyio.CapacityLimiter | None = None
        self._waiting = 0

    @contextmanager
    def place(self) -> Iterator[Lane]:
        """A place in the queue, before anything is asked of the database. Raises TooMany."""
        if self._waiting > _QUEUE:
            raise TooMany
        self._waiting += 1
        try:
            yield self
        finally:
            self._waiting -= 1

    async def run(self, work: Callable[[], Response]) -> Response:
        """Do the work in a thread, in its turn."""
        if self._one is None:  # it belongs to the loop that it is made in
            self._one = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(work, limiter=self._one)
