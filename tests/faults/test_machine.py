"""The state machine of `tests/machine`, for longer, and on both databases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import IntegrityError

from notifier.db.engine import open_engine
from notifier.domain.planning import difference
from notifier.domain.planning.difference import PlannedChange
from notifier.domain.states import MessageState
from notifier.enrollments import keys
from notifier.sending import decide, last_look
from notifier.sending.claim import Claim
from notifier.sending.decide import Send
from notifier.sending.facts import Due, FactsOfBatch
from notifier.sending.last_look import Verdict
from tests.faults.conftest import FULL, tell_true_time
from tests.machine.machine import BEGINS, PROFILES, Clinic, counted
from tests.machine.search import search
from tests.machine.test_machine import on_sqlite
from tests.machine.world import World


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["everything", *PROFILES])
def test_the_promises_hold_in_every_order_for_longer(profile: str, sqlite_template: Path) -> None:
    search(on_sqlite(sqlite_template, profile), seeds=range(100, 110), examples=5, steps=30)


def _no_last_look(one: Claim, due: Due, facts: FactsOfBatch, now: datetime) -> Verdict:
    decision = facts.decide(due, now)
    return now + timedelta(seconds=decision.validity_seconds if isinstance(decision, Send) else 600)


def _comes_back_as_it_was(row: Any, message: Any, phone: str, now: datetime) -> PlannedChange | None:
    overtaken = row.phone == phone and message is not None and message.due_at is None
    return None if overtaken else _ON_ITS_WAY(row, message, phone, now)


def _keeps_its_moment(row: Any, message: Any, phone: str, now: datetime) -> PlannedChange | None:
    has_left, is_planned = row.state in (MessageState.ACCEPTED, MessageState.SENT), message and message.due_at
    return None if has_left and is_planned else _ON_ITS_WAY(row, message, phone, now)


_ON_ITS_WAY = difference._on_its_way
PUT_BACK: dict[str, tuple[str, Any, str, Any]] = {
    "K2": ("come back", difference, "_on_its_way", _comes_back_as_it_was),
    "K2, by a receipt alone": ("come back", difference, "_on_its_way", _keeps_its_moment),
    "K4": ("come back", last_look, "_as_it_is", _no_last_look),
    "K8": ("numbers", keys, "_standing", lambda *_: []),
    "beside another": ("everything", decide, "waits_until", lambda *_, **__: None),
}
"""Faults of the second round, and texts to one number that no quarter of an hour keeps apart: in which profile each is
found, and what brings it back."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", PUT_BACK)
def test_a_fault_that_is_put_back_is_found(
    fault: str, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the shortest order of operations that shows it is printed: what is found has broken a promise before any
    fortnight, so that none of the hundreds of runs that look for it needs one. K2 by a receipt alone was found and
    shrunk to three operations in 188 runs: as long as most receipts came before any text, and no day was read in a
    text's words, it never was."""
    profile, place, name, value = PUT_BACK[fault]
    monkeypatch.setattr(place, name, value)
    hurried = type("Hurried", (on_sqlite(sqlite_template, profile),), {"comes_to_rest": False})
    before = counted["runs"]
    with pytest.raises((AssertionError, IntegrityError)) as found:
        search(hurried, seeds=range(12), examples=15, steps=20)
    with capsys.disabled():
        runs, why = counted["runs"] - before, str(found.value).splitlines()[0]
        said = [f"\n{fault}: {runs} runs, shrinking among them; {why}", *found.value.__notes__]
        sys.stdout.write("\n".join(said) + "\n")


@pytest.mark.slow  # emptying every table between runs takes minutes
@pytest.mark.postgres
def test_the_promises_hold_on_postgresql(postgresql_url: str) -> None:
    """Its database is emptied for each run; it does not go back in time, which nobody does to a server in a second.

    The server's own clock, by which the gate and the leases go, shows the world's true time.
    """
    worlds = list[World]()
    tell_true_time(postgresql_url)

    def say_when(connection: Connection) -> None:
        now = worlds[-1].truth.now() if worlds else BEGINS
        connection.exec_driver_sql("SELECT set_config('world.now', %s, true)", (now.isoformat(),))

    @contextmanager
    def emptied(_place: Path) -> Iterator[Engine]:
        worlds.clear()
        engine = open_engine(postgresql_url)
        event.listen(engine, "begin", say_when)
        yield engine
        with engine.begin() as connection:
            found = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            kept = ("alembic_version", "staff_audit", "audit_shown", "audit_seals")  # nothing empties an audit log
            names = [name for (name,) in found if name not in kept]
            connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
        engine.dispose()

    class OnPostgresql(Clinic):
        open_engine = staticmethod(emptied)
        goes_back = False

        def _enroll(self, who: tuple[str, str], course: tuple[str, int, bool], zone: str, language: str) -> None:
            worlds.append(self.world)
            super()._enroll(who, course, zone, language)

    search(OnPostgresql, seeds=range(20 if FULL else 2), examples=5 if FULL else 2, steps=30)
