"""`notifier enroll --dry-run`: what she would get, told by the function of the page's preview; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Desk = Callable[..., Any]
BELLA = ("--name", "Bella Lopez")


def stored(clinic: Desk) -> int:
    return len(clinic("enrollments", "--json").answer)


def test_a_dry_run_tells_the_plan_and_stores_nothing(clinic: Desk, ana: tuple[str, ...]) -> None:
    rehearsed = clinic(*ana, "--dry-run", "--json")
    assert (0, None, 0) == (rehearsed.code, rehearsed.answer["enrollment"], stored(clinic))
    real = clinic(*ana, "--json").answer
    assert [(message["step"], message["due_at"], message["text"]) for message in rehearsed.answer["messages"]] == [
        (message["step"], message["due_at"], message["text"]) for message in real["messages"]
    ]


def test_what_a_second_patient_on_the_phone_would_lose_is_said_before(clinic: Desk, ana: tuple[str, ...]) -> None:
    """The same sentences as at enrollment, also of what it would do to the first one's texts."""
    clinic(*ana)
    rehearsed = clinic(*ana, *BELLA, "--dry-run", "--json").answer
    real = clinic(*ana, *BELLA, "--json").answer
    assert any(sentence.startswith("enrollment 1: ") for sentence in real["warnings"])
    assert real["warnings"] == rehearsed["warnings"]


def test_who_is_enrolled_already_is_said(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    rehearsed = clinic(*ana, "--dry-run")
    assert (0, 1) == (rehearsed.code, stored(clinic))
    assert "enrolled already, as enrollment 1" in rehearsed.err


def test_a_number_that_opted_out_is_said(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic("opt-out", "+14155550123", "--yes")
    assert "this number has opted out" in clinic(*ana, "--dry-run").err


def test_what_is_wrong_is_refused_as_at_enrollment(clinic: Desk, ana: tuple[str, ...]) -> None:
    for wrong in (("--phone", "617 ABC 0123"), ("--name", ""), ("--consent", ""), ("--treated-at", "2026-03-07T23:00")):
        real, rehearsed = clinic(*ana, *wrong), clinic(*ana, *wrong, "--dry-run")
        assert (2, real.err) == (rehearsed.code, rehearsed.err)


def test_no_database_is_made_for_it(new_clinic: Desk, ana: tuple[str, ...], tmp_path: Path) -> None:
    assert 0 == new_clinic(*ana, "--dry-run").code
    assert [] == list(tmp_path.glob("*.db*"))
