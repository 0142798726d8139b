"""How long it takes to find a patient, to list patients, a day and a month, among a hundred thousand enrollments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifier.db.engine import is_sqlite, open_engine, reading, writing
from notifier.db.search_words import write_words
from notifier.oversight import visits
from notifier.oversight.patient_list import PatientQuery, patient_page
from notifier.oversight.reports.month import month_report
from tests.benchmarks.clinic import NOW, ZONE
from tests.benchmarks.databases import Databases
from tests.benchmarks.history import fill_history
from tests.benchmarks.table import Line, at_most, percentile, show

PATIENTS = 100_000
_TIMES = 20
_FIRST = (
    "Ana", "Beatriz", "Chloé", "Dina", "Eva", "Fay", "Grace", "María José", "Søren", "Jo", "Karen", "Lin", "Mei",
    "Noor", "Olga", "Pia", "Quinn", "Rosa", "Sara", "Tess",
)  # fmt: skip
_LAST = (
    "Ruiz", "Lima", "Martin", "Shah", "Novák", "O'Neill", "Kim", "de la Cruz", "García", "López", "Adams", "Berg",
    "Chen", "Diaz", "Evans", "Flores", "Gupta", "Haas", "Ivanova", "Jones",
)  # fmt: skip
"""Each is of five thousand, which is more than any name of a clinic's has."""
_TYPED = (
    "ana ruiz",
    "Cruz, María",
    "Lima Beatriz",
    "0123",
    "2003",
    "visit-4711",
    "+1 212 205-0123",
    "garcia",
    "Dr. Kim",
)
_DAY, _ZONE = NOW.date(), ZoneInfo(ZONE)
_PROVIDERS = (None, "Dr. Kim", "Dr. Rivera", "Nurse Ana")


def measure(databases: Databases) -> None:
    """Each question again and again, on both databases."""
    for kind in databases.kinds:
        url = databases.fresh(kind)
        fill_history(url, PATIENTS)
        name_everybody(url)
        _measure(kind, url)
        databases.drop(url)


def name_everybody(url: str) -> None:
    """Give everybody a name, three of four a provider, and the words that all are found by."""
    engine = open_engine(url)
    with writing(engine) as session:
        rows = [
            {
                "id": number,
                "name": f"{_FIRST[number % 20]} {_LAST[number // 20 % 20]} {chr(65 + number % 26)}"
                f"{chr(97 + number // 26 % 26)}{chr(97 + number // 7 % 26)}ora",
                "provider": _PROVIDERS[number % 4],
                "external_id": f"visit-{number}",
                "phone": f"+1212{2_000_000 + number:07d}",
            }
            for number in range(1, PATIENTS + 1)
        ]
        update = text("UPDATE enrollments SET name = :name, provider = :provider WHERE id = :id")
        session.execute(update, rows)
        session.execute(text("UPDATE messages SET sent_text = text WHERE left_at IS NOT NULL"))
        write_words(session, [row["id"] for row in rows], rows)  # type: ignore[misc]  # ids are numbers
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if is_sqlite(engine) else "VACUUM ANALYZE"))
    engine.dispose()


def count_week(session: Session) -> object:
    """As the page of a day has it."""
    return visits.count_visits(session, visits.week_of(_DAY), _ZONE, NOW)


def _measure(kind: str, url: str) -> None:
    engine = open_engine(url)
    asked: dict[str, tuple[float, Callable[[Session], object]]] = {
        typed: (50, partial(patient_page, query=PatientQuery(typed))) for typed in _TYPED
    }
    asked |= {
        "the list": (100, lambda session: patient_page(session, PatientQuery())),
        "its page 1,000": (100, lambda session: patient_page(session, PatientQuery(), 1000)),
        "one day": (100, lambda session: (visits.visits(session, _DAY, _ZONE, NOW), count_week(session))),
        "unmarked visits": (100, lambda session: (visits.unmarked(session, NOW), visits.count_unmarked(session, NOW))),
        "a month's report": (100, lambda session: month_report(session, "2026-02", _ZONE, NOW)),
        "of one provider": (100, lambda session: patient_page(session, PatientQuery(provider="Dr. Kim"))),
    }
    lines = []
    with reading(engine) as session:
        for name, (most, ask) in asked.items():
            took = []
            for _ in range(_TIMES):
                session.expire_all()
                begun = perf_counter()
                ask(session)
                took.append(1e3 * (perf_counter() - begun))
            best, half = min(took), percentile(took, 0.5)
            lines.append(
                Line(f"{name}: fastest / half within", f"{best:.0f} / {half:.0f} ms", "",
                     *at_most(most, half, written="{:.0f} ms"))
            )  # fmt: skip
    engine.dispose()
    show(f"Finding on {kind}, {PATIENTS:,} enrollments", lines, "Each is one call of the use case.")
