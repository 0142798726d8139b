"""Where passwords are hashed: one at a time for strangers, one at a time for people who were here before.

A hash takes 64 MiB and a core. Without a room of their own, forty sign-ins at once take the memory of the process that
the worker runs in, and every thread that webhooks and pages need.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Final

from starlette.responses import Response

BUSY: Final = "Many people are signing in at once. Try again in a few seconds."
_QUEUE: Final = 8
"""How many may wait in a lane; somebody waits for a second or two at most."""


_LOWER: Final = 10
"""What is added to the nice value of a thread that hashes."""


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
        self._thread = ThreadPoolExecutor(1, "hashing", initializer=_give_way)
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
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._thread, context.run, work)


def _give_way() -> None:
    """Whoever signs in can wait: a hash takes only what pages, webhooks and the worker leave of the cores.

    Linux has a priority for each thread, and the threads that Argon2 begins have that of the one that begins them.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a sandbox may forbid it: then a hash is as important as a page
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _LOWER)
