"""Enrollments per second: through the import and one by one, against the same statements with nothing around them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryFile
from time import perf_counter

import structlog
from sqlalchemy import Engine, func, select

from notifier.db.engine import open_engine, reading, writing
from notifier.db.tables import Message
from notifier.enrollments.enroll import enroll
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.requests import EnrollRequest
from notifier.logs import configure_logs
from schedules.catalogue import shipped
from tests.benchmarks import clinic
from tests.benchmarks.databases import Databases
from tests.benchmarks.replay import listening, tell_again
from tests.benchmarks.table import Line, at_least, show

_IMPORTED, _ONE_BY_ONE = 2000, 150
_REPEATS = 3
_WARM, _ELSEWHERE = 20, 100_000
"""Staff enroll through a server that has run for a while: so many others come first, and are not counted."""


def measure(databases: Databases) -> None:
    """On each database; the best of a few, ours and bare in turn, so that a noisy neighbor troubles both alike."""
    for kind in databases.kinds:
        with _logging_as_a_service():
            many, bare_many, texts = _against_bare(databases, kind, _import, _IMPORTED)
            one, bare_one, _ = _against_bare(databases, kind, _enroll_each, _ONE_BY_ONE)
        show(
            f"Enrollments on {kind}, durable",
            [
                Line(
                    f"import: {_IMPORTED:,} rows, {texts:,} texts, 500 in a transaction",
                    f"{many:,.0f}/s", f"{many / bare_many:.2f} of bare", *at_least(2000, many, written="{:,.0f}/s"),
                ),
                Line("  the same statements bare", f"{bare_many:,.0f}/s"),
                Line(
                    "one by one: a transaction for each", f"{one:,.0f}/s", f"{one / bare_one:.2f} of bare",
                    *at_least(0.35, one / bare_one, written="{:.2f} of bare"),
                ),
                Line("  the same statements bare", f"{bare_one:,.0f}/s"),
            ],
        )  # fmt: skip


@contextmanager
def _logging_as_a_service() -> Iterator[None]:
    """What the server says of each enrollment it says here, too, into a file as a service's journal is."""
    with TemporaryFile("w") as journal:
        configure_logs(journal)
        yield
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def _against_bare(
    databases: Databases, kind: str, write: Callable[[Engine, int], None], count: int
) -> tuple[float, float, int]:
    """Ours and bare, in enrollments per second, and how many texts there were.

    Bare tells the driver the same statements with the same parameters, BEGIN and COMMIT among them, on a connection as
    durable as ours, and reads every answer to its end.
    """
    ours, bare, texts = [], [], 0
    for _ in range(_REPEATS):
        url, again, unheard = (databases.fresh(kind) for _ in range(3))
        engine = open_engine(unheard)
        _warm_up(engine)
        others = _texts(engine)
        with engine.connect():
            begun = perf_counter()
            write(engine, count)
            ours.append(perf_counter() - begun)
        texts = _texts(engine) - others
        engine.dispose()
        engine = open_engine(url)
        with listening(engine) as told:
            _warm_up(engine)
            before = len(told)
            write(engine, count)
        engine.dispose()
        bare.append(tell_again(again, told, untimed=before))
        for done in (url, again, unheard):
            databases.drop(done)
    return count / min(ours), count / min(bare), texts


def _texts(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


def _import(engine: Engine, count: int) -> None:
    report = import_rows(
        engine, clinic.csv_file(0, count), protocols=shipped(), rules=clinic.RULES, now=clinic.NOW, by="bench"
    )
    assert report.written == count, report.faults[:3]


def _warm_up(engine: Engine) -> None:
    _enroll_each(engine, _WARM, first=_ELSEWHERE)


def _enroll_each(engine: Engine, count: int, first: int = 0) -> None:
    protocols = shipped()
    for row in clinic.rows(first, count):
        request = EnrollRequest(
            name=row["name"], phone=row["phone"], protocol=row["protocol"], consent=row["consent"],
            treated_at=datetime.fromisoformat(row["treated_at"]), timezone=row["timezone"], language=row["language"],
            external_id=row["external_id"],
        )  # fmt: skip
        with writing(engine) as session:
            enroll(session, request, protocols=protocols, rules=clinic.RULES, now=clinic.NOW, by="bench")
