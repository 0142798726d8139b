"""A worker that is never restarted."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.process import WorkerProcess, until
from tests.faults.world import BEGINS, World

MEGABYTE = 1 << 20


@pytest.mark.parametrize(("days", "texts"), [(4, 20), pytest.param(90, 50, marks=pytest.mark.slow)])
def test_day_after_day_leaves_no_memory_and_no_file_behind(sqlite_world: World, days: int, texts: int) -> None:
    world = sqlite_world
    for day in range(days):
        world.plan_at_once(texts, due=BEGINS + timedelta(days=day))
    worker = world.start(NOTIFIER_IN_FLIGHT="4")
    memory, files = [], []
    for day in range(days):
        world.jump(BEGINS + timedelta(days=day, minutes=1))
        until(lambda: not world.waiting(), lambda: str(world.states()))
        world.sandbox.settle()
        memory.append(resident(worker))
        files.append(len(list(Path(f"/proc/{worker.pid}/fd").iterdir())))
    assert texts * days == len(world.sandbox.ledger)
    settled = max(1, days // 4)
    assert max(memory[settled:]) - memory[settled] < 20 * MEGABYTE
    assert max(files[settled:]) - files[settled] < 10, "connections come and go; four calls are made at once"


def resident(worker: WorkerProcess) -> int:
    """Bytes of memory."""
    status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024
