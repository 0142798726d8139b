"""A clinic after two years of a hundred patients a day, on SQLite: what it weighs, and how long everything takes."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from notifier.db.engine import database_time, open_engine, writing
from notifier.db.search_words import refresh_words
from notifier.maintenance.backups import back_up
from notifier.sending.gates import polls
from tests.benchmarks.claiming import AT_ONCE, CLAIMS, claim_cost, next_due_cost
from tests.benchmarks.clinic import NOW
from tests.benchmarks.databases import Databases
from tests.benchmarks.history import TEXTS, fill_history
from tests.benchmarks.outbox import fill_due
from tests.benchmarks.pages import MOST, desk, visited
from tests.benchmarks.table import Line, at_most, show
from tests.benchmarks.work import fill_work

_PATIENTS = 2 * 365 * 100
_PAGES = {
    "Today": "/",
    "what is open": "/tasks",
    "the list of patients": "/patients",
    "a patient": f"/patients/{_PATIENTS - 10}",
    "the day": f"/day/{NOW:%Y-%m-%d}",
    "Delivery": "/delivery",
    "the month's report": f"/reports/{NOW:%Y-%m}",
    "the audit log": "/audit-log",
    "metrics": "/metrics",
}
_LOOKS, _AT_ONCE = 4, 2000
_VISITS = 300
"""Pages looked at before memory and descriptors are read again."""


def measure(databases: Databases) -> None:
    """Fill it, look at it, claim from it, back it up."""
    url = databases.fresh("SQLite")
    fill_history(url, _PATIENTS)
    fill_work(url)
    engine = open_engine(url)
    _fill_traces(engine)
    file = Path(str(make_url(url).database))
    size = file.stat().st_size
    lines = [
        Line("size of the database", f"{size / 1e9:.2f} GB", f"{size / _PATIENTS / 1e3:.1f} KB a patient"),
        *_pages(engine),
        *_claims(engine, url),
        _backup(engine, file),
    ]
    engine.dispose()
    databases.drop(url)
    title = f"Two years, {_PATIENTS:,} patients, {_PATIENTS * TEXTS:,} texts, on SQLite"
    show(title, lines, "With every attempt, receipt, event and look of those years. Pages: half / 95 % of 20 visits.")


def _pages(engine: Engine) -> list[Line]:
    with desk(engine) as (browser, form):
        lines = [visited(name, MOST, partial(browser.get, path)) for name, path in _PAGES.items()]
        who = {"form": form, "who": "Patient 77"}
        lines.append(visited("a search by name", MOST, lambda: browser.post("/find", data=who)))
        before = _resident(), _descriptors()
        for number in range(_VISITS):
            browser.get([*_PAGES.values()][number % len(_PAGES)])
        after = _resident(), _descriptors()
    grown = (after[0] - before[0]) / 1e6
    return [
        *lines,
        Line(f"memory after {_VISITS} more pages", f"{after[0] / 1e6:.0f} MB", f"{grown:+.1f} MB", *at_most(5, grown)),
        Line("open files then", str(after[1]), f"{after[1] - before[1]:+d}", *at_most(0, after[1] - before[1])),
    ]


def _claims(engine: Engine, url: str) -> list[Line]:
    fill_due(url, CLAIMS * AT_ONCE, begin=NOW)
    with writing(engine) as session:
        polls.completed(session, at=database_time(session, NOW), read_up_to=NOW)
    return [
        Line("the next due instant", f"{1e3 * next_due_cost(engine):.2f} ms"),
        Line(f"a claim of {AT_ONCE} texts", f"{1e3 * claim_cost(engine):.1f} ms"),
    ]


def _backup(engine: Engine, file: Path) -> Line:
    to, begun = file.with_name(f"{file.name}.backup"), perf_counter()
    back_up(engine, to, now=NOW, by="bench")
    took = perf_counter() - begun
    to.unlink()
    return Line("a backup, checked", f"{took:.1f} s")


def _fill_traces(engine: Engine) -> None:
    """What two years leave behind beside the texts: attempts, receipts, events, looks of staff, words to search by."""
    sid, token = "printf('SM%032x', id)", "printf('%08x-0000-4000-8000-%012x', id, id)"
    left = "FROM messages WHERE left_at IS NOT NULL"
    attempts = "attempts (id, message_id, worker_id, started_at, lease_until, finished_at, outcome, sid, empty_lists)"
    event = 'INSERT INTO events (enrollment_id, message_id, at, "by", what, from_state, to_state, commitment)'
    looks = 'INSERT INTO staff_audit (at, "by", what, about, enrollment_id, address, device)'
    moves = (("planned", "attempting"), ("attempting", "accepted"), ("accepted", "sent"), ("sent", "delivered"))
    seal = "'" + "0" * 64 + "'"
    statements = [
        f"UPDATE messages SET sid = {sid}, sent_text = text WHERE left_at IS NOT NULL",
        f"INSERT INTO {attempts} SELECT {token}, id, {token}, left_at, left_at, left_at, 'accepted', sid, 0 {left}",
        f"{event} SELECT id, NULL, enrolled_at, 'desk', 'enrolled', NULL, NULL, {seal} FROM enrollments",
    ]
    for status in ("sent", "delivered"):
        receipt = f"SELECT sid, '{status}', 0, {token}, left_at, 'webhook' {left}"
        statements.append(f"INSERT INTO receipts (sid, status, error_code, token, at, source) {receipt}")
    for seen, to in moves:
        moved = f"SELECT enrollment_id, id, left_at, 'worker', 'state', '{seen}', '{to}', {seal} {left}"
        statements.append(f"{event} {moved}")
    one_look = "SELECT enrolled_at, 'staff:Dana', 'looked', 'patient', id, '192.168.1.20', 'tablet' FROM enrollments"
    statements += [f"{looks} {one_look}"] * _LOOKS
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    for first in range(1, _PATIENTS + 1, _AT_ONCE):
        with writing(engine) as session:
            refresh_words(session, range(first, min(first + _AT_ONCE, _PATIENTS + 1)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _descriptors() -> int:
    with suppress(OSError):
        return len(list(Path("/proc/self/fd").iterdir()))
    return 0
