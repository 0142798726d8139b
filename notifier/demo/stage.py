"""The stage: a temporary clinic. A database, a loopback Twilio, a clock that can be set, and a real worker process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from notifier.clock import ShiftedClock
from notifier.config.settings import surroundings
from notifier.db.engine import open_engine
from notifier.db.schema import upgrade
from notifier.demo.cast import CLINIC_NAME, CLINIC_PHONE, CLINIC_STAFFED, CLINIC_ZONE
from notifier.sandbox.running import RunningSandbox, running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER

_LONGEST_WAIT = 180.0
"""Seconds after which something hangs, however slow the machine is; a worker that has ended is noticed at once."""
_LOOK = 0.02
"""Seconds between two looks."""


class StageTrouble(Exception):
    """The demo cannot go on; says what it waited for."""


class Stage:
    """What the script is played on. Times are set with `jump`; between two jumps the clock runs as any other."""

    def __init__(self, folder: Path, clock: ShiftedClock, engine: Engine, sandbox: RunningSandbox) -> None:
        self.engine, self.sandbox = engine, sandbox
        self._folder, self._clock = folder, clock
        self._worker: subprocess.Popen[bytes] | None = None
        self.starts = 0
        """How often a worker was started."""
        self._never = threading.Event()

    def now(self) -> datetime:
        """What every clock on the stage shows."""
        return self._clock.now()

    def jump(self, to: datetime) -> None:
        """Set all clocks; never back."""
        if to > self.now():
            _write_clock(self._folder, to)

    @property
    def pid(self) -> int:
        """The worker's process."""
        assert self._worker is not None
        return self._worker.pid

    @property
    def worker_died(self) -> bool:
        """Whether the worker has ended without being told to."""
        return self._worker is not None and self._worker.poll() is not None

    def start_worker(self) -> None:
        """Start it and wait until it is ready."""
        self.starts += 1
        self._worker = self._start("worker", self._log, self._environment())
        self.wait_until(lambda: _is_ready(self._log), "the worker to start")

    def stop_worker(self) -> None:
        """End it in an orderly way."""
        if self._worker is not None:
            _stop(self._worker)

    @contextmanager
    def serving(self, command: str, **settings: str) -> Iterator[None]:
        """Another process of ours beside the worker, with these settings too, from when it is ready."""
        log = self._folder / f"{command}.log"
        process = self._start(command, log, self._environment() | settings)
        try:
            self.wait_until(lambda: _is_ready(log), f"the {command} server to start")
            yield
        finally:
            _stop(process)

    def _start(self, command: str, log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with log.open("wb") as stderr:
            return subprocess.Popen(
                [sys.executable, "-m", "notifier", command],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    def wait_until(self, so: Callable[[], bool], what: str, *, alive: bool = True) -> None:
        """Look again until it is so; raises StageTrouble when that takes too long or (`alive`) the worker has died."""
        looks = 0
        while not so():
            if alive and self.worker_died:
                raise StageTrouble(
                    f"the worker ended while the demo waited for {what}; it last said:\n{self._last_words()}"
                )
            looks += 1
            if looks * _LOOK > _LONGEST_WAIT:
                raise StageTrouble(
                    f"waited {_LONGEST_WAIT:.0f} s for {what}, in vain; the worker last said:\n{self._last_words()}"
                )
            self._never.wait(_LOOK)

    def _last_words(self) -> str:
        lines = self._log.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-5:]) or "nothing"

    @property
    def _log(self) -> Path:
        return self._folder / f"worker-{self.starts}.log"

    def _environment(self) -> dict[str, str]:
        """None of the host's settings: no credentials of a real account can reach the demo's worker."""
        return surroundings() | {
            "PYTHONPATH": str(Path(__file__).parents[2]),  # also where the program is not installed
            "NOTIFIER_ENV": "demo",
            "NOTIFIER_CLOCK_FILE": str(_clock_file(self._folder)),
            "NOTIFIER_DATABASE_URL": _database_url(self._folder),
            "NOTIFIER_CLINIC_NAME": CLINIC_NAME,
            "NOTIFIER_CLINIC_PHONE": CLINIC_PHONE,
            "NOTIFIER_TIMEZONE": CLINIC_ZONE,
            "NOTIFIER_STAFFED_HOURS": CLINIC_STAFFED,
            "NOTIFIER_MESSAGES_PER_SECOND": "0",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM_NUMBER": SENDER,
            "TWILIO_API_URL": self.sandbox.url,
        }


@contextmanager
def open_stage(begins: datetime) -> Iterator[Stage]:
    """A stage that shows `begins`, with its worker running; nothing of it is left afterwards."""
    with TemporaryDirectory(prefix="notifier-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _write_clock(folder, begins)
        clock = ShiftedClock(_clock_file(folder))
        engine = open_engine(_database_url(folder))
        try:
            upgrade(engine)
            with running_sandbox(now=clock.now, settle_at_once=True) as sandbox:
                stage = Stage(folder, clock, engine, sandbox)
                try:
                    stage.start_worker()
                    yield stage
                finally:
                    stage.stop_worker()
        finally:
            engine.dispose()


def _is_ready(log: Path) -> bool:
    return b'"ready"' in log.read_bytes()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write_clock(folder: Path, to: datetime) -> None:
    new = folder / "clock.new"
    new.write_text(to.isoformat(), encoding="ascii")
    new.replace(_clock_file(folder))


def _clock_file(folder: Path) -> Path:
    return folder / "clock"


def _database_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'demo.db'}"
