"""Scripted faults: what the sandbox does to a request instead of answering it well.

A fault creates nothing unless it says so: that is the whole difference between a text that may be sent again and one
that must not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from notifier.sandbox.wire import HttpReply

Operation = Literal["create", "list", "fetch"]


class Act(StrEnum):
    """What happens on the wire."""

    ANSWER = "answer"
    HANG = "hang"
    RESET = "reset"
    CLOSE = "close"
    TRUNCATE = "truncate"
    DRIP = "drip"
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request; `reply` None means the response that a good request would have had."""

    act: Act
    create: bool = False
    reply: HttpReply | None = None
    pid: int = 0


def created_then_kill(pid: int) -> Fault:
    """Stops that process, creates the message, writes the whole 201 to its socket, then kills it (SIGKILL)."""
    return Fault(Act.KILL, create=True, pid=pid)


class Faults:
    """The script. A recipient's own faults come first, then the queue, then what always happens."""

    def __init__(self) -> None:
        self._queue: dict[Operation, deque[Fault]] = {"create": deque(), "list": deque(), "fetch": deque()}
        self._recipients: dict[str, deque[Fault]] = {}
        self._always: dict[Operation, Fault] = {}

    def then(self, *faults: Fault, on: Operation = "create") -> None:
        """The next requests, in order."""
        self._queue[on].extend(faults)

    def to(self, recipient: str, *faults: Fault) -> None:
        """The next creates to that number, in order."""
        self._recipients.setdefault(recipient, deque()).extend(faults)

    def always(self, fault: Fault | None, on: Operation = "create") -> None:
        """Every request that has no other fault, until None ends it."""
        if fault:
            self._always[on] = fault
        else:
            self._always.pop(on, None)

    def next(self, operation: Operation, recipient: str | None) -> Fault | None:
        """The fault of this request, taken from the script."""
        for queue in (self._recipients.get(recipient or ""), self._queue[operation]):
            if queue:
                return queue.popleft()
        return self._always.get(operation)
