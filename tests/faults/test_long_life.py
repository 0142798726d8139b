"""A worker that is never restarted."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.process import WorkerProcess, until
from tests.faults.service import BEGINS, Service

MEGABYTE = 1 << 20


@pytest.mark.parametrize(("days", "texts"), [(4, 20), pytest.param(90, 50, marks=pytest.mark.slow)])
def test_day_after_day_leaves_no_memory_and_no_file_behind(sqlite_service: Service, days: int, texts: int) -> None:
    service = sqlite_service
    for day in range(days):
        service.plan_at_once(texts, due=BEGINS + timedelta(days=day))
    worker = service.start(NOTIFIER_IN_FLIGHT="4")
    memory, files = [], []
    for day in range(days):
        service.jump(BEGINS + timedelta(days=day, minutes=1))
        until(lambda: not service.waiting(), lambda: str(service.states()))
        service.sandbox.settle()
        memory.append(resident(worker))
        files.append(len(list(Path(f"/proc/{worker.pid}/fd").iterdir())))
    assert texts * days == len(service.sandbox.ledger)
    settled = max(1, days // 4)
    assert max(memory[settled:]) - memory[settled] < 20 * MEGABYTE
    assert max(files[settled:]) - files[settled] < 10, "connections come and go; four calls are made at once"


def resident(worker: WorkerProcess) -> int:
    """Bytes of memory."""
    status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024
