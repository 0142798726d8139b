"""Who sends: us, the bare SDK, and the peers. Each is a process that is given the same texts at the same Twilio."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.clinic import NOW
from tests.benchmarks.databases import Databases
from tests.benchmarks.outbox import fill_due
from tests.benchmarks.twilio import LoopbackTwilio
from tests.benchmarks.worker import Process, running, set_clock, worker

_PEERS = "tests.benchmarks.peers"
IN_FLIGHT = 64


@dataclass(frozen=True, slots=True)
class Race:
    """What is to be sent, and when it is due, in seconds from now."""

    count: int
    begin: float = 0.0
    over: float = 0.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What all contestants share."""

    databases: Databases
    twilio: LoopbackTwilio
    clock: Path
    peers_python: str
    """The interpreter that has the peers installed."""
    redis: str | None


@contextmanager
def us(ground: Ground, race: Race, kind: str = "SQLite") -> Iterator[Process]:
    url = ground.databases.fresh(kind)
    set_clock(ground.clock)
    fill_due(url, race.count, begin=NOW + timedelta(seconds=race.begin), over=race.over)
    with worker(url, ground.twilio, clock=ground.clock, in_flight=IN_FLIGHT) as process:
        yield process
    ground.databases.drop(url)


def bare(ground: Ground, race: Race, client: str) -> AbstractContextManager[Process]:
    """Over `httpx2`, `ours` or `stock`, or one after the other in a `loop`."""
    say = [sys.executable, "-m", f"{_PEERS}.bare_sdk", client, ground.twilio.url, str(race.count), str(IN_FLIGHT)]
    return running(say)


@contextmanager
def apscheduler(ground: Ground, race: Race, threads: int, grace: str = "none") -> Iterator[Process]:
    url = ground.databases.fresh("SQLite", empty=True)
    say = [sys.executable, "-m", f"{_PEERS}.apscheduler_each", url, *_told(ground, race), str(threads), grace]
    with running(say) as process:
        yield process
    ground.databases.drop(url)


@contextmanager
def procrastinate(ground: Ground, race: Race) -> Iterator[Process]:
    url = ground.databases.fresh("PostgreSQL", empty=True)
    say = [ground.peers_python, "-m", f"{_PEERS}.procrastinate_each", url, *_told(ground, race), str(IN_FLIGHT)]
    with running(say) as process:
        yield process
    ground.databases.drop(url)


@contextmanager
def celery(ground: Ground, race: Race) -> Iterator[Process]:
    """Threads, because a text is all waiting; its queue is filled before the worker starts."""
    assert ground.redis
    url = ground.databases.fresh("SQLite", empty=True)
    port = _free_port()
    with running([ground.redis, "--port", str(port), "--save", "", "--appendonly", "no"]):
        _wait_for_port(port)
        known = {"BENCH_REDIS": f"redis://127.0.0.1:{port}/0", "BENCH_DATABASE": url, "BENCH_TWILIO": ground.twilio.url}
        _, *when = _told(ground, race)
        with running([ground.peers_python, "-m", f"{_PEERS}.celery_eta", *when], known) as filling:
            filling.popen.wait(120)
        say = ["-m", "celery", "-A", f"{_PEERS}.celery_eta", "worker", "-P", "threads", "-c", str(IN_FLIGHT)]
        with running([ground.peers_python, *say, "--without-gossip", "--without-mingle"], known) as process:
            yield process
    ground.databases.drop(url)


def missing(ground: Ground) -> dict[str, str]:
    """The peers that cannot be measured here, and why."""
    why: dict[str, str] = {}
    install = f"pip install --group bench, into {ground.peers_python} or where --peers-python says"
    for peer in ("celery", "procrastinate"):
        found = subprocess.run([ground.peers_python, "-c", f"import {peer}"], capture_output=True, check=False)
        if found.returncode:
            why[peer] = f"{peer} is left out: it is not installed ({install})"
    if ground.redis is None:
        why["celery"] = "celery is left out: there is no redis-server (install Redis, or name it with --redis)"
    if "PostgreSQL" not in ground.databases.kinds:
        why["procrastinate"] = "procrastinate is left out: there is no PostgreSQL"
    return why


def find_redis(named: str | None) -> str | None:
    return shutil.which(named or "redis-server")


def _told(ground: Ground, race: Race) -> list[str]:
    return [ground.twilio.url, str(race.count), str(time.time() + race.begin), str(race.over)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
