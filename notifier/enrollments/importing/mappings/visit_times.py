"""When a visit begins and ends, as a booking system's row says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from notifier.domain.instants import is_at_night, local_date, local_text, read_instant
from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.cells import read_zone
from notifier.enrollments.importing.mappings.dates import clean, read_day
from notifier.enrollments.importing.mappings.mapping import Columns, EndFrom
from notifier.enrollments.importing.mappings.times import read_offset, read_time, with_zone_of

_MINUTES: Final = re.compile(r"(\d{1,4})(?:\.0+)?(?:\s*m(?:in\w*\.?)?)?", re.IGNORECASE)
_HOURS: Final = re.compile(
    r"(?:PT)?(\d{1,2})(?:\s*h(?:ou)?r?s?\.?\s*|:)(?:(\d{1,2})\s*(?:m(?:in\w*\.?)?|:00)?)?", re.IGNORECASE
)
_PARTS: Final = re.compile(r"(\d?\.\d+)\s*h(?:ou)?r?s?\.?", re.IGNORECASE)


def visit_times(row: Mapping[str, str], columns: Columns, zone: str) -> tuple[date, str, str]:
    """The date on the clock of `zone`, the start, and the end or ""; both with their offset. Raises Refused.

    `zone` is that of the office. A column of the row may name another, on whose clock the row's times are.
    """
    clock = (read_zone(row.get(columns.timezone, "")) if columns.timezone else "") or zone
    start = _start(row, columns, clock)
    begins = datetime.fromisoformat(local_text(start, zone))
    if is_at_night(start, zone):
        raise Refused(
            f"the visit begins at {begins:%H:%M} on the office's clock, which is odd; where the file writes UTC, say "
            'timezone = "UTC" in the mapping, else mend the time',
            "appointment_at",
        )
    end = _end(row, columns, columns.end, start, clock) if columns.end else None
    return begins.date(), local_text(start, zone), local_text(end, zone) if end else ""


def _start(row: Mapping[str, str], columns: Columns, clock: str) -> datetime:
    cell = row.get(columns.day.column, "")
    if (said := read_offset(cell)) is not None:
        return said
    day, rest = read_day(cell, columns.day.order, columns.day.column)
    column, text = (columns.start, row.get(columns.start, "")) if columns.start else (columns.day.column, rest)
    return _on(day, text, column, clock, "appointment_at")


def _end(row: Mapping[str, str], columns: Columns, end: EndFrom, start: datetime, clock: str) -> datetime:
    if end.column is None:
        minutes = end.minutes or _minutes(row.get(end.minutes_in or "", ""), end.minutes_in or "")
        return start + timedelta(minutes=minutes)
    cell = row.get(end.column, "")
    if (said := read_offset(cell)) is None:
        try:
            day, rest = read_day(cell, columns.day.order, end.column)
        except Refused:
            day, rest = local_date(start, clock), cell
        said = _on(day, rest, end.column, clock, "treated_at")
    if said <= start:
        raise Refused(f'{end.column} "{clean(cell)[:40]}" is not after the start', "treated_at")
    return said


def _on(day: date, text: str, column: str, clock: str, field: str) -> datetime:
    at = read_time(text, column)
    if (said := with_zone_of(text, datetime.combine(day, at))) is not None:
        return said
    return read_instant(f"{day.isoformat()}T{at:%H:%M}", clock, field, clinic_zone=clock)


def _minutes(cell: str, column: str) -> int:
    said = clean(cell)
    if found := _MINUTES.fullmatch(said):
        return int(found[1])
    if found := _HOURS.fullmatch(said):
        return int(found[1]) * 60 + int(found[2] or 0)
    if found := _PARTS.fullmatch(said):
        return round(float(found[1]) * 60)
    raise Refused(f'{column} "{said[:40]}" is no length; write minutes, such as 75', "treated_at")
