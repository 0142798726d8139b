"""Every door opens the same: what can be done to an enrollment shows one effect at each, and is done alike."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest

from notifier.enrollments.commands import COMMANDS
from tests.cli.conftest import _no_settings_from_outside, at_a_terminal, clinic, new_clinic, notifier
from tests.setups.command_doors import CASES, COMMAND_DOORS, EFFECT, ENROLLED, TEXT, open_clinic
from tests.web.pages.conftest import _quick_passwords

__all__ = [
    "_no_settings_from_outside", "_quick_passwords", "at_a_terminal", "clinic", "new_clinic", "notifier", "open_clinic",
]  # fmt: skip


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
