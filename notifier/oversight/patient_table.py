"""The list of patients as plain values: for programs, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import Any, Final, TextIO
from zoneinfo import ZoneInfo

from notifier.enrollments.importing.rows import guarded
from notifier.oversight.patient_list import PatientLine, PatientPage, TextSummary

_TEXT: Final = ("step", "state", "at")
COLUMNS: Final = (
    "enrollment", "external_id", "name", "phone", "protocol", "provider", "office", "state", "unread",
    *(f"last_text_{name}" for name in _TEXT), *(f"next_text_{name}" for name in _TEXT),
)  # fmt: skip


def page_json(page: PatientPage) -> dict[str, Any]:
    """A page as plain values; instants as ISO 8601 in UTC."""
    found = [one.found_by.name.lower() if one.found_by is not None else None for one in page.lines]
    patients = [{**line_json(one), "found_by": by} for one, by in zip(page.lines, found, strict=True)]
    return {"many": page.many, "page": page.number, "pages": page.pages, "patients": patients}


def line_json(line: PatientLine) -> dict[str, Any]:
    """One line by `COLUMNS`."""
    one = line.enrollment
    values = (
        one.id, one.external_id, one.name, one.phone, one.protocol, one.provider, one.office, one.state.value,
        line.unread, *_text(line.last), *_text(line.next),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _text(text: TextSummary | None) -> Sequence[str | None]:
    return (text.step, text.state.value, text.at.isoformat()) if text else (None, None, None)


def write_patients(out: TextIO, lines: Iterable[PatientLine], zone: ZoneInfo) -> None:
    """A CSV, instants on that clock. No cell begins as a formula does, and a number is text to every spreadsheet."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        values = line_json(line)
        for name, text in (("last_text_at", line.last), ("next_text_at", line.next)):
            values[name] = f"{text.at.astimezone(zone):%Y-%m-%d %H:%M}" if text else None
        values |= {"unread": "yes" if line.unread else ""}
        writer.writerow([guarded("" if value is None else str(value)) for value in values.values()])
