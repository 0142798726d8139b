"""A day at the desk: enroll, look, change, stop. Real SQLite, the real use cases, no Twilio."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Desk = Callable[..., Any]
STEPS = ["today", "still-no-makeup", "makeup-again", "retinoids-again", "sun-over"]


def test_enrolling_answers_with_the_timeline_and_the_ids(clinic: Desk, ana: tuple[str, ...]) -> None:
    answer = clinic(*ana, "--json").answer
    assert (1, STEPS) == (answer["enrollment"], [message["step"] for message in answer["messages"]])
    assert ([1, 2, 3, 4, 5], {"planned"}) == (
        [message["message"] for message in answer["messages"]],
        {message["state"] for message in answer["messages"]},
    )


def test_the_preview_is_the_plan(clinic: Desk, ana: tuple[str, ...]) -> None:
    """What `timeline` shows is what `enroll` plans, text by text."""
    preview = clinic(
        "timeline", "microneedling", "--treated-at", "2026-03-07T15:30", "--phone", "+14155550123", "--json"
    )
    planned = clinic(*ana, "--json").answer["messages"]
    for message in planned:
        del message["message"], message["state"]
    assert preview.answer["messages"] == planned


def test_enrolling_twice_is_one_enrollment(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    again = clinic(*ana)
    assert 0 == again.code
    assert "already" in again.out
    assert 1 == len(clinic("enrollments", "--json").answer)


def test_nobody_is_enrolled_for_a_clinic_without_a_name(
    clinic: Desk, ana: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else patients would read a placeholder."""
    monkeypatch.delenv("NOTIFIER_CLINIC_NAME")
    ran = clinic(*ana)
    assert (78, "") == (ran.code, ran.out)
    assert "NOTIFIER_CLINIC_NAME is not set" in ran.err


def test_real_phones_need_a_clinicians_approval(
    clinic: Desk, ana: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_API_URL")
    monkeypatch.delenv("NOTIFIER_CLOCK_FILE")
    late = (*ana[:-1], "2026-01-07T15:30")
    refused = clinic(*late)
    assert 2 == refused.code
    assert "notifier protocols approve microneedling" in refused.err
    assert 0 == clinic("protocols", "approve", "microneedling", "--by", "Dr. Lee", "--language", "en").code
    assert 0 == clinic(*late).code


@pytest.mark.parametrize("naive", ["2026-03-08T02:30", "2025-11-02T01:30"])
def test_an_hour_that_the_clocks_skip_or_repeat_is_refused(clinic: Desk, ana: tuple[str, ...], naive: str) -> None:
    ran = clinic(*ana[:-1], naive)
    assert 2 == ran.code
    assert naive in ran.err


def test_a_change_moves_what_has_not_left(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    done = clinic("change", "1", "--treated-at", "2026-03-07T15:00", "--json").answer
    assert {"today", "makeup-again", "sun-over"} == {text["step"] for text in done["texts"] if text["what"] == "moved"}
    due = {line["step"]: line["due_at"] for line in clinic("show", "1", "--json").answer}
    assert "2026-03-08T20:00:00+00:00" == due["makeup-again"]


def test_a_change_of_nothing_says_what_could_be_changed(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert 2 == clinic("change", "1").code


@pytest.mark.parametrize(("typed", "code", "state"), [("n\n", 1, "planned"), ("y\n", 0, "cancelled")])
def test_a_person_at_a_terminal_sees_the_difference_and_is_asked(
    clinic: Desk, at_a_terminal: Desk, ana: tuple[str, ...], typed: str, code: int, state: str
) -> None:
    clinic(*ana)
    asked = at_a_terminal("cancel", "1", typed=typed)
    assert code == asked.code
    assert 5 == asked.out.count("withdrawn")
    assert "Stop these texts for good?" in asked.out
    assert {state} == {line["state"] for line in clinic("show", "1", "--json").answer}


def test_yes_does_not_ask(clinic: Desk, at_a_terminal: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert "?" not in at_a_terminal("cancel", "1", "--yes").out


def test_hold_resume_and_cancel(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert 0 == clinic("hold", "1", "--reason", "she called").code
    assert "waits (Sat Mar 14 2026, 4:30 PM)" in clinic("due").out
    assert 0 == clinic("resume", "1").code
    assert 0 == clinic("cancel", "1").code
    assert {"cancelled"} == {line["state"] for line in clinic("show", "1", "--json").answer}
    assert [] == clinic("due", "--json").answer


def test_a_booked_visit_becomes_a_treatment_or_a_no_show(clinic: Desk, ana: tuple[str, ...]) -> None:
    booked = (*ana[:-2], "--appointment-at", "2026-03-20T10:00")
    clinic(*booked, "--external-id", "EHR-7")
    assert "booked" == clinic("enrollments", "--json").answer[0]["state"]
    assert 0 == clinic("treated", "EHR-7", "--at", "2026-03-07T15:30").code
    assert "active" == clinic("enrollments", "--json").answer[0]["state"]
    assert 2 == clinic("no-show", "EHR-7").code


def test_treated_names_the_questions_that_nobody_has_answered(clinic: Desk, ana: tuple[str, ...]) -> None:
    kit = tuple("microneedling-kit" if one == "microneedling" else one for one in ana)
    clinic(*kit[:-2], "--appointment-at", "2026-03-20T10:00")
    said = clinic("treated", "1", "--at", "2026-03-07T15:30").err
    assert 2 == said.count("The texts that depend on it are not sent until somebody answers it.")
    assert "to answer: notifier change 1 --answer" in said


def test_a_visit_to_come_is_no_no_show_and_a_cancellation_is_taken_back(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana[:-2], "--appointment-at", "2026-03-20T10:00")
    early = clinic("no-show", "1")
    assert (2, True) == (early.code, "is still to come (Fri Mar 20, 10:00 AM), so it is no no-show yet" in early.err)
    assert "notifier cancel 1; notifier change 1 --appointment-at" in early.err
    assert 0 == clinic("cancel", "1", "--yes").code
    assert 0 == clinic("resume", "1", "--yes").code
    assert "booked" == clinic("enrollments", "--json").answer[0]["state"]


def test_cancelling_says_what_it_does_to_others_on_the_phone(clinic: Desk, ana: tuple[str, ...]) -> None:
    """The page, the API and this say it alike: before it is done, and as data."""
    clinic(*ana)
    clinic(*ana, "--name", "Eva Poe")
    shown = clinic("cancel", "2", "--yes").out
    assert (4, True) == (shown.count("withdrawn"), "enrollment 1 (Ana Lopez), on the same phone" in shown)
    clinic("resume", "2", "--yes")
    answer = clinic("cancel", "2", "--json").answer
    (first,) = answer["others"]
    changed = {text["step"] for text in first["texts"] if text["what"] in ("added", "reworded")}
    assert (1, set(STEPS), False) == (first["enrollment"], changed, answer["opted_out"])


def test_a_list_that_is_narrowed_says_that_nobody_is_like_that(clinic: Desk, ana: tuple[str, ...]) -> None:
    alone = [clinic(*one).err for one in (("enrollments",), ("patients",))]
    clinic(*ana)
    narrowed = [clinic(*one).err for one in (("enrollments", "--provider", "Dr. Kim"), ("patients", "--unread"))]
    assert (["nobody is enrolled\n"] * 2, ["nobody like that is enrolled\n"] * 2) == (alone, narrowed)


def test_an_hour_on_another_clock_than_the_clinics_says_whose(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    clinic(*ana[:-1], "2026-03-07T15:30-05:00", "--name", "Dee Poe", "--timezone", "America/Los_Angeles")
    for listed in (clinic("due").out, clinic("show", "2").out, clinic("enrollments").out):
        assert re.search(r"[AP]M P[SD]T", listed)
    assert not re.search(r"[AP]M E[SD]T", clinic("due").out)


def test_opt_out_and_release(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert 0 == clinic("opt-out", "415-555-0123").code
    assert {"suppressed"} == {line["state"] for line in clinic("show", "1", "--json").answer}
    assert "0123" in clinic("opt-outs", "--json").answer[0]["phone"]
    assert 2 == clinic("release", "415-555-0123").code
    assert 0 == clinic("release", "415-555-0123", "--reconsent", "at the desk").code
    assert {"planned"} == {line["state"] for line in clinic("show", "1", "--json").answer}


def test_pause_and_unpause(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert 0 == clinic("pause", "--protocol", "microneedling", "--step", "today", "--reason", "a typo").code
    assert "paused: a typo" == clinic("due", "--json").answer[0]["reason"]
    assert 0 == clinic("unpause", "--protocol", "microneedling", "--step", "today").code
    assert None is clinic("due", "--json").answer[0]["reason"]


def test_the_forecast_ends_where_it_is_told_to(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert STEPS[:3] == [line["step"] for line in clinic("due", "--within", "2d", "--json").answer]
    assert STEPS == [line["step"] for line in clinic("due", "--json").answer]


def test_explain_says_why(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert "It leaves when what it lifts has ended: makeup (24 hours)." in clinic("explain", "3").out
    clinic("change", "1", "--restriction", "makeup=60h", "--yes")
    assert "what it lifts has ended: makeup (60 hours, not the protocol's 24 hours)." in clinic("explain", "3").out


def test_empty_lists_are_lists(clinic: Desk) -> None:
    for listing in ("due", "enrollments", "opt-outs", "replies"):
        assert [] == clinic(listing, "--json").answer
        assert ("", 1) == (clinic(listing).out, clinic(listing).err.count("\n"))


def test_what_is_not_there_is_a_sentence(subtests: pytest.Subtests, clinic: Desk) -> None:
    cases: list[tuple[tuple[str, ...], str]] = [
        (("show", "9"), "notifier enrollments"),
        (("show", "EHR-9"), "notifier enrollments"),
        (("explain", "9"), "notifier due"),
        (("review", "9", "--sent"), "notifier due"),
        (("review", "9"), "--sent or --not-sent"),
        (("review", "9", "--sent", "--not-sent"), "one of --sent and --not-sent, not both"),
        (("review", "9", "--not-sent", "--sent"), "one of --sent and --not-sent, not both"),
        (("due", "--within", "soon"), "7d"),
        (("opt-out", "12"), "+14155550123"),
        (("unpause", "--protocol", "microneedling"), "not paused"),
        (("treated", "9", "--at", "2026-03-07T15:30"), "there is no enrollment 9"),
        (("show", "9" * 20), "notifier enrollments"),
        (("explain", "9" * 20), "notifier due"),
        (("explain", "first"), "write a whole number"),
        (("close", "9" * 20, "--texts", "go-on"), "notifier replies"),
        (("close", "1"), "Choose from: go-on, stay-held, end; see: notifier close --help"),
    ]
    for command, instead in cases:
        with subtests.test(command=command, instead=instead):
            ran = clinic(*command)
            assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
            assert instead in ran.err


def test_a_database_from_the_future_is_a_sentence(clinic: Desk, tmp_path: Path) -> None:
    clinic("enrollments")
    with sqlite3.connect(tmp_path / "notifier.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    ran = clinic("enrollments")
    assert (1, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
    assert "9999" in ran.err
