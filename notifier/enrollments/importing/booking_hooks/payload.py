"""What a post says, as rows of cells: a key inside another is a column with a dot, such as payload.startTime."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from notifier.domain.refused import Refused
from notifier.enrollments.importing.booking_hooks.sources import HookKind

_MOST_ROWS: Final = 500
_MOST_CELLS: Final = 300
_DEEPEST: Final = 8
_FIRST_YEAR: Final = 2000
_BOOKINGS: Final = {"BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED", "BOOKING_REJECTED"}
"""Of what Cal.com posts, what is about the time of a booking; the rest has other shapes, and is passed by."""
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Payload:
    """A post, read."""

    rows: tuple[Row, ...] = ()
    """None: nothing in it concerns us."""
    at: datetime | None = None
    """When it happened, where the post says so."""
    replaces: str | None = None
    """The booking in whose place this one was made."""


def read_payload(kind: str, body: str, *, is_mapped: bool) -> Payload:
    """What a post says. Raises Refused where it is not of the shape that it should have."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("the body is no JSON") from None
    return _cal_com(document) if kind == HookKind.CAL_COM else _standard(document, is_mapped)


def as_csv(rows: Iterable[Row], columns: Iterable[str] = ()) -> bytes:
    """The rows as a file. A key that is not there is an empty cell of the columns that a mapping reads."""
    listed = list(rows)
    header = list(dict.fromkeys((*columns, *(key for row in listed for key in row))))
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows([row.get(key, "") for key in header] for row in listed)
    return out.getvalue().encode("utf-8", "replace")


def _standard(document: Any, is_mapped: bool) -> Payload:
    """`{"timestamp": …, "data": {…}}` of the convention, or the booking itself; a list where there are several."""
    if not isinstance(document, dict) or not isinstance(document.get("data"), dict | list):
        return Payload(tuple(_rows(document)))
    data = document["data"]
    if not is_mapped:
        return Payload(tuple(_rows(data)), _instant(document.get("timestamp"), "timestamp"))
    each = data if isinstance(data, list) else [data]
    return Payload(
        tuple(_rows([{**document, "data": one} for one in each])), _instant(document.get("timestamp"), "timestamp")
    )


def _cal_com(document: Any) -> Payload:
    what = document.get("triggerEvent") if isinstance(document, dict) else None
    if not isinstance(what, str) or not isinstance(document.get("payload"), dict):
        raise Refused("the body is not what Cal.com posts: an object with triggerEvent, createdAt and payload")
    if what not in _BOOKINGS:
        return Payload()
    replaced = (
        document["payload"].get("rescheduleUid") if what == "BOOKING_RESCHEDULED" and "payload" in document else None
    )
    at = _instant(document.get("createdAt"), "createdAt")
    return Payload(tuple(_rows(document)), at, replaced if isinstance(replaced, str) and replaced else None)


def _rows(found: Any) -> Iterator[Row]:
    each = found if isinstance(found, list) else [found]
    if not 0 < len(each) <= _MOST_ROWS or not all(isinstance(one, dict) for one in each):
        raise Refused(f"the body is no JSON object, and no list of 1 to {_MOST_ROWS} objects")
    for one in each:
        row = dict(_cells("", one, 0))
        if len(row) > _MOST_CELLS:
            raise Refused(f"the body has over {_MOST_CELLS} values; post only what a booking says")
        yield row


def _cells(before: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping | list) and depth > _DEEPEST:
        raise Refused(f"the body has objects in objects over {_DEEPEST} deep")
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _cells(f"{before}.{key}" if before else key, inner, depth + 1)
        case list():
            for number, inner in enumerate(value):
                yield from _cells(f"{before}.{number}", inner, depth + 1)
        case None:
            yield before, ""
        case bool():
            yield before, "yes" if value else "no"
        case _:
            yield before, str(value).replace("\0", "")


def _instant(said: Any, key: str) -> datetime | None:
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None or at.year < _FIRST_YEAR:
        raise Refused(f'{key} is no moment; write it with its offset, like "2026-11-30T09:00:00Z"')
    return at
