"""A month's report: what is counted where, and that no small count can be read from it."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from notifier.db.engine import writing
from notifier.db.tables import OptOut, Reply, TaskClaim
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.domain.tasks import TaskKind
from notifier.oversight.answers import minutes_to_a_person
from notifier.oversight.reports.figures import HIDDEN, Figures, shown
from notifier.oversight.reports.month import month_of, month_report
from notifier.oversight.reports.table import report_json, write_report
from schedules.segments import count_segments

NEW_YORK = ZoneInfo("America/New_York")
SPANISH = "Clínica: nada de sol. " * 5
WORDS = ("Keep it clean.", "x" * 160, "x" * 161, "é[]{}" * 40, "[" * 81, SPANISH, "a\nb", "tab\there", "😀" * 40)


def test_a_month_counts_what_left_in_it(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        for number in range(12):
            phone = f"+121255502{number:02d}"
            about = {"provider": "=Dr. Kim" if number % 2 else None, "external_id": f"v{number}"}
            id_ = rows.enrollment(session, phone=phone, enrolled_at=now - timedelta(days=40), **about)
            left = {"state": MessageState.DELIVERED, "left_at": now, "phone": phone, "sent_text": WORDS[number % 9]}
            rows.message(session, id_, **left)
            ask = rows.message(session, id_, **{**left, "sent_text": "Reply 1"}, kind="ask", expires_at=now)
            rows.message(session, id_, **{**left, "left_at": now - timedelta(days=7)})
            rows.message(session, id_, state=MessageState.EXPIRED, phone=phone)
            if number < 6:
                row = {
                    "sid": f"S{number}",
                    "phone": phone,
                    "text": "1",
                    "meaning": "answer",
                    "ask_id": ask,
                    "choice": "1",
                }
                session.add(Reply(**row, at=now + timedelta(hours=1)))
        session.add(OptOut(phone="+12125550200", source="keyword", at=now, by="patient"))
        session.flush()
        later = now + timedelta(days=2)
        report = month_report(session, "2026-03", NEW_YORK, later)
        told = report_json(report)
    total = told["total"]
    expected = sum(count_segments(WORDS[number % 9]).count for number in range(12)) + 12
    assert [12, 24, 24, 12, 6, 6, None, expected] == [
        total[name] for name in ("patients", "sent", "arrived", "asked", "answered", "silent", "opted_out", "segments")
    ]
    assert ["opted_out"] == total["hidden"]
    assert {"=Dr. Kim": 6, None: 6} == {one["name"]: one["patients"] for one in told["by_provider"]}
    assert [expected] == [one["segments"] for one in told["by_protocol"]]
    out = io.StringIO()
    write_report(out, report)
    names = [row["name"] for row in csv.DictReader(io.StringIO(out.getvalue()))]
    assert ["", "microneedling"] == names[:2]
    assert "'=Dr. Kim" in names


def test_only_what_needed_a_person_counts_until_one_came(engine: Engine, now: datetime) -> None:
    """What filed itself counted with no minutes, from before it was written down that it did, too."""
    cases: list[tuple[str | None, int | None, int | None]] = [
        ("itself", 0, None), (None, 0, None), ("staff:Dana", 20, None), ("cli:root", 60, 10), (None, None, 30),
        (None, None, None),
    ]  # fmt: skip
    with writing(engine) as session:
        for number, (by, closed, claimed) in enumerate(cases):
            at = None if closed is None else now + timedelta(minutes=closed)
            row: dict[str, Any] = {"sid": f"S{number}", "phone": "+12125550101", "text": "?", "meaning": "other"}
            session.add(reply := Reply(**row, at=now, closed_at=at, closed_by=by))
            session.flush()
            if claimed is not None:
                work: dict[str, Any] = {"kind": TaskKind.REPLY.value, "number": reply.id or 0}
                session.add(TaskClaim(**work, at=now + timedelta(minutes=claimed), by="staff:Dana"))
        session.flush()
        assert 20 == minutes_to_a_person(session, now, now + timedelta(hours=1))


def test_no_small_count_is_shown_and_none_can_be_worked_out() -> None:
    def lines(**groups: tuple[int, int]) -> list[tuple[str | None, int, int, int]]:
        given: dict[str | None, Figures] = {
            name: Figures(patients=many, opted_out=out) for name, (many, out) in groups.items()
        }
        return [(one.name, one.others, one.patients, one.opted_out) for one in shown(given)]

    assert [] == lines(a=(4, 0))
    assert [("a", 0, 9, 0), ("b", 0, 5, 6)] == lines(a=(9, 0), b=(5, 6))
    assert [("a", 0, 90, 7), (None, 2, 7, 0)] == lines(a=(90, 7), b=(4, 0), c=(3, 0))
    assert [(None, 2, 94, 7)] == lines(a=(90, 7), b=(4, 0))  # alone, the small one would be the sum less the other
    assert [("a", 0, 90, 8), ("b", 0, 50, HIDDEN), ("c", 0, 20, HIDDEN)] == lines(a=(90, 8), b=(50, 6), c=(20, 2))


def test_a_month_is_the_clinics_own(subtests: pytest.Subtests) -> None:
    since, until = month_of("2026-03", NEW_YORK)
    assert ("2026-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00") == tuple(
        one.astimezone(NEW_YORK).isoformat() for one in (since, until)
    )
    for said in ("2026-13", "March", "0001-01", "9999-12", ""):
        with subtests.test(said), pytest.raises(Refused, match="write it like 2026-11"):
            month_of(said, NEW_YORK)
