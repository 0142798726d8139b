"""A world for faults: a database, a loopback Twilio with its ledger, one clock for all, and processes to kill."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select, text
from sqlmodel import col

from notifier.clock import ShiftedClock
from notifier.db.engine import file_of, is_sqlite, reading, writing
from notifier.db.outbox import by_id, in_state
from notifier.db.tables import Attempt, Message
from notifier.domain.states import MessageState
from notifier.sandbox.running import RunningSandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER
from notifier.sending.gates.polls import last_poll
from tests.conftest import Rows
from tests.faults.process import LONGEST_WAIT, WorkerProcess, until
from tests.faults.processes import ROOT, Processes

S = MessageState
BEGINS = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
"""Friday, 11:00 in New York."""
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


class Service:
    """Made by the fixtures in conftest.py. Time stands where `jump` puts it, and runs on from there."""

    def __init__(self, engine: Engine, url: str, sandbox: RunningSandbox, folder: Path, processes: Processes) -> None:
        self.engine, self.url, self.sandbox, self.folder, self.processes = engine, url, sandbox, folder, processes
        self.clock = ShiftedClock(folder / "clock")
        self.workers: list[WorkerProcess] = []
        self.patients: list[tuple[str, str]] = []
        """Every name and number used."""
        self.settings: dict[str, str] = {}
        self._planned = 0

    @property
    def faults(self) -> Any:
        return self.sandbox.sandbox.faults

    def jump(self, to: datetime) -> None:
        """Set every clock: the worker's, the provider's, and the database's where leases are written by it."""
        if not is_sqlite(self.engine):
            with self.engine.begin() as connection:
                by = {"to": to}
                connection.execute(text("UPDATE shifted.clock SET ahead = :to - pg_catalog.clock_timestamp()"), by)
        set_clock(self.folder, to)

    def pass_(self, **span: float) -> None:
        self.jump(self.clock.now() + timedelta(**span))

    def step(self, **span: float) -> None:
        """Let time pass between two calls, and wait until the worker has noticed: it asks for what patients wrote."""
        asked = len(self.sandbox.sandbox.requests)
        until(lambda: self._passed_between_calls(**span), lambda: f"a call does not end: {self.states()}")
        until(lambda: len(self.sandbox.sandbox.requests) > asked, "the worker noticed nothing")

    def _passed_between_calls(self, **span: float) -> bool:
        """False where a call is under way: it would have begun in one hour and reached Twilio in another."""
        with nobody_can_write(self):
            if self.states().get(S.ATTEMPTING):
                return False
            self.pass_(**span)
            return True

    def start(self, *, ready: bool = True, **settings: str) -> WorkerProcess:
        """A worker process; `settings` beside those that every worker gets."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        environment = {**self._environment(), **self.settings, **settings}
        worker = WorkerProcess(self.processes.fork(environment, self.folder, log), log, self.processes)
        self.workers.append(worker)
        if ready:
            worker.until_said("ready")
        return worker

    def until_caught_up(self) -> None:
        """The worker has read what patients wrote, so that it may send."""
        until(self.has_read, "no inbound poll was completed")

    def has_read(self, since: datetime = BEFORE_ALL) -> bool:
        """Whether a worker has read what patients wrote, in a poll that began then or later."""
        with reading(self.engine) as session:
            found = last_poll(session)
            return found is not None and found.completed_at >= since

    @property
    def alive(self) -> list[WorkerProcess]:
        return [worker for worker in self.workers if worker.code is None]

    def kill_all(self) -> None:
        for worker in self.alive:
            worker.send(signal.SIGKILL)
        until(lambda: not self.alive, "a killed worker lives")

    def enroll(self, phone: str | None = None, **values: Any) -> tuple[int, str]:
        """A patient with a number of her own; her enrollment and the number."""
        name, phone = self._somebody(phone)
        given = {"name": name, "folded_name": name.casefold().replace(" ", ""), "phone": phone}
        with writing(self.engine) as session:
            return Rows(self.clock.now()).enrollment(session, **{**given, **values}), phone

    def _somebody(self, phone: str | None = None) -> tuple[str, str]:
        number = len(self.patients)
        self.patients.append((f"Quilla Zedova{_letters(number)}", phone or f"+1212{5550100 + number}"))
        return self.patients[-1]

    def plan(self, *, due: datetime | None = None, patient: tuple[int, str] | None = None, **values: Any) -> int:
        """A text, due now unless said otherwise, to a patient of its own unless said otherwise; no two are alike."""
        now = self.clock.now()
        enrollment, phone = patient or self.enroll()
        due = due or now
        self._planned += 1
        row = {
            "phone": phone, "nominal_at": due, "due_at": due, "not_before": min(due, now),
            "expires_at": due + timedelta(days=1), "text": f"Glow: keep it clean, says note {self._planned}.",
        }  # fmt: skip
        with writing(self.engine) as session:
            return Rows(now).message(session, enrollment, **{**row, **values})

    def plan_many(self, count: int, **values: Any) -> list[int]:
        return [self.plan(**values) for _ in range(count)]

    def plan_at_once(self, count: int, *, due: datetime) -> None:
        """Many texts in one transaction."""
        first = len(self.patients)
        rows = Rows(self.clock.now())
        when = {"nominal_at": due, "due_at": due, "expires_at": due + timedelta(days=1)}
        with writing(self.engine) as session:
            for number in range(first, first + count):
                name, phone = self._somebody()
                whose = rows.enrollment(session, name=name, folded_name=name.casefold(), phone=phone)
                rows.message(session, whose, phone=phone, text=f"Glow: note {number} for all of you.", **when)

    def shares(self) -> dict[str, int]:
        """How many calls each worker made."""
        with reading(self.engine) as session:
            found = select(col(Attempt.worker_id), func.count()).group_by(col(Attempt.worker_id))
            return dict(session.execute(found).all())

    def message(self, message: int) -> Message:
        with reading(self.engine) as session:
            found = by_id(session, message)
            assert found is not None
            return found

    def state(self, message: int) -> MessageState:
        return self.message(message).state

    def states(self) -> dict[MessageState, int]:
        with reading(self.engine) as session:
            found = select(col(Message.state), func.count()).group_by(col(Message.state))
            return dict(session.execute(found).all())

    def until_state(self, message: int, *states: MessageState, seconds: float = LONGEST_WAIT) -> None:
        until(
            lambda: self.state(message) in states,
            lambda: f"{self.state(message)}, not {states}: {[w.lines[-8:] for w in self.workers[-2:]]}",
            seconds=seconds,
        )

    def until_none(self, *states: MessageState, seconds: float = LONGEST_WAIT) -> None:
        until(lambda: not set(states) & set(self.states()), lambda: f"{self.states()}", seconds=seconds)

    def ledger_of(self, message: int) -> list[str]:
        """The SIDs under which Twilio has this text."""
        row = self.message(message)
        return [one.sid for one in self.sandbox.ledger if (one.to, one.body) == (row.phone, row.sent_text or row.text)]

    def attempts(self, message: int) -> list[Attempt]:
        with reading(self.engine) as session:
            found = select(Attempt).where(col(Attempt.message_id) == message).order_by(col(Attempt.started_at))
            return list(session.scalars(found))

    def due(self) -> int:
        """How many planned texts it is time for."""
        with reading(self.engine) as session:
            due = in_state(S.PLANNED) & (col(Message.due_at) <= self.clock.now())
            return session.scalar(select(func.count()).where(due)) or 0

    def waiting(self) -> int:
        """How many texts nobody has concluded anything about, though it is time to."""
        with reading(self.engine) as session:
            due = in_state(S.PLANNED) & (col(Message.due_at) <= self.clock.now())
            found = select(func.count()).where(due | in_state(S.ATTEMPTING, S.UNKNOWN))
            return session.scalar(found) or 0

    def creates(self) -> int:
        """How many times Twilio was asked to create a text."""
        return sum(one.method == "POST" and one.path.endswith("Messages.json") for one in self.sandbox.sandbox.requests)

    def logs(self) -> str:
        return "".join(worker.log.read_text("utf-8", "replace") for worker in self.workers if worker.log.exists())

    def _environment(self) -> Mapping[str, str]:
        return {
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "NOTIFIER_ENV": "test",
            "NOTIFIER_DATABASE_URL": self.url,
            "NOTIFIER_CLOCK_FILE": str(self.folder / "clock"),
            "NOTIFIER_FIRST_TEXT": "false",
            "NOTIFIER_CLINIC_NAME": "Glow",
            "NOTIFIER_CLINIC_PHONE": "212-555-0199",
            "NOTIFIER_TIMEZONE": "America/New_York",
            "NOTIFIER_MESSAGES_PER_SECOND": "0",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM_NUMBER": SENDER,
            "TWILIO_API_URL": self.sandbox.url,
        }


def set_clock(folder: Path, to: datetime) -> None:
    """Write the clock file that all processes read, as a whole."""
    new = folder / "clock.new"
    new.write_text(to.isoformat(), encoding="ascii")
    new.replace(folder / "clock")


def _letters(number: int) -> str:
    """26 becomes "ba": names have no digits."""
    return ("" if number < 26 else _letters(number // 26)) + chr(97 + number % 26)


@contextmanager
def nobody_can_write(service: Service) -> Iterator[None]:
    """Somebody else holds the lock that every writer needs."""
    file = file_of(service.engine)
    if file is None:
        with service.engine.begin() as connection:
            connection.execute(text("LOCK TABLE messages, attempts IN EXCLUSIVE MODE"))
            yield
        return
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
