"""A month's report as plain values: for programs, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
from typing import Any, Final, TextIO

from notifier.enrollments.importing.rows import guarded
from notifier.oversight.reports.figures import FEWEST, HIDDEN, Figures
from notifier.oversight.reports.month import MonthReport

COUNTS: Final = ("patients", "sent", "arrived", "asked", "answered", "silent", "opted_out", "segments")


def report_json(report: MonthReport) -> dict[str, Any]:
    """The whole report; null is a count that is hidden, named in `hidden`."""
    tables = {f"by_{name}": [_line(one) for one in lines] for name, lines in report.tables.items()}
    total = _line(report.total) if report.total else None
    return {"month": report.month, "hidden_below": FEWEST, "total": total, **tables}


def _line(one: Figures) -> dict[str, Any]:
    counts = {name: getattr(one, name) for name in COUNTS}
    hidden = [name for name, count in counts.items() if count == HIDDEN]
    values = {name: None if count == HIDDEN else count for name, count in counts.items()}
    return {
        "name": one.name,
        "others": one.others,
        **values,
        "minutes_to_a_person": one.minutes_to_a_person,
        "hidden": hidden,
    }


def write_report(out: TextIO, report: MonthReport) -> None:
    """A CSV: the sum, then each group. No cell begins as a formula does."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["month", "by", "name", *COUNTS, "minutes_to_a_person"])
    lines = [("all", one) for one in (report.total,) if one is not None]
    lines += [(by, one) for by, listed in report.tables.items() for one in listed]
    for by, one in lines:
        name = "" if by == "all" else name_of(one)
        minutes = "" if one.minutes_to_a_person is None else f"{one.minutes_to_a_person:.0f}"
        writer.writerow([report.month, by, guarded(name), *(said(one, count) for count in COUNTS), minutes])


def name_of(one: Figures) -> str:
    """What a group is called."""
    if one.others:
        return f"others ({one.others} together)"
    return one.name or "not said"


def said(one: Figures, name: str) -> str:
    """A count as a person reads it."""
    count = getattr(one, name)
    return "hidden" if count == HIDDEN else str(count)
