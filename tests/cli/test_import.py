"""`notifier import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Desk = Callable[..., Any]


def sample(desk: Desk, tmp_path: Path) -> str:
    text: str = desk("import", "--template").out
    (tmp_path / "patients.csv").write_text(text)
    return text


def test_the_template_imports_as_it_is(desk: Desk, tmp_path: Path) -> None:
    sample(desk, tmp_path)
    ran = desk("import", "patients.csv", "--json")
    assert (0, 2) == (ran.code, ran.answer["counts"]["new"])
    assert {"A-1001", "A-1002"} == {line["external_id"] for line in desk("enrollments", "--json").answer}


def test_a_dry_run_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    sample(desk, tmp_path)
    ran = desk("import", "patients.csv", "--dry-run")
    assert 0 == ran.code
    assert "2 new" in ran.out
    assert [] == desk("enrollments", "--json").answer


def test_the_same_file_again_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    sample(desk, tmp_path)
    desk("import", "patients.csv")
    assert 2 == desk("import", "patients.csv", "--json").answer["counts"]["same"]
    assert 2 == len(desk("enrollments", "--json").answer)


def test_one_bad_row_and_nothing_is_written(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(sample(desk, tmp_path).replace("Ana Diaz", "Ana2"))
    ran = desk("import", "patients.csv")
    assert 2 == ran.code
    assert "row 2: the name has a digit" in ran.err
    assert [] == desk("enrollments", "--json").answer


def test_good_rows_can_go_first(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(sample(desk, tmp_path).replace("Ana Diaz", "Ana2"))
    assert 1 == desk("import", "patients.csv", "--skip-bad").code
    assert ["A-1002"] == [line["external_id"] for line in desk("enrollments", "--json").answer]


def test_a_file_that_is_not_there_is_bad_input(desk: Desk) -> None:
    ran = desk("import", "nowhere.csv")
    assert (2, 1) == (ran.code, ran.err.count("\n"))
