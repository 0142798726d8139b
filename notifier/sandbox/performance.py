"""How a scripted fault is performed on a connection."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from notifier.sandbox.faults import Act, Fault
from notifier.sandbox.wire import Connection, HttpReply


def perform(fault: Fault, reply: HttpReply, connection: Connection) -> asyncio.Task[None] | None:
    """Do to the connection what the script says; the task, where it takes time."""
    match fault.act:
        case Act.ANSWER:
            connection.reply(reply)
        case Act.HANG:
            pass  # the connection stays open and takes no further request
        case Act.RESET:
            connection.reset()
        case Act.CLOSE:
            connection.close()
        case Act.TRUNCATE:
            data = reply.on_the_wire()
            connection.write(data[: len(data) - len(reply.body) // 2 - 1])
            connection.close()
        case Act.DRIP:
            return asyncio.create_task(_drip(reply, connection))
        case Act.KILL:
            connection.write(reply.on_the_wire())
            os.kill(fault.pid, signal.SIGKILL)
    return None


async def stop(pid: int) -> None:
    """SIGSTOP the process, and wait until the kernel says that it stands still."""
    os.kill(pid, signal.SIGSTOP)
    while _runs(pid):  # noqa: ASYNC110  # the kernel sets no asyncio.Event
        await asyncio.sleep(0.001)


def _runs(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state not in "TtZX"


async def _drip(reply: HttpReply, connection: Connection) -> None:
    for byte in reply.on_the_wire():
        connection.write(bytes([byte]))
        await asyncio.sleep(0.05)
