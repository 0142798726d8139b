"""An iCalendar file as a table: one row for each event, with the columns below."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from icalendar import Calendar, Component

from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import as_text

COLUMNS: Final = ("UID", "Start", "End", "Summary", "Description", "Location", "Status", "Organizer")
"""Then those that lines of the description name, such as "Phone: (212) 555-0123"."""
_LABEL: Final = re.compile(r"^[ \t]*([^\W\d_][\w /#.'-]{1,30}?)[ \t]*:[ \t]*(?!//)(\S.*?)[ \t]*$", re.MULTILINE)
_TAGS: Final = re.compile(r"<br\s*/?>|</(?:p|div|li)>", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<[^<>]{0,200}>")
_MOST_LABELS: Final = 20
_LONGEST: Final = 5_000
"""Characters of a description that are looked at."""
_MOST_EVENTS: Final = 20_000


def read_calendar(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The header and the events in the file's order. Raises Refused; an event that repeats is refused by its row."""
    try:
        calendar = Calendar.from_ical(as_text(data))
    except (ValueError, IndexError, KeyError) as why:
        raise Refused(f"the calendar cannot be read ({str(why)[:80]}); export it again as .ics") from None
    events = calendar.walk("VEVENT")
    labels = _labels(events[:_MOST_EVENTS])
    yield 1, [*COLUMNS, *labels]
    for number, event in enumerate(events, 2):
        if number > _MOST_EVENTS:
            raise Refused(f"the calendar has over {_MOST_EVENTS:,} events; export fewer days")
        if "RRULE" in event or "RDATE" in event:
            # A visit is one visit: a series would enroll the patient for ever.
            yield number, [str(event.get("UID", "")), "repeats", "", str(event.get("SUMMARY", "")).strip()]
            continue
        words = (str(event.get(name, "")).strip() for name in COLUMNS[3:])
        said, start = _said(event), event.get("DTSTART")
        yield number, [
            str(event.get("UID", "")), _when(start), _when(event.get("DTEND") or event.get("DURATION"), start), *words,
            *(said.get(label, "") for label in labels),
        ]  # fmt: skip


def _labels(events: Sequence[Component]) -> list[str]:
    """What a third of the events' descriptions name."""
    many = Counter(label for event in events for label in _said(event))
    taken = {column.casefold() for column in COLUMNS}
    found = [label for label, count in many.items() if count * 3 >= len(events) and label.casefold() not in taken]
    return found[:_MOST_LABELS]


def _said(event: Component) -> dict[str, str]:
    """What the lines of a description say, by what stands before their colons."""
    text = _MARKUP.sub("", _TAGS.sub("\n", str(event.get("DESCRIPTION", ""))[:_LONGEST]))
    return {found[1]: found[2] for found in reversed([*_LABEL.finditer(text)])}


def _when(value: Any, start: Any = None) -> str:
    """With an offset where the zone is known, be it by its IANA or its Windows name; else the clock of the clinic."""
    at = getattr(value, "dt", None)
    if isinstance(at, timedelta):  # DURATION in place of DTEND
        at = start.dt + at if start is not None else None
    match at:
        case datetime():
            return at.isoformat(timespec="minutes")
        case date():
            return at.isoformat()
    return ""
