"""Whatever happens in whatever order: every promise that can be read from the protocol files holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import Engine

from notifier.db.engine import open_engine
from tests.machine.machine import Clinic, run


def test_the_promises_hold_in_every_order(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(on_sqlite(sqlite_template), monkeypatch, seeds=range(6), examples=3, steps=30)


def on_sqlite(template: Path) -> type[Clinic]:
    """The clinic on a fresh copy of the migrated file for each run."""

    @contextmanager
    def fresh(place: Path) -> Iterator[Engine]:
        copyfile(template, place / "notifier.db")
        engine = open_engine(f"sqlite:///{place / 'notifier.db'}")
        yield engine
        engine.dispose()

    class OnSqlite(Clinic):
        open_engine = staticmethod(fresh)

    return OnSqlite
