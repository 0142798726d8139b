"""Every door opens the same: what can be said of an enrollment can be said at each, is stored, and is read back.

What can be done to one is in test_command_doors.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from notifier.cli.boundary import run
from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.db.outbox import messages_of
from notifier.db.tables import Enrollment
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.field_values import stored
from notifier.enrollments.fields import BY_NAME, CHANGEABLE, FIELDS, KEPT, Kind
from notifier.enrollments.requests import EnrollRequest
from schedules.catch_up import is_catch_up
from tests.cli.conftest import _no_settings_from_outside
from tests.setups.doors import DOORS, ApiDoor, CommandLine, CsvFile, Door, PageForms, open_door
from tests.web.pages.conftest import _quick_passwords
from tests.web.pages.test_imports import choose, commit

__all__ = ["_no_settings_from_outside", "_quick_passwords"]


@dataclass(frozen=True, slots=True)
class Value:
    """What is said of a field at enrollment and later, and how a page says the latter."""

    first: Any
    later: Any
    shown: str
    page: str = ""
    """What the patient's page then says, on the patient's clock, where that is more."""


VALUES: Mapping[str, Value] = {
    "answers": Value(
        {"shaves": "yes", "session": "1", "sessions": "3"},
        {"shaves": "no", "session": "2", "sessions": "3"},
        "2",
        "Session 2 of 3",
    ),
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
    "provider": Value("Dr. Kim, RN", "Lee O'Neil", "Lee O'Neil", "Treated by Lee O'Neil"),
    "restrictions": Value({"sun": "10d"}, {"sun": "2w"}, "sun=2w", "Own length: sun 2 weeks"),
    "quiet_days": Value("Sun,2026-12-25", "Sat,Sun", "Saturdays, Sundays", "No texts on Saturdays, Sundays"),
    "decided_by": Value("Dr. Kim", "Dr. Lee", "Dr. Lee", "Decided by Dr. Lee"),
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
            enrollment = by_id(session, whose)
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


@pytest.mark.parametrize("door", DOORS[:3], indirect=True)
def test_lists_can_be_asked_for_who_treated(door: CommandLine | PageForms | ApiDoor) -> None:
    said = {name: value.first for name, value in VALUES.items() if name not in ("appointment_at", "second")}
    by_kim = [
        door.enroll({**said, "name": name, "external_id": name, "provider": "Dr. Kim"}) for name in ("Bo Diaz", "Di Lu")
    ]
    door.enroll({**said, "external_id": "C-1", "provider": "Dr. Lee"})
    assert (by_kim[::-1], []) == (door.treated_by("dr. kim"), door.treated_by("Dr. Nobody"))


def test_the_table_of_fields_is_the_whole_of_a_request() -> None:
    names = [one.name for one in FIELDS]
    changeable = [one.name for one in CHANGEABLE]
    how = "see the head of notifier/enrollments/fields.py"
    assert set() == {one.name for one in KEPT} ^ set(VALUES), f"VALUES in this file and the table differ: {how}"
    assert set() == set(names) ^ set(EnrollRequest.__dataclass_fields__), f"EnrollRequest and the table differ: {how}"
    said = set(ChangeRequest.__dataclass_fields__) - {"cleared"}  # an import's; else a command of its own says it
    assert set() == set(changeable) ^ said, f"ChangeRequest differs: {how}"


def test_a_number_of_a_new_area_code_needs_a_persons_word_at_every_door(door: Door, sqlite_engine: Engine) -> None:
    said = {name: value.first for name, value in VALUES.items() if name not in ("appointment_at", "second")}
    new, newer, word = {"phone": "+16215550101"}, {"phone": "+16795550102"}, {"new_area_code": True}
    with pytest.raises(AssertionError, match=r"its area code is new"):
        door.enroll(said | new)
    whose = door.enroll(said | new | word)
    with pytest.raises(AssertionError, match=r"its area code is new"):
        door.change(whose, newer | {"new_area_code": False})
    door.change(whose, newer | word)
    door.change(whose, {"name": "Anna Ruiz"})
    with reading(sqlite_engine) as session:
        enrollment = session.get_one(Enrollment, whose)
        assert ("Anna Ruiz", newer["phone"]) == (enrollment.name, enrollment.phone)


@pytest.mark.parametrize("door", [one for one in DOORS if one != "page"], indirect=True)
def test_which_session_of_how_many_is_said_beside_the_answers_and_stands_among_them(
    door: Door, sqlite_engine: Engine
) -> None:
    """The page asks for it with the protocol's questions."""

    def answers() -> dict[str, str]:
        with reading(sqlite_engine) as session:
            return dict(session.get_one(Enrollment, whose).answers)

    said = {name: value.first for name, value in VALUES.items() if name not in ("appointment_at", "second")}
    whose = door.enroll({**said, "answers": {"shaves": "yes"}, "session": 1, "sessions": 3})
    assert {"shaves": "yes", "session": "1", "sessions": "3"} == answers()
    door.change(whose, {"session": 2})
    assert {"shaves": "yes", "session": "2", "sessions": "3"} == answers()
    for wrong, sentence in (
        ({"session": 4}, "after the last of 3"),
        ({"answers": {"session": "1"}}, "say one of them"),
    ):
        if isinstance(door, CsvFile) and "answers" in wrong:
            continue  # a column is there once
        with pytest.raises(AssertionError, match=sentence):
            door.change(whose, {"session": 3, **wrong})


YESTERDAY = {
    "consent": "signed form",
    "protocol": "microneedling",
    "treated_at": "2026-03-05T12:00-05:00",
    "office": "north",
}
"""Makeup is free by now; retinol and sun are not, so a catch-up tells them."""
TOLD: Mapping[str | None, tuple[set[str], bool]] = {
    None: (set(), True),
    "yes": ({"yes"}, True),
    "card": ({"card"}, False),
}
"""By what somebody said of telling in person: what is stored, and whether a text tells the rules as well."""


def told(engine: Engine) -> dict[str, tuple[set[str], bool]]:
    """By the patient's name."""
    with reading(engine) as session:
        return {
            one.name: (
                set((one.informed or {}).values()),
                any(is_catch_up(text.step) for text in messages_of(session, one.id or 0)),
            )
            for one in session.scalars(select(Enrollment))
        }


def test_that_a_person_told_the_rules_is_said_at_every_door(door: Door, sqlite_engine: Engine) -> None:
    for number, how in enumerate(TOLD):
        patient = {"name": f"Ana {how}", "phone": f"+1212555010{number}", "informed": how}
        door.enroll({name: said for name, said in (YESTERDAY | patient).items() if said})
    assert {f"Ana {how}": what for how, what in TOLD.items()} == told(sqlite_engine)


@pytest.mark.parametrize("door", ["command line", "page"], indirect=True)
def test_that_a_person_told_the_rules_is_said_of_a_whole_import_at_once(
    door: CommandLine | PageForms, sqlite_engine: Engine, tmp_path: Path
) -> None:
    """A row that says otherwise is believed."""
    names = ["external_id", "name", "phone", *YESTERDAY, "informed"]
    rows = [
        [f"A-{number}", f"Ana {how}", f"+1212555010{number}", *YESTERDAY.values(), how or ""]
        for number, how in enumerate(TOLD)
    ]
    file = tmp_path / "rows.csv"
    file.write_text("".join(f"{','.join(one)}\n" for one in (names, *rows)))
    if isinstance(door, CommandLine):
        assert 0 == run(["import", str(file), "--informed", "card"])
    else:
        choose(door.pages, file.read_bytes())
        commit(door.pages, informed="card")
    whole = {None: TOLD["card"], "yes": TOLD["yes"], "card": TOLD["card"]}
    assert {f"Ana {how}": what for how, what in whole.items()} == told(sqlite_engine)
