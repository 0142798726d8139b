"""`notifier backup`, `restore` and `recover`: the day after the disk broke, from the command line."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from notifier.clock import ShiftedClock
from notifier.config.key_file import make_key_file
from notifier.db.found_backups import ENCRYPTED
from notifier.sandbox.running import RunningSandbox, running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER
from notifier.scheduler.worker_lock import exclusive

Desk = Callable[..., Any]
ANA = "+14155550123"


@pytest.fixture
def twilio(clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """The clinic's account, on loopback."""
    clock = ShiftedClock(tmp_path / "clock")
    with running_sandbox(now=clock.now) as sandbox:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT_SID)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
        monkeypatch.setenv("TWILIO_FROM_NUMBER", SENDER)
        monkeypatch.setenv("TWILIO_API_URL", sandbox.url)
        yield sandbox


def later(tmp_path: Path, at: str) -> None:
    """Set the clock."""
    (tmp_path / "clock").write_text(at)


def states(clinic: Desk) -> dict[str, str]:
    return {line["step"]: line["state"] for line in clinic("show", "1", "--json").answer}


def test_a_database_that_was_lost_comes_back_without_telling_anybody_twice(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path, twilio: RunningSandbox
) -> None:
    clinic(*ana)
    first = clinic("show", "1", "--json").answer[0]
    ran = clinic("backup", "night.db")
    assert (0, "") == (ran.code, ran.out)
    later(tmp_path, "2026-03-07T21:35:00Z")
    twilio.sandbox.account.create({"To": ANA, "From": SENDER, "Body": first["text"]})
    twilio.receive(ANA, "thank you!")
    later(tmp_path, "2026-03-07T23:40:00Z")
    ran = clinic("restore", "night.db")
    assert 0 == ran.code
    assert "notifier.db.before-restore" in ran.err
    assert "notifier recover" in ran.err
    before = clinic("recover", "--plan", "--json").answer
    assert "2026-03-07T20:40:0" in before["restored_to"]
    assert ["today"] == [line["step"] for line in before["texts"]]
    assert "planned" == states(clinic)["today"]
    after = clinic("recover", "--apply", "--json").answer
    assert (1, {}) == (after["asked_twilio"]["adopted"], after["asked_twilio"]["held"])
    assert None is after["restored_to"]
    assert [] == after["texts"]
    assert "accepted" == states(clinic)["today"]
    assert ["thank you!"] == [line["text"] for line in clinic("replies", "--json").answer]


def test_a_backup_to_stdout_is_whole_and_encrypted_where_a_key_is_set(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic(*ana)
    assert "nothing rotates" in clinic("backup", "--keep-daily", "1", "-").err
    make_key_file(tmp_path / "key")
    for key, begins in (("", b"SQLite format 3"), (str(tmp_path / "key"), ENCRYPTED)):
        monkeypatch.setenv("NOTIFIER_KEY_FILE", key)
        with monkeypatch.context() as piped:
            stdout = TextIOWrapper(BytesIO())
            piped.setattr(sys, "stdout", stdout)
            assert (0, True) == ((ran := clinic("backup", "-")).code, "bytes, checked" in ran.err)
        (tmp_path / "there.backup").write_bytes(written := stdout.buffer.getvalue())
        assert written.startswith(begins)
        ran = clinic("restore", "there.backup")
        assert (0, 5) == (ran.code, len(states(clinic))), ran.err
    assert [] == [one.name for one in tmp_path.glob(".notifier-backup-*")]


def test_backups_of_a_directory_rotate_and_a_dry_run_deletes_none(clinic: Desk, tmp_path: Path) -> None:
    nights, keep = tmp_path / "nights", ("--keep-daily", "1")
    assert "name a directory" in clinic("backup", *keep, str(nights)).err
    nights.mkdir()
    for day, extra in ((8, ()), (9, ("--dry-run",)), (9, ()), (10, ("--dry-run",))):
        later(tmp_path, f"2026-03-0{day}T03:00:00Z" if day < 10 else f"2026-03-{day}T03:00:00Z")
        ran = clinic("backup", *keep, str(nights), *extra)
        there = [one.name[9:17] for one in nights.iterdir()]
        assert (0, ["20260308" if day == 8 or (day, extra) == (9, ("--dry-run",)) else "20260309"]) == (ran.code, there)
    ran = clinic("backup", *keep, str(nights), "--dry-run")
    assert "would be deleted: notifier-20260309T0300" in ran.err


def test_a_backup_older_than_what_twilio_is_sure_to_have_is_refused_unless_one_insists(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path
) -> None:
    clinic(*ana)
    clinic("backup", "night.db")
    assert 0 == clinic("erase", "1", "--yes").code
    by_hand = ("restore", "--since", "2026-03-07T20:40Z")
    said = {}
    for at in ("2026-04-11T20:39:00Z", "2026-04-11T20:41:00Z"):
        later(tmp_path, at)
        for called in (("restore", "night.db"), by_hand):
            ran = said[called] = clinic(*called, "--dry-run")
            assert (called, 0 if "20:39" in at else 2) == (called, ran.code), ran.err
    assert {True} == {"this backup is of 2026-03-07, 35 days ago: what left since" in ran.err for ran in said.values()}
    restored = clinic("restore", "night.db", "--too-old")
    assert (0, True) == (restored.code, "erase them again: enrollment 1" in restored.err), restored.err
    assert [0, 0] == [clinic(*one).code for one in ((*by_hand, "--too-old"), ("erase", "1", "--yes"))]


def test_a_stop_since_the_backup_counts(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path, twilio: RunningSandbox
) -> None:
    clinic(*ana)
    clinic("backup", "night.db")
    twilio.receive(ANA, "stop please")
    clinic("restore", "night.db")
    assert 0 == clinic("recover", "--apply").code
    assert {"suppressed"} == set(states(clinic).values())


def test_while_twilio_cannot_be_asked_everything_waits(
    clinic: Desk, ana: tuple[str, ...], twilio: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic(*ana)
    clinic("backup", "night.db")
    clinic("restore", "night.db")
    monkeypatch.setenv("TWILIO_API_URL", "http://127.0.0.1:1")
    ran = clinic("recover", "--apply")
    assert (1, "") == (ran.code, ran.out)
    assert "could not be asked" in ran.err
    assert "restored_to" in clinic("recover", "--plan", "--json").out
    found = {finding["what"]: finding for finding in clinic("doctor", "--json").answer}
    assert "fail" == found["recovery"]["level"]
    assert "this is a backup of" in found["recovery"]["found"]


def test_a_restore_is_refused_while_a_worker_runs(clinic: Desk, ana: tuple[str, ...], tmp_path: Path) -> None:
    clinic(*ana)
    clinic("backup", "night.db")
    with exclusive(tmp_path / "notifier.db", now=datetime(2026, 3, 7, tzinfo=UTC)):
        ran = clinic("restore", "night.db")
    assert 1 == ran.code
    assert "another worker holds the lock" in ran.err
    assert not (tmp_path / "notifier.db.before-restore").exists()


def test_what_cannot_be_meant_is_a_sentence(subtests: pytest.Subtests, clinic: Desk) -> None:
    cases: list[tuple[tuple[str, ...], str]] = [
        (("restore",), "name the backup FILE"),
        (("restore", "a.db", "--since", "2026-03-07T02:00Z"), "name the backup FILE"),
        (("restore", "--since", "yesterday"), "write it with its offset"),
        (("restore", "--since", "2026-03-07T02:00"), "write it with its offset"),
        (("restore", "--since", "2027-03-07T02:00Z"), "in the future"),
        (("restore", "missing.db"), "there is no file missing.db"),
        (("recover",), "say --plan"),
        (("recover", "--plan", "--apply"), "say --plan"),
        (("backup", "notifier.db"), "exists already"),
    ]
    for args, sentence in cases:
        with subtests.test(args=args, sentence=sentence):
            clinic("db", "upgrade")
            ran = clinic(*args)
            assert (2, "") == (ran.code, ran.out)
            assert sentence in ran.err


def test_a_database_put_in_place_by_hand_is_said_to_be_one(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert 0 == clinic("restore", "--since", "2026-03-07T02:00Z").code
    assert "2026-03-07T02:00:00+00:00" == clinic("recover", "--plan", "--json").answer["restored_to"]


def test_late_texts_are_shown_with_whose_they_are_and_released(
    clinic: Desk, ana: tuple[str, ...], tmp_path: Path
) -> None:
    clinic(*ana)
    later(tmp_path, "2026-03-08T00:40:00Z")
    plan = clinic("recover", "--plan")
    assert "Ana Lopez, +14155550123" in plan.out
    assert "still useful: it leaves" in plan.out
    assert "1 patient: 1 leaves" in plan.err
    applied = clinic("recover", "--apply")
    assert "released: 1 text" in applied.err
    later(tmp_path, "2026-03-20T00:40:00Z")
    lines = clinic("recover", "--plan", "--json").answer["texts"]
    assert {"expired"} == {line["fate"] for line in lines}
    late, untold = "it could not leave while it was still useful", "not told: makeup; tell the patient in person"
    assert {"today": late, "still-no-makeup": late, "makeup-again": untold} == {
        line["step"]: line["why"] for line in lines if line["step"] in ("today", "still-no-makeup", "makeup-again")
    }


def test_nothing_late_is_nothing_to_do(clinic: Desk, ana: tuple[str, ...]) -> None:
    clinic(*ana)
    assert (0, "no text is late") == ((ran := clinic("recover", "--plan")).code, ran.err.strip()[:15])
    assert "nothing waits" in clinic("recover", "--apply").err


def test_the_restored_database_is_one_whole_file(clinic: Desk, ana: tuple[str, ...], tmp_path: Path) -> None:
    clinic(*ana)
    clinic("backup", "night.db")
    clinic("restore", "night.db")
    connection = sqlite3.connect(tmp_path / "notifier.db")
    assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert [] == list(tmp_path.glob("*.restoring*")) + list(tmp_path.glob("*.part"))
