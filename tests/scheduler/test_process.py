"""A real worker process against a loopback Twilio: ready, stopped, killed at the worst moment, refused."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from notifier.clock import Clock
from notifier.db.engine import file_of, reading, writing
from notifier.db.outbox import by_id
from notifier.db.tables import Message
from notifier.domain.states import MessageState
from notifier.sandbox.faults import created_then_kill
from notifier.sandbox.running import RunningSandbox, running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER
from tests.conftest import Rows
from tests.faults.process import WorkerProcess, until
from tests.faults.processes import Processes

S = MessageState
PHONE = "+12125550101"


class Noon(Clock):
    """The machine's clock, moved to noon in New York today."""

    def __init__(self) -> None:
        at = super().now()
        self.offset = at.replace(hour=17, minute=0, second=0) - at

    def now(self) -> datetime:
        return super().now() + self.offset


class Place:
    """A database, a sandbox and the worker processes between them."""

    def __init__(
        self, engine: Engine, sandbox: RunningSandbox, clock: Noon, directory: Path, forked: Processes
    ) -> None:
        self.engine, self.sandbox, self.clock, self._forked = engine, sandbox, clock, forked
        (directory / "clock").write_text(str(clock.offset.total_seconds()), encoding="ascii")
        self._directory = directory
        self._environment = {
            "PATH": os.environ["PATH"],
            "NOTIFIER_ENV": "test",
            "NOTIFIER_DATABASE_URL": f"sqlite:///{file_of(engine)}",
            "NOTIFIER_CLOCK_FILE": str(directory / "clock"),
            "NOTIFIER_CLINIC_NAME": "Glow",
            "NOTIFIER_CLINIC_PHONE": "212-555-0199",
            "NOTIFIER_TIMEZONE": "America/New_York",
            "NOTIFIER_MESSAGES_PER_SECOND": "0",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM_NUMBER": SENDER,
            "TWILIO_API_URL": sandbox.url,
        }
        self.processes: list[WorkerProcess] = []

    def start(self) -> WorkerProcess:
        log = self._directory / f"worker-{len(self.processes)}.log"
        pid = self._forked.fork(self._environment, self._directory, log)
        self.processes.append(WorkerProcess(pid, log, self._forked))
        return self.processes[-1]

    def plan(self, phone: str = PHONE) -> int:
        now = self.clock.now()
        rows = Rows(now)
        with writing(self.engine) as session:
            whose = rows.enrollment(session, phone=phone, treated_at=now)
            when = {"nominal_at": now, "due_at": now, "not_before": now, "expires_at": now + timedelta(days=1)}
            return rows.message(session, whose, phone=phone, **when)

    def message(self, message: int) -> Message:
        with reading(self.engine) as session:
            found = by_id(session, message)
            assert found is not None
            return found

    def until_state(self, message: int, *states: MessageState) -> None:
        until(lambda: self.message(message).state in states, f"not {states}: {self.processes[-1].lines}")


@pytest.fixture
def place(sqlite_engine: Engine, tmp_path: Path, processes: Processes) -> Iterator[Place]:
    clock = Noon()
    with (
        running_sandbox(now=clock.now) as sandbox,
        _ended(Place(sqlite_engine, sandbox, clock, tmp_path, processes)) as place,
    ):
        yield place


@contextmanager
def _ended(place: Place) -> Iterator[Place]:
    try:
        yield place
    finally:
        for process in place.processes:
            if process.code is None:
                process.end(signal.SIGKILL)


def test_it_says_ready_sends_what_is_due_and_ends_well_on_sigterm(place: Place) -> None:
    first = place.plan()
    worker = place.start()
    worker.until_said("ready")
    place.until_state(first, S.ACCEPTED)
    place.sandbox.sandbox.latency = 2.0
    second = place.plan("+12125550102")
    until(lambda: 2 == len(place.sandbox.ledger), f"not called: {worker.lines}")  # before, it would be given back
    assert 0 == worker.end()
    assert S.ACCEPTED == place.message(second).state
    assert 2 == len(place.sandbox.ledger)
    assert "stopped" == worker.lines[-1]["event"]
    assert not any(PHONE[2:] in json.dumps(line) or "Keep it clean" in json.dumps(line) for line in worker.lines)


def test_killed_between_twilios_answer_and_our_commit_it_never_sends_again(place: Place) -> None:
    worker = place.start()
    worker.until_said("ready")
    place.sandbox.sandbox.faults.then(created_then_kill(worker.pid))
    text = place.plan()
    assert -signal.SIGKILL == worker.wait()
    assert (S.ATTEMPTING, 1) == (place.message(text).state, len(place.sandbox.ledger))
    place.start().until_said("ready")
    place.until_state(text, S.ACCEPTED)
    assert place.sandbox.ledger[0].sid == place.message(text).sid
    assert 1 == len(place.sandbox.ledger)


def test_a_stop_sent_while_we_were_down_is_honored_before_the_first_send(place: Place) -> None:
    text = place.plan()
    place.sandbox.receive(PHONE, "please stop texting me")
    place.start()
    place.until_state(text, S.SUPPRESSED)
    assert [] == place.sandbox.ledger


def test_a_second_worker_is_refused_with_the_firsts_pid(place: Place) -> None:
    first = place.start()
    first.until_said("ready")
    second = place.start()
    assert 1 == second.wait()
    said = " ".join(line["event"] for line in second.lines)
    assert "AnotherWorker" in said
    assert f"pid {first.pid}, since " in said
    assert 0 == first.end(signal.SIGINT)
