"""An iCalendar file as a table: one row for each event, with the columns below."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from icalendar import Calendar

from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import as_text

COLUMNS: Final = ("UID", "Start", "End", "Summary", "Description", "Location", "Status", "Organizer")
_MOST_EVENTS: Final = 20_000


def read_calendar(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The header and the events in the file's order. Raises Refused; an event that repeats is refused by its row."""
    try:
        calendar = Calendar.from_ical(as_text(data))
    except (ValueError, IndexError, KeyError) as why:
        raise Refused(f"the calendar cannot be read ({str(why)[:80]}); export it again as .ics") from None
    yield 1, list(COLUMNS)
    for number, event in enumerate(calendar.walk("VEVENT"), 2):
        if number > _MOST_EVENTS:
            raise Refused(f"the calendar has over {_MOST_EVENTS:,} events; export fewer days")
        if "RRULE" in event or "RDATE" in event:
            # A visit is one visit: a series would enroll the patient for ever.
            yield number, [str(event.get("UID", "")), "repeats", "", str(event.get("SUMMARY", "")).strip()]
            continue
        words = (str(event.get(name, "")).strip() for name in COLUMNS[3:])
        yield number, [str(event.get("UID", "")), _when(event.get("DTSTART")), _when(event.get("DTEND")), *words]


def _when(value: Any) -> str:
    """With an offset where the zone is known, be it by its IANA or its Windows name; else the clock of the clinic."""
    at = getattr(value, "dt", None)
    match at:
        case datetime():
            return at.isoformat(timespec="minutes")
        case date():
            return at.isoformat()
    return ""
