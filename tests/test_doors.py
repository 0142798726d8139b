"""Every door opens the same: what can be said of an enrollment can be said at each, is stored, and is read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.db.tables import Enrollment
from notifier.enrollments.commands import COMMANDS
from notifier.enrollments.fields import BY_NAME, CHANGEABLE, FIELDS, KEPT, Kind, stored
from notifier.enrollments.requests import ChangeRequest, EnrollRequest
from tests.cli.conftest import _no_settings_from_outside, at_a_terminal, clinic, new_clinic, notifier
from tests.setups.command_doors import CASES, COMMAND_DOORS, EFFECT, ENROLLED, TEXT, open_clinic
from tests.setups.doors import DOORS, ApiDoor, CommandLine, CsvFile, Door, PageForms, open_door
from tests.web.pages.conftest import _quick_passwords

__all__ = [
    "_no_settings_from_outside", "_quick_passwords", "at_a_terminal", "clinic", "new_clinic", "notifier", "open_clinic",
]  # fmt: skip

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
    "provider": Value("Dr. Kim, RN", "Lee O'Neil", "Lee O'Neil", "Treated by Lee O'Neil"),
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
    assert set() == set(changeable) ^ set(ChangeRequest.__dataclass_fields__), f"ChangeRequest differs: {how}"


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


# --- What can be done to an enrollment ---


def test_every_command_has_a_case_here() -> None:
    assert set() == set(COMMANDS) ^ set(CASES), "CASES in tests/setups/command_doors.py and COMMANDS differ"


@pytest.mark.parametrize("word", COMMANDS)
def test_every_door_shows_a_command_alike_and_writes_nothing(open_clinic: Any, word: str) -> None:
    case = CASES[word]
    with open_clinic() as clinic:
        clinic.enroll(case)
        before = clinic.stored()
        shown = clinic.cli(word, case, "--dry-run", "--json").answer
        told = clinic.api(word, case, dry_run=True)["effect"]
        page = clinic.page(word, case)
        assert (EFFECT, shown) == (set(shown), told)
        assert [TEXT] * len(shown["texts"]) == [set(text) for text in shown["texts"]]
        for effect in shown["texts"]:
            assert effect["step"].replace("-", " ") in page
        assert (before[1][0]["state"], case.state) == (shown["before"]["state"], shown["after"]["state"])
        assert clinic.cli(word, case, "--dry-run").out.count("\n") > len(shown["texts"])
        assert before == clinic.stored()


@pytest.mark.parametrize("word", COMMANDS)
def test_every_door_carries_a_command_out_alike(open_clinic: Any, word: str) -> None:
    case = CASES[word]
    doors = [door for door in COMMAND_DOORS if door != "import" or case.row is not None]
    found = {}
    for door in doors:
        with open_clinic() as clinic:
            clinic.enroll(case)
            COMMAND_DOORS[door](clinic, word, case)
            messages, ((enrollment),) = clinic.stored()
            found[door] = [(one["step"], one["state"], one["due_at"]) for one in messages]
            assert (door, case.state) == (door, enrollment["state"])
    assert [found["command line"]] * len(doors) == list(found.values())


def test_enrolling_says_its_effect_beside_the_timeline_at_every_door(open_clinic: Any) -> None:
    """Ana has opted out and was told an end that a second treatment moves: nothing leaves, and she is called."""
    case, again = CASES["change"], {"protocol": "microneedling-week", "treated_at": "2026-03-07T15:38:00-05:00"}
    with open_clinic() as clinic:
        clinic.enroll(case)
        clinic.sent("today")
        assert 0 == clinic.run("opt-out", "+14155550123").code
        said = {name: clinic.row[name] for name in ("name", "phone", "timezone", "consent")} | again
        options = [part for name, value in said.items() for part in (f"--{name.replace('_', '-')}", value)]
        before = clinic.stored()

        def by_program(body: dict[str, Any]) -> Any:
            told = clinic.enroll_by_api(body)
            return {name: value for name, value in told.items() if name != "appointment_at"}

        shown = clinic.run("enroll", *options, "--dry-run", "--json").answer
        assert (before, shown) == (clinic.stored(), by_program(said | {"dry_run": True}))
        done = clinic.run("enroll", *options, "--json").answer
        known = by_program(said)
    for told, whose, already in ((shown, None, False), (done, 2, False), (known, 2, True)):
        effect = told["effect"]
        assert (ENROLLED, EFFECT) == (set(told), set(effect))
        assert [TEXT] * len(effect["texts"]) == [set(text) for text in effect["texts"]]
        assert (whose, already, True) == (effect["enrollment"], effect["already"], effect["opted_out"])
        assert ("active", said["phone"]) == (effect["after"]["state"], effect["after"]["phone"])
    assert ({}, known["effect"]["after"]) == (done["effect"]["before"], known["effect"]["before"])
    planned = {one["step"] for one in done["messages"]}
    assert planned == {one["step"] for one in done["effect"]["texts"] if one["what"] in ("added", "passed")}
    assert {1} == {one["enrollment"] for one in done["effect"]["others"]}
    assert (1, "today") in {(one["enrollment"], one["step"]) for one in done["effect"]["call_patient"]}
    for told in ("after", "texts", "others"):
        assert shown["effect"][told] == done["effect"][told]


@pytest.mark.parametrize("word", ["change", "cancel"])
def test_an_import_says_the_effect_of_each_row_that_changes_or_ends_something(open_clinic: Any, word: str) -> None:
    case = CASES[word]
    row = case.row or {}
    with open_clinic() as clinic:
        clinic.enroll(case)
        before = clinic.stored()
        expected = clinic.cli(word, case, "--dry-run", "--json").answer
        rehearsed = clinic.imports("--dry-run", **row)
        assert before == clinic.stored()
        done = clinic.imports(**row)
    assert [{"row": 2, **expected}] == rehearsed["effects"]
    assert rehearsed["effects"] == done["effects"]


def test_every_door_says_who_gets_no_text_and_whom_to_call(open_clinic: Any) -> None:
    """A change for a patient who has opted out, whose texts hang on questions, and who was told a wrong end."""
    case = CASES["change"]
    with open_clinic() as clinic:
        clinic.enroll(case)
        clinic.sent("today")
        assert 0 == clinic.run("opt-out", "+14155550123").code
        shown = clinic.cli("change", case, "--dry-run", "--json").answer
        assert (True, ["goal", "kit"], []) == (shown["opted_out"], shown["unanswered"], shown["not_told"])
        assert [(1, "today")] == [(call["enrollment"], call["step"]) for call in shown["call_patient"]]
        assert shown == clinic.api("change", case, dry_run=True)["effect"]
        ran = clinic.cli("change", case, "--dry-run")
        for said in (unescape(clinic.page("change", case)), ran.out + ran.err):
            assert "The number has opted out: nothing will be sent; tell the patient in person." in said
            assert 2 == said.count("The texts that depend on it are not sent until somebody answers it.")
            assert "was sent and is wrong now: call" in said


@pytest.mark.parametrize("word", ["cancel", "no-show"])
def test_the_end_of_a_patient_who_has_opted_out_says_so(open_clinic: Any, word: str) -> None:
    """Also where nobody else is on the number."""
    with open_clinic() as clinic:
        clinic.enroll(CASES[word])
        assert 0 == clinic.run("opt-out", "+14155550123").code
        shown = clinic.cli(word, CASES[word], "--dry-run", "--json").answer
        assert (True, True) == (shown["opted_out"], clinic.api(word, CASES[word], dry_run=True)["effect"]["opted_out"])
        assert "The number has opted out" in clinic.page(word, CASES[word])


@pytest.mark.parametrize(("more", "state"), [((), "active"), (("--yes",), "cancelled")])
def test_json_at_a_terminal_writes_only_with_yes(
    open_clinic: Any, at_a_terminal: Any, more: tuple[str, ...], state: str
) -> None:
    with open_clinic() as clinic:
        clinic.enroll(CASES["cancel"])
        ran = at_a_terminal("cancel", "1", "--json", *more)
        document = ran.out[: ran.out.rindex("}") + 1]
        assert (0, "cancelled") == (ran.code, json.loads(document)["after"]["state"])
        assert state == clinic.stored()[1][0]["state"]
        assert (not more) == ("nothing was changed; to change it, add --yes" in ran.out)


def test_a_hold_shows_which_texts_wait(open_clinic: Any) -> None:
    with open_clinic() as clinic:
        clinic.enroll(CASES["hold"])
        shown = clinic.cli("hold", CASES["hold"], "--dry-run", "--json").answer
        planned = [one["step"] for one in clinic.stored()[0]]
        assert planned == [one["step"] for one in shown["texts"]]
        assert {("moved", None)} == {(one["what"], one["due_at"]) for one in shown["texts"]}
        for said in (clinic.page("hold", CASES["hold"]), clinic.cli("hold", CASES["hold"], "--dry-run").out):
            assert len(planned) == said.lower().count("waits until somebody lets it go on")
