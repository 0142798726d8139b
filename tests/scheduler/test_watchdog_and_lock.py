"""A worker that hangs is ended, systemd is told, and one lock means one worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifier.scheduler.watchdog import HANGS_AFTER, SystemdPing, hangs_after, notify_systemd
from notifier.scheduler.worker_lock import AnotherWorker, exclusive

NOW = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)
HANGS = """
import threading
from notifier.scheduler import watchdog
watchdog.EVERY = 0.05
watchdog.Watchdog(lambda: 121.0).start()
threading.Event().wait(20)
"""


def test_a_worker_that_hangs_is_ended_with_its_stacks() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30, check=False)
    assert 70 == ended.returncode
    assert "Thread 0x" in ended.stderr


WORKERS_THAT_HANG = """
import asyncio, os, sys, threading
from pydantic import SecretStr
from notifier.sending.dispatch import Dispatch
from notifier.bootstrap.run_worker import build_worker
from notifier.clock import Clock
from notifier.db.engine import open_engine
from notifier.db.threads import DatabaseThreads
from notifier.scheduler import watchdog, worker
from notifier.config.settings import Settings
from tests.setups.fakes import FakeClock, FakeGateway

async def hangs(self): await asyncio.Event().wait()
async def blocks(self): threading.Event().wait()
async def raises(self): raise RuntimeError("again and again")
watchdog.EVERY = 0.05

async def run():
    threads = DatabaseThreads(open_engine(sys.argv[1]))
    settings = Settings(_env_file=None, env="test", database_url=SecretStr("unused"), watchdog_usec=1_100_000)
    clock = Clock()
    await build_worker(settings, threads, FakeGateway(FakeClock(clock.now())), clock).run()

codes = []
for Dispatch.turn in (hangs, blocks, raises):
    if not (child := os.fork()):
        asyncio.run(run())
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
sys.exit(70 if codes == [70, 70, 70] else str(codes))
"""


def test_a_worker_whose_turns_do_not_end_is_ended_whatever_keeps_them(sqlite_url: str) -> None:
    """A call that never returns, a thread that never yields, or the same error again and again."""
    script = [sys.executable, "-c", WORKERS_THAT_HANG, sqlite_url]
    here = Path(__file__).parents[2]
    ended = subprocess.run(script, cwd=here, capture_output=True, text=True, timeout=30, check=False)
    assert 70 == ended.returncode, ended.stderr


def test_systemd_is_told_and_nobody_where_there_is_none(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        notify_systemd("READY=1", address)
        assert b"READY=1" == systemd.recv(100)
    notify_systemd("READY=1", None)
    notify_systemd("READY=1", str(tmp_path / "gone"))


def test_systemd_is_pinged_four_times_within_its_limit_and_only_after_progress(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.setblocking(False)
        ping = SystemdPing(address, 80_000_000)
        for at, expected in [(100.0, 1), (119.9, 0), (120.0, 1), (120.0, 0), (500.0, 1), (500.0, 0)]:
            ping.progressed(at)
            assert expected == _pings(systemd), at


def _pings(systemd: socket.socket) -> int:
    heard = 0
    while True:
        try:
            heard += b"WATCHDOG=1" == systemd.recv(100)
        except BlockingIOError:
            return heard


def test_a_worker_that_hangs_ends_itself_before_systemd_would() -> None:
    assert [HANGS_AFTER, HANGS_AFTER, 81.0] == [hangs_after(None), hangs_after(600_000_000), hangs_after(90_000_000)]


def test_a_second_worker_is_told_who_the_first_is(tmp_path: Path) -> None:
    database = tmp_path / "notifier.db"
    with (
        exclusive(database, now=NOW),
        pytest.raises(AnotherWorker, match=rf"pid {os.getpid()}, since 2026-03-07T15:00:00Z"),
        exclusive(database, now=NOW),
    ):
        pass


def test_a_lock_file_that_was_left_behind_means_nothing(tmp_path: Path) -> None:
    database = tmp_path / "notifier.db"
    (tmp_path / "notifier.db.lock").write_text("1 2020-01-01T00:00:00Z and more", encoding="ascii")
    with exclusive(database, now=NOW):
        assert f"{os.getpid()} 2026-03-07T15:00:00Z" == (tmp_path / "notifier.db.lock").read_text(encoding="ascii")
