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


def test_enrolling_answers_with_the_timeline_and_the_ids(desk: Desk, ana: tuple[str, ...]) -> None:
    answer = desk(*ana, "--json").answer
    assert (1, STEPS) == (answer["enrollment"], [message["step"] for message in answer["messages"]])
    assert ([1, 2, 3, 4, 5], {"planned"}) == (
        [message["message"] for message in answer["messages"]],
        {message["state"] for message in answer["messages"]},
    )


def test_the_preview_is_the_plan(desk: Desk, ana: tuple[str, ...]) -> None:
    """What `timeline` shows is what `enroll` plans, text by text."""
    preview = desk("timeline", "microneedling", "--treated-at", "2026-03-07T15:30", "--phone", "+14155550123", "--json")
    planned = desk(*ana, "--json").answer["messages"]
    for message in planned:
        del message["message"], message["state"]
    assert preview.answer["messages"] == planned


def test_enrolling_twice_is_one_enrollment(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    again = desk(*ana)
    assert 0 == again.code
    assert "already" in again.out
    assert 1 == len(desk("enrollments", "--json").answer)


def test_nobody_is_enrolled_for_a_clinic_without_a_name(
    desk: Desk, ana: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else patients would read a placeholder."""
    monkeypatch.delenv("NOTIFIER_CLINIC_NAME")
    ran = desk(*ana)
    assert (78, "") == (ran.code, ran.out)
    assert "NOTIFIER_CLINIC_NAME is not set" in ran.err


def test_real_phones_need_a_clinicians_approval(
    desk: Desk, ana: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_API_URL")
    monkeypatch.delenv("NOTIFIER_CLOCK_FILE")
    late = (*ana[:-1], "2026-01-07T15:30")
    refused = desk(*late)
    assert 2 == refused.code
    assert "notifier protocols approve microneedling" in refused.err
    assert 0 == desk("protocols", "approve", "microneedling", "--by", "Dr. Lee", "--language", "en").code
    assert 0 == desk(*late).code


@pytest.mark.parametrize("naive", ["2026-03-08T02:30", "2025-11-02T01:30"])
def test_an_hour_that_the_clocks_skip_or_repeat_is_refused(desk: Desk, ana: tuple[str, ...], naive: str) -> None:
    ran = desk(*ana[:-1], naive)
    assert 2 == ran.code
    assert naive in ran.err


def test_a_change_moves_what_has_not_left(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    done = desk("change", "1", "--treated-at", "2026-03-07T15:00", "--json").answer
    assert {"today", "makeup-again", "sun-over"} == {text["step"] for text in done["texts"] if text["what"] == "moved"}
    due = {line["step"]: line["due_at"] for line in desk("show", "1", "--json").answer}
    assert "2026-03-08T20:00:00+00:00" == due["makeup-again"]


def test_a_change_of_nothing_says_what_could_be_changed(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    assert 2 == desk("change", "1").code


@pytest.mark.parametrize(("typed", "code", "state"), [("n\n", 1, "planned"), ("y\n", 0, "cancelled")])
def test_a_person_at_a_terminal_sees_the_difference_and_is_asked(
    desk: Desk, at_a_terminal: Desk, ana: tuple[str, ...], typed: str, code: int, state: str
) -> None:
    desk(*ana)
    asked = at_a_terminal("cancel", "1", typed=typed)
    assert code == asked.code
    assert 5 == asked.out.count("withdrawn")
    assert "Stop these texts for good?" in asked.out
    assert {state} == {line["state"] for line in desk("show", "1", "--json").answer}


def test_yes_does_not_ask(desk: Desk, at_a_terminal: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    assert "?" not in at_a_terminal("cancel", "1", "--yes").out


def test_hold_resume_and_cancel(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    assert 0 == desk("hold", "1", "--reason", "she called").code
    assert "waits (Sat Mar 14 2026, 4:30 PM)" in desk("due").out
    assert 0 == desk("resume", "1").code
    assert 0 == desk("cancel", "1").code
    assert {"cancelled"} == {line["state"] for line in desk("show", "1", "--json").answer}
    assert [] == desk("due", "--json").answer


def test_a_booked_visit_becomes_a_treatment_or_a_no_show(desk: Desk, ana: tuple[str, ...]) -> None:
    booked = (*ana[:-2], "--appointment-at", "2026-03-20T10:00")
    desk(*booked, "--external-id", "EHR-7")
    assert "booked" == desk("enrollments", "--json").answer[0]["state"]
    assert 0 == desk("treated", "EHR-7", "--at", "2026-03-07T15:30").code
    assert "active" == desk("enrollments", "--json").answer[0]["state"]
    assert 2 == desk("no-show", "EHR-7").code


def test_treated_names_the_questions_that_nobody_has_answered(desk: Desk, ana: tuple[str, ...]) -> None:
    kit = tuple("microneedling-kit" if one == "microneedling" else one for one in ana)
    desk(*kit[:-2], "--appointment-at", "2026-03-20T10:00")
    said = desk("treated", "1", "--at", "2026-03-07T15:30").err
    assert 2 == said.count("The texts that depend on it are not sent until somebody answers it.")
    assert "to answer: notifier change 1 --answer" in said


def test_a_visit_to_come_is_no_no_show_and_a_cancellation_is_taken_back(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana[:-2], "--appointment-at", "2026-03-20T10:00")
    early = desk("no-show", "1")
    assert (2, True) == (early.code, "is still to come (Fri Mar 20, 10:00 AM), so it is no no-show yet" in early.err)
    assert "notifier cancel 1; notifier change 1 --appointment-at" in early.err
    assert 0 == desk("cancel", "1", "--yes").code
    assert 0 == desk("resume", "1", "--yes").code
    assert "booked" == desk("enrollments", "--json").answer[0]["state"]


def test_cancelling_says_what_it_does_to_others_on_the_phone(desk: Desk, ana: tuple[str, ...]) -> None:
    """The page, the API and this say it alike: before it is done, and as data."""
    desk(*ana)
    desk(*ana, "--name", "Eva Poe")
    shown = desk("cancel", "2", "--yes").out
    assert (4, True) == (shown.count("withdrawn"), "enrollment 1, on the same phone" in shown)
    desk("resume", "2", "--yes")
    answer = desk("cancel", "2", "--json").answer
    (first,) = answer["others"]
    changed = {text["step"] for text in first["texts"] if text["what"] in ("added", "reworded")}
    assert (1, set(STEPS), False) == (first["enrollment"], changed, answer["opted_out"])


def test_an_hour_on_another_clock_than_the_clinics_says_whose(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    desk(*ana[:-1], "2026-03-07T15:30-05:00", "--name", "Dee Poe", "--timezone", "America/Los_Angeles")
    for listed in (desk("due").out, desk("show", "2").out, desk("enrollments").out):
        assert re.search(r"[AP]M P[SD]T", listed)
    assert not re.search(r"[AP]M E[SD]T", desk("due").out)


def test_opt_out_and_release(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    assert 0 == desk("opt-out", "415-555-0123").code
    assert {"suppressed"} == {line["state"] for line in desk("show", "1", "--json").answer}
    assert "0123" in desk("opt-outs", "--json").answer[0]["phone"]
    assert 2 == desk("release", "415-555-0123").code
    assert 0 == desk("release", "415-555-0123", "--reconsent", "at the desk").code
    assert {"planned"} == {line["state"] for line in desk("show", "1", "--json").answer}


def test_pause_and_unpause(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    assert 0 == desk("pause", "--protocol", "microneedling", "--step", "today", "--reason", "a typo").code
    assert "paused: a typo" == desk("due", "--json").answer[0]["reason"]
    assert 0 == desk("unpause", "--protocol", "microneedling", "--step", "today").code
    assert None is desk("due", "--json").answer[0]["reason"]


def test_the_forecast_ends_where_it_is_told_to(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    assert STEPS[:3] == [line["step"] for line in desk("due", "--within", "2d", "--json").answer]
    assert STEPS == [line["step"] for line in desk("due", "--json").answer]


def test_explain_says_why(desk: Desk, ana: tuple[str, ...]) -> None:
    desk(*ana)
    assert "It leaves when what it lifts has ended: makeup (24 hours)." in desk("explain", "3").out


def test_empty_lists_are_lists(desk: Desk) -> None:
    for listing in ("due", "enrollments", "opt-outs", "replies"):
        assert [] == desk(listing, "--json").answer
        assert ("", 1) == (desk(listing).out, desk(listing).err.count("\n"))


def test_what_is_not_there_is_a_sentence(subtests: pytest.Subtests, desk: Desk) -> None:
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
        (("close", "9" * 20), "notifier replies"),
    ]
    for command, instead in cases:
        with subtests.test(command=command, instead=instead):
            ran = desk(*command)
            assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
            assert instead in ran.err


def test_a_database_from_the_future_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    desk("enrollments")
    with sqlite3.connect(tmp_path / "notifier.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    ran = desk("enrollments")
    assert (1, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
    assert "9999" in ran.err
