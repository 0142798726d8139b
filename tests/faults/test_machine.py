"""The state machine of `tests/machine`, for longer, and on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from notifier.db.engine import open_engine
from tests.faults.conftest import FULL
from tests.machine.machine import Clinic, run
from tests.machine.test_machine import on_sqlite


@pytest.mark.skipif(not FULL, reason="NOTIFIER_TEST_FAULTS=all; a shorter run is in tests/machine")
def test_the_promises_hold_in_every_order_for_longer(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(on_sqlite(sqlite_template), monkeypatch, seeds=range(100, 140), examples=5, steps=40)


@pytest.mark.postgres
def test_the_promises_hold_on_postgresql(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its database is emptied for each run; it does not go back in time, which nobody does to a server in a second."""

    @contextmanager
    def emptied(_place: Path) -> Iterator[Engine]:
        engine = open_engine(postgresql_url)
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

    run(OnPostgresql, monkeypatch, seeds=range(20 if FULL else 2), examples=5 if FULL else 2, steps=30)
