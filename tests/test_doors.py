"""Every door opens the same: what can be said of an enrollment can be said at each, is stored, and is read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.enrollments.fields import BY_NAME, CHANGEABLE, FIELDS, Kind, stored
from notifier.enrollments.requests import ChangeRequest, EnrollRequest
from tests.setups.doors import DOORS, CsvFile, Door, PageForms, open_door
from tests.web.pages.conftest import CLINIC

# --- The fields of an enrollment ---


@dataclass(frozen=True, slots=True)
class Value:
    """What is said of a field at enrollment and later, and how a page says the latter."""

    first: Any
    later: Any
    shown: str
    page: str = ""
    """What the patient's page then says, on the patient's clock, where that is more."""


VALUES: Mapping[str, Value] = {
    "answers": Value({"shaves": "yes"}, {"shaves": "no"}, "no", "shaves no"),
    "name": Value("Ana Ruiz", "Anna Ruiz", "Anna Ruiz"),
    "phone": Value("+12125550101", "+12125550102", "1 212 555 0102"),
    "external_id": Value("A-1", "A-2", "A-2"),
    "consent": Value("asked twice", None, "asked twice"),
    "timezone": Value("America/Chicago", "America/Denver", "Denver"),
    "language": Value("en", "es", "Spanish"),
    "rebook_consent": Value(True, False, "no", "Wants to hear of next visits no"),
    "separate_areas": Value(True, False, "no", "On a separate area of skin no"),
    "treated_at": Value(
        "2026-03-06T13:00-05:00", "2026-03-06T12:30-05:00", "Fri Mar 6, 12:30 PM", "Fri Mar 6, 10:30 AM"
    ),
    "appointment_at": Value(
        "2026-03-10T11:00-04:00", "2026-03-11T11:30-04:00", "Wed Mar 11, 11:30 AM", "Wed Mar 11, 10:30 AM"
    ),
    "office": Value("north", "south", "south"),
    "protocol": Value("microneedling-regimen", "microneedling", "Microneedling: standard aftercare"),
    "second": Value(True, False, "no", "A second treatment on the same day no"),
}
"""In an order in which each can be changed after those before it."""


@pytest.fixture(params=DOORS)
def door(
    request: pytest.FixtureRequest,
    sqlite_engine: Engine,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Door]:
    """Each door of one clinic, on a Friday at 14:10 in New York."""
    with open_door(request.param, sqlite_engine, now, tmp_path, monkeypatch, capsys) as door:
        yield door


def as_stored(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value).astimezone(UTC) if BY_NAME[name].kind is Kind.INSTANT else value


def as_json(name: str, value: Any) -> Any:
    is_instant = value is not None and BY_NAME[name].kind is Kind.INSTANT
    return datetime.fromisoformat(value).astimezone(UTC) if is_instant else value


def test_every_field_of_an_enrollment_can_be_said_stored_and_read_back_at_every_door(
    door: Door, sqlite_engine: Engine
) -> None:
    first = {name: value.first for name, value in VALUES.items() if name != "appointment_at"}
    booked = {name: value.first for name, value in VALUES.items() if name not in ("treated_at", "second")}
    door.enroll({name: value for name, value in first.items() if name not in ("second", "external_id")})
    treated = door.enroll(first)
    to_come = door.enroll({**booked, "name": "Bo Diaz", "external_id": "B-1"})

    def found(name: str) -> tuple[Any, Any]:
        whose = to_come if name == "appointment_at" else treated
        with reading(sqlite_engine) as session:
            enrollment = by_id(session, CLINIC, whose)
            assert enrollment is not None
            is_stored = stored(BY_NAME[name], enrollment)
        read_back = door.read(whose)[name] if name in door.reads else is_stored
        return is_stored, as_json(name, read_back) if isinstance(read_back, str) else read_back

    expected = {name: (as_stored(name, value.first),) * 2 for name, value in VALUES.items()}
    assert expected == {name: found(name) for name in VALUES}
    for name, value in VALUES.items():
        if BY_NAME[name].may_change and not (isinstance(door, CsvFile) and BY_NAME[name].is_key):
            door.change(to_come if name == "appointment_at" else treated, {name: value.later})
            expected[name] = (as_stored(name, value.later),) * 2
            assert (name, expected[name]) == (name, found(name))
            if isinstance(door, PageForms):
                assert re.search(rf"→ (\w+ |\+)?{value.shown}", door.asked)
                assert (value.page or value.shown) in door.read(to_come if name == "appointment_at" else treated)


def test_the_table_of_fields_is_the_whole_of_a_request() -> None:
    names = [one.name for one in FIELDS]
    changeable = [one.name for one in CHANGEABLE]
    assert sorted(names) == sorted(VALUES)
    assert sorted(names) == sorted(EnrollRequest.__dataclass_fields__)
    assert sorted([*changeable, "resumed"]) == sorted(ChangeRequest.__dataclass_fields__)
