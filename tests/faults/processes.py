"""A process that forks worker processes, so that two hundred of them do not each import the program anew.

What it forks are processes of their own, with a pid, a log and a memory that SIGKILL ends as any other. Requests come
as JSON lines on stdin; answers (`{"pid": 1}`, and `{"pid": 1, "code": -9}` once it has ended) leave on stdout.
"""

from __future__ import annotations

import gc
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Queue
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]


class Processes:
    """The other end: asks for workers, and remembers how they ended."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.processes"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._born: Queue[int | None] = Queue()
        self.codes: dict[int, int] = {}
        """How each process ended: its exit code, negative for a signal."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def fork(self, environment: Mapping[str, str], folder: Path, log: Path) -> int:
        """Start a worker there, writing to that file; its pid."""
        assert self._process.stdin
        wish = {"environment": dict(environment), "folder": str(folder), "log": str(log)}
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        pid = self._born.get(timeout=60)
        assert pid is not None, "the one that starts processes has ended: see its traceback"
        return pid

    def close(self) -> None:
        """End it; the processes that still run stay."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._reader.join(timeout=10)
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            if "code" in said:
                self.codes[said["pid"]] = said["code"]
            else:
                self._born.put(said["pid"])
        self._born.put(None)


def rear(requests: IO[str]) -> None:
    """Fork what is asked for and tell who ended, until nobody asks any more."""
    while True:
        readable, _, _ = select.select([requests], [], [], 0.02)
        if readable:
            line = requests.readline()
            if not line:
                return
            pid = os.fork()
            if pid == 0:
                work(json.loads(line))
            tell({"pid": pid})
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                tell({"pid": ended[0], "code": os.waitstatus_to_exitcode(ended[1])})


def tell(news: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(news) + "\n")
    sys.stdout.flush()


def work(wish: dict[str, Any]) -> None:
    """In the forked process: what `notifier worker` does."""
    from notifier.bootstrap.run_worker import run_worker  # noqa: PLC0415  # imported already, by who forked us
    from notifier.config.settings import load_settings  # noqa: PLC0415  # the same

    log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for old, new in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(old, new)
    os.chdir(wish["folder"])
    os.environ.clear()
    os.environ.update(wish["environment"])
    raise SystemExit(run_worker(load_settings()))


if __name__ == "__main__":
    # Whatever a worker needs is imported here, once: what is missing each of them would import anew.
    import anyio._backends._asyncio  # noqa: F401  # anyio imports it at its first use
    import psycopg  # noqa: F401  # SQLAlchemy imports it with the first address of a PostgreSQL
    from sqlalchemy.orm import configure_mappers

    import notifier.bootstrap.run_worker
    import notifier.db.migrate
    import notifier.sms.twilio_gateway
    import notifier.web.app  # noqa: F401  # the same
    from schedules.catalogue import shipped

    configure_mappers()
    shipped()
    gc.freeze()
    rear(sys.stdin)
