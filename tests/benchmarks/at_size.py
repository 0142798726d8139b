"""A large clinic at the command line: lists of twenty thousand enrollments, and the day after a restore."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url

from notifier.db.engine import open_engine, writing
from notifier.db.threads import DatabaseThreads
from notifier.sending.adopt import adopt
from notifier.sending.gates.recoveries import begin_after_restore
from notifier.sms.gateway import ProviderMessage
from tests.benchmarks.clinic import NOW
from tests.benchmarks.databases import Databases
from tests.benchmarks.outbox import fill_due, fill_pending
from tests.benchmarks.table import Line, at_most, show

_PENDING, _LATE, _LISTED = 200_000, 200_000, 500_000
_SETTINGS = {
    "NOTIFIER_CLINIC_NAME": "Glow",
    "NOTIFIER_CLINIC_PHONE": "212-555-0100",
    "NOTIFIER_TIMEZONE": "America/New_York",
    "NOTIFIER_ENV": "test",
    "NOTIFIER_STAFF": "Dana",
    "TWILIO_API_URL": "http://127.0.0.1:1",
}


def measure(databases: Databases) -> None:
    """Lists, then the day after a restore."""
    url = databases.fresh("SQLite")
    lines = [replace(_ran(url, 1, "due", "--within", "7d"), what="notifier due, where nobody is enrolled")]
    fill_pending(url, _PENDING)
    lines += [_ran(url, 1, "due", "--within", "7d"), _ran(url, 1, "enrollments")]
    show(f"Command line, {_PENDING // 10:,} enrollments, {_PENDING:,} texts planned, on SQLite", lines)
    databases.drop(url)
    url = databases.fresh("SQLite")
    known = _LISTED - _LATE
    fill_due(url, known, begin=NOW - timedelta(hours=9))
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE messages SET state = 'delivered', sid = printf('SM%032x', id), left_at = due_at, attempts = 1")
        )
    fill_due(url, _LATE, begin=NOW - timedelta(hours=5))
    with writing(engine) as session:
        begin_after_restore(session, up_to=NOW - timedelta(hours=6), now=NOW, by="bench")
    engine.dispose()
    lines = [_ran(url, 5, "recover", "--plan"), *_adopted(url)]
    show(f"After a restore: {_LATE:,} texts had left, of {_LISTED:,} that Twilio lists, on SQLite", lines)
    databases.drop(url)


def _ran(url: str, most: float, *words: str) -> Line:
    """A command as somebody types it, its start included."""
    place = Path(str(make_url(url).database)).parent
    (place / "clock").write_text(NOW.isoformat())
    environment = {**os.environ, **_SETTINGS, "NOTIFIER_DATABASE_URL": url, "NOTIFIER_CLOCK_FILE": str(place / "clock")}
    begun, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(
        [sys.executable, "-m", "notifier", *words], env=environment, check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    took, after = perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    target = at_most(most, took, written="{:.0f} s")
    return Line(f"notifier {' '.join(words)}", f"{took:.2f} s", f"{after.ru_utime - before:.2f} s of a core", *target)


def _adopted(url: str) -> list[Line]:
    """In a process of its own, whose memory is its alone."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_adopt, args=(url, theirs))
    process.start()
    took, texts, held, before, early, most = ours.recv()
    process.join()
    return [
        Line(
            "notifier recover --apply",
            f"{took:.0f} s",
            f"{_LISTED / took:,.0f} texts/s",
            f"{texts:,} adopted",
            texts == _LATE,
        ),
        Line("numbers held by mistake", str(held), "", *at_most(0, held)),
        Line(
            "its memory at the end",
            f"{most:.0f} MB",
            f"{most - early:+.0f} MB since a tenth",
            *at_most(30, most - early),
        ),
        Line("before it began", f"{before:.0f} MB"),
    ]


def _adopt(url: str, answer: Any) -> None:
    engine = open_engine(url)
    threads, tenth = DatabaseThreads(engine), list[float]()

    def said(read: int, _left: int) -> None:
        if read >= _LISTED / 10 and not tenth:
            tenth.append(_most())

    before, begun = _most(), perf_counter()
    found = asyncio.run(adopt(threads, _Listing(url), now=NOW, by="bench", said=said))  # type: ignore[arg-type]  # it lists, and nothing else
    answer.send((perf_counter() - begun, found.texts, len(found.held), before, tenth[0], _most()))
    threads.close()
    engine.dispose()


def _most() -> float:
    """Megabytes, the most that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Listing:
    """Twilio's list of everything that the database calls planned or delivered, newest first, page by page."""

    def __init__(self, url: str) -> None:
        self._file = str(make_url(url).database)

    async def list_sent(
        self, to: str | None, since: datetime, *, sender: str | None = None
    ) -> AsyncIterator[ProviderMessage]:
        last = 1 << 60
        while to is None:
            with closing(sqlite3.connect(self._file)) as database:
                page = database.execute(
                    "SELECT id, phone, text, due_at FROM messages WHERE id < ? ORDER BY id DESC LIMIT 200", (last,)
                ).fetchall()
            for last, phone, words, due_at in page:  # the next page goes on from the last of this one
                at = datetime.fromisoformat(due_at).astimezone(UTC)
                yield ProviderMessage(
                    f"SM{last:032x}", "outbound-api", "+12125550100", phone, words, "delivered", None, at
                )
            if not page:
                return
