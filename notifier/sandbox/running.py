"""The sandbox in a thread of its own, for callers that are not async."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from notifier.sandbox.callbacks import Posted
from notifier.sandbox.keywords import Keyword
from notifier.sandbox.messages import LedgerEntry
from notifier.sandbox.server import Sandbox

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that runs in another thread. What is not async may be used on `sandbox` directly."""

    sandbox: Sandbox
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """The API's address."""
        return self.sandbox.url

    @property
    def ledger(self) -> list[LedgerEntry]:
        """Every text created through the API, in order."""
        return list(self.sandbox.ledger)

    def settle(self) -> None:
        """Let every text under way travel to its end, and post the receipts."""
        self.wait_for(self.sandbox.settle())

    def release(self) -> None:
        """Answer what `sandbox.keep_back()` kept back."""
        self.wait_for(self.sandbox.release())

    def receive(self, from_: str, body: str, media: int = 0, opt_out_type: Keyword | None = None) -> Posted | None:
        """A text from a patient."""
        return self.wait_for(self.sandbox.receive(from_, body, media, opt_out_type))

    def wait_for(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine where the sandbox runs, and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=60)


@contextmanager
def running_sandbox(*, now: Callable[[], datetime], **options: Any) -> Iterator[RunningSandbox]:
    """A sandbox in a thread, with the options of `Sandbox`, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    running = RunningSandbox(Sandbox(now=now, **options), loop)
    try:
        running.wait_for(running.sandbox.__aenter__())
        try:
            yield running
        finally:
            running.wait_for(running.sandbox.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
