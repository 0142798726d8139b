"""`notifier import`."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
Desk = Callable[..., Any]


def sample(clinic: Desk, tmp_path: Path) -> str:
    text: str = clinic("import", "--template").out
    (tmp_path / "patients.csv").write_text(text)
    return text


def test_the_template_imports_as_it_is(clinic: Desk, tmp_path: Path) -> None:
    sample(clinic, tmp_path)
    ran = clinic("import", "patients.csv", "--json")
    assert (0, 2) == (ran.code, ran.answer["counts"]["new"])
    assert {"A-1001", "A-1002"} == {line["external_id"] for line in clinic("enrollments", "--json").answer}


def test_a_dry_run_writes_nothing(clinic: Desk, tmp_path: Path) -> None:
    sample(clinic, tmp_path)
    ran = clinic("import", "patients.csv", "--dry-run")
    assert 0 == ran.code
    assert "2 new" in ran.out
    assert [] == clinic("enrollments", "--json").answer


def test_ten_days_without_sun_for_who_has_read_seven_is_a_call_at_the_command_line_and_in_a_file(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path
) -> None:
    clinic(*ana, "--external-id", "A-1")
    with closing(sqlite3.connect(tmp_path / "notifier.db")) as connection:
        read = "UPDATE messages SET state = 'delivered', left_at = due_at, sent_text = text WHERE step = 'today'"
        connection.execute(read)
        connection.commit()
    header = "external_id,name,phone,protocol,treated_at,consent,restrictions"
    row = "A-1,Ana Lopez,+14155550123,microneedling,2026-03-07T15:30,signed form,sun=10d"
    (tmp_path / "day.csv").write_text(f"{header}\n{row}\n")

    changed = clinic("change", "1", "--restriction", "sun=10d", "--dry-run").out
    assert "the patient has read (today): " in changed
    in_file = clinic("import", "day.csv", "--dry-run").out
    assert "“today” was sent and is wrong now (the end of sun has moved); call the patient" in in_file
    effects = (
        clinic("change", "1", "--restriction", "sun=10d", "--dry-run", "--json").answer,
        clinic("import", "day.csv", "--dry-run", "--json").answer["effects"][0],
    )
    calls = [("today", "the end of sun has moved")]
    assert [calls, calls] == [[(one["step"], one["why"]) for one in effect["call_patient"]] for effect in effects]


def test_the_same_file_again_changes_nothing(clinic: Desk, tmp_path: Path) -> None:
    sample(clinic, tmp_path)
    clinic("import", "patients.csv")
    assert 2 == clinic("import", "patients.csv", "--json").answer["counts"]["same"]
    assert 2 == len(clinic("enrollments", "--json").answer)


def test_one_bad_row_and_nothing_is_written(clinic: Desk, tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(sample(clinic, tmp_path).replace("Ana Diaz", "Ana2"))
    ran = clinic("import", "patients.csv")
    assert 2 == ran.code
    assert "row 2: the name has a digit" in ran.err
    assert [] == clinic("enrollments", "--json").answer


def test_good_rows_can_go_first(clinic: Desk, tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(sample(clinic, tmp_path).replace("Ana Diaz", "Ana2"))
    assert 1 == clinic("import", "patients.csv", "--skip-bad").code
    assert ["A-1002"] == [line["external_id"] for line in clinic("enrollments", "--json").answer]


def test_a_file_that_is_not_there_is_bad_input(clinic: Desk) -> None:
    ran = clinic("import", "nowhere.csv")
    assert (2, 1) == (ran.code, ran.err.count("\n"))


def bad(clinic: Desk, tmp_path: Path) -> None:
    text = sample(clinic, tmp_path).replace("Ana Diaz", "Ana2").replace("+14155550123", "911")
    (tmp_path / "patients.csv").write_text(text)


def test_every_fault_of_a_row_is_told(clinic: Desk, tmp_path: Path) -> None:
    bad(clinic, tmp_path)
    ran = clinic("import", "patients.csv")
    assert 2 == ran.code
    assert "row 2: the name has a digit" in ran.err
    assert 'row 2: phone "911"' in ran.err
    assert "notifier: 1 row is bad, so nothing was written" in ran.err
    answer = clinic("import", "patients.csv", "--json").answer
    assert (1, 2, ["name", "phone"]) == (
        answer["bad_rows"], answer["fault_count"], sorted(one["column"] for one in answer["faults"]),
    )  # fmt: skip


def test_the_bad_rows_come_back_as_a_file_to_mend_and_import(clinic: Desk, tmp_path: Path) -> None:
    bad(clinic, tmp_path)
    ran = clinic("import", "patients.csv", "--skip-bad", "--bad-rows", "mend.csv")
    assert 1 == ran.code
    assert "mend it in mend.csv and run it again" in ran.err
    file = tmp_path / "mend.csv"
    assert 0o600 == file.stat().st_mode & 0o777
    text = file.read_text(encoding="utf-8-sig")
    assert "the name has a digit" in text
    assert 'phone ""911""' in text
    assert 1 == clinic("import", "mend.csv").err.count("1 row is bad")
    file.write_text(text.replace("Ana2", "Ana Diaz").replace("'911", "+14155550123"), encoding="utf-8-sig")
    assert 1 == clinic("import", "mend.csv", "--json").answer["counts"]["new"]
    assert {"A-1001", "A-1002"} == {line["external_id"] for line in clinic("enrollments", "--json").answer}


def test_no_file_of_bad_rows_replaces_another(clinic: Desk, tmp_path: Path) -> None:
    bad(clinic, tmp_path)
    ran = clinic("import", "patients.csv", "--bad-rows", "patients.csv")
    assert (2, "notifier: --bad-rows patients.csv exists already; name a file that does not\n") == (ran.code, ran.err)
    assert "there is no directory gone" in clinic("import", "patients.csv", "--bad-rows", "gone/mend.csv").err


def test_a_file_without_its_header_is_told_the_line_to_put_on_top(clinic: Desk, tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(sample(clinic, tmp_path).split("\n", 1)[1])
    ran = clinic("import", "patients.csv")
    assert (2, 1) == (ran.code, ran.err.count("\n"))
    assert "put this line on top" in ran.err
    assert "external_id,name,phone,protocol,treated_at,consent" in ran.err


def test_a_thousand_faults_are_listed_and_the_others_counted(clinic: Desk, tmp_path: Path) -> None:
    header, row, *_ = sample(clinic, tmp_path).split("\n")
    rows = [row.replace("A-1001", f"A-{number}").replace("Ana Diaz", "Ana2") for number in range(1005)]
    (tmp_path / "patients.csv").write_text("\n".join([header, *rows]))
    ran = clinic("import", "patients.csv")
    assert 1000 == ran.err.count(": the name has a digit")
    assert "... and 5 more\n" in ran.err
    assert "1,005 rows are bad" in ran.err


def test_an_import_that_was_killed_is_completed_by_the_next(
    clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, row, *_ = sample(clinic, tmp_path).split("\n")
    rows = [
        row.replace("A-1001", f"A-{number}").replace("+14155550123", f"+1415{2000000 + number}")
        for number in range(1200)
    ]
    (tmp_path / "patients.csv").write_text("\n".join([header, *rows]))
    command = [sys.executable, "-m", "notifier", "import", "patients.csv"]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while not (many := _enrolled(tmp_path)) and running.poll() is None:
            running.poll()
        running.kill()
    assert 0 == many % 500, "whole steps, or nothing"
    report = clinic("import", "patients.csv", "--json").answer
    assert 1200 == report["counts"]["new"] + report["counts"]["same"]
    assert 1200 == _enrolled(tmp_path)


def _enrolled(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "notifier.db", timeout=10)) as connection:
        return int(connection.execute("SELECT count(*) FROM enrollments").fetchone()[0])


def test_no_summary_says_that_refused_rows_are_in(clinic: Desk, tmp_path: Path) -> None:
    """Who reads only the last line must not believe that the good rows are in, nor that a dry run wrote any."""
    (tmp_path / "patients.csv").write_text(sample(clinic, tmp_path).replace("Ana Diaz", "Ana2"))
    refused, rehearsed = clinic("import", "patients.csv"), clinic("import", "patients.csv", "--dry-run", "--skip-bad")
    assert "2 rows: 1 new; nothing is written, for others are bad\n" == refused.out
    assert "2 rows: 1 new; nothing is written in a dry run\n" == rehearsed.out
    assert ("would be left out" in rehearsed.err, "imported" in rehearsed.err) == (True, False)
    assert [] == clinic("enrollments", "--json").answer


def test_who_left_bad_rows_out_is_not_told_to_leave_them_out(clinic: Desk, tmp_path: Path) -> None:
    """Also where every row is bad."""
    bad = sample(clinic, tmp_path).replace("Ana Diaz", "Ana2").splitlines(keepends=True)[:2]
    (tmp_path / "patients.csv").write_text("".join(bad))
    ran = clinic("import", "patients.csv", "--skip-bad")
    assert (1, False) == (ran.code, "--skip-bad" in ran.err)


def test_a_booking_systems_file_is_read_as_it_is_and_a_word_is_asked_about_once(clinic: Desk, tmp_path: Path) -> None:
    exports = Path(__file__).parents[2] / "enrollments" / "importing" / "exports"
    (tmp_path / "day.csv").write_bytes((exports / "acuity.csv").read_bytes().replace(b"2026", b"2027"))
    assert "has the columns of a booking system's: say --as acuity" in clinic("import", "day.csv").err
    asked = clinic("import", "day.csv", "--as", "acuity", "--consent", "signed form")
    assert (2, []) == (asked.code, clinic("enrollments", "--json").answer)
    assert 'which protocol does "Consultation" give (1 row)? Say --service "Consultation=PROTOCOL"' in asked.out
    said = ("--service", "Microneedling - Face=microneedling", "--service", "Consultation=none")
    assert "1 new, 1 passed by" in clinic("import", "day.csv", "--as", "acuity", "--consent", "signed form", *said).out
    again = clinic("import", "day.csv", "--as", "acuity", "--consent", "signed form", "--json").answer
    assert (1, 1, 0) == (again["counts"]["same"], again["counts"]["passed by"], again["bad_rows"])
    (booked,) = clinic("enrollments", "--json").answer
    assert ("77001", "Ana Diaz", "booked") == (booked["external_id"], booked["name"], booked["state"])


def test_a_mapping_of_the_clinics_own_stands_before_the_one_that_ships(clinic: Desk, tmp_path: Path) -> None:
    clinic("db", "upgrade")
    (tmp_path / "own.toml").write_text(clinic("mappings", "show", "jane").out.replace("Mobile", "Handy"))
    assert 0 == clinic("mappings", "save", "jane", "own.toml").code
    listed = {one["mapping"]: one["ships"] for one in clinic("mappings", "list", "--json").answer}
    assert (False, True) == (listed["jane"], listed["square"])
    assert "Handy" in clinic("mappings", "show", "jane").out
    assert 0 == clinic("mappings", "forget", "jane").code
    assert "Handy" not in clinic("mappings", "show", "jane").out
    assert 'there is no mapping "jain"' in clinic("mappings", "show", "jain").err


def test_what_was_done_before_closing_time_is_booked_for_staff_to_say_who_was_treated(
    clinic: Desk, tmp_path: Path
) -> None:
    """The evening's list of the day that is over."""
    exports = Path(__file__).parents[2] / "enrollments" / "importing" / "exports"
    (tmp_path / "day.csv").write_bytes((exports / "square.csv").read_bytes().replace(b"2026-12-01", b"2026-03-07"))
    ran = clinic("import", "day.csv", "--as", "square", "--consent", "signed form", "--json")
    assert (0, 1) == (ran.code, ran.answer["counts"]["new"])
    assert ["booked"] == [line["state"] for line in clinic("enrollments", "--json").answer]
