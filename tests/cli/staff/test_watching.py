"""`notifier import --watch`: a file is taken once, when whole; what is bad in it waits to be mended, and is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from notifier.cli.context import command_context
from notifier.cli.staff.watching import take
from notifier.db.engine import reading
from notifier.enrollments.importing.drop_folder import DropFolder
from notifier.oversight.alerts.alert_rules import AlertRules, find_causes
from notifier.oversight.alerts.stored_alerts import gather
from schedules.send_window import zone_named

Desk = Callable[..., Any]
HEADER = (
    "Start,End,Patient Number,Patient First Name,Patient Preferred Name,Patient Last Name,Mobile,Treatment,"
    "Staff Member,Location,State,Text Reminders\n"
)
GOOD = '"2026-03-09 09:00","2026-03-09 10:00",1044,Erin,,Moore,6175550101,microneedling,Dana,Main,booked,true\n'
BAD = '"2026-03-09 11:00","2026-03-09 12:00",1045,Ida,,Holm,12,microneedling,Dana,Main,booked,true\n'


def causes() -> list[str]:
    with command_context(read_only=True) as context, reading(context.engine) as session:
        rules = AlertRules(zone_named("America/New_York"))
        return [one.why for one in find_causes(gather(session, context.now), rules, context.now) if "file" in one.key]


def taken(files: DropFolder, file: Path) -> str:
    with command_context(writes_texts=True, creates=True) as context:
        return take(context, files, file, "jane", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (made := tmp_path / "from-booking").mkdir()
    return made


def test_a_file_is_taken_when_it_has_not_changed_since_the_look_before(folder: Path) -> None:
    files = DropFolder(folder)
    for name in ("day.csv", ".hidden.csv", "day.csv.part"):
        (folder / name).write_text("half")
    assert [] == files.settled()
    (folder / "day.csv").write_text("half and the rest")
    assert [] == files.settled()
    assert ["day.csv"] == [file.name for file in files.settled()]
    away = files.put_away(folder / "day.csv", "done", datetime(2026, 3, 7, 9, tzinfo=UTC))
    assert (folder / "done" / "20260307-090000-day.csv", []) == (away, files.settled())


def test_good_rows_go_in_and_bad_ones_wait_to_be_mended_and_are_told_until_they_are(
    clinic: Desk, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = DropFolder(folder)
    (file := folder / "day.csv").write_text(HEADER + GOOD + BAD)
    assert ("failed", 1) == (taken(files, file), len(clinic("enrollments", "--json").answer))
    (mend,) = (folder / "failed").glob("*.mend.csv")
    assert ("Ida" in mend.read_text(), "Erin" in mend.read_text(), 0o600) == (True, False, mend.stat().st_mode & 0o777)
    assert ["a file of jane could not be taken: 1 row of it waits to be mended"] == [
        said.partition(";")[0] for said in causes()
    ]
    mend.write_text(mend.read_text().replace(",12,", ",6175550102,").replace("'12", "6175550102"))
    assert ("done", 2, []) == (taken(files, mend), len(clinic("enrollments", "--json").answer), causes())
    (file := folder / "notes.csv").write_text("Dear all,\n")
    assert ("failed", 1) == (taken(files, file), len(causes()))
    assert "Erin" not in capsys.readouterr().err
