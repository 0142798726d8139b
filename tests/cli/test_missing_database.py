"""In the wrong directory nothing looks well: who only looks is told that there is no database, and makes none."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command as migration

from notifier.db import migrate
from notifier.db.engine import open_engine
from notifier.db.schema import HEAD, SchemaBehind, check_schema
from tests.cli.conftest import ANA

Desk = Callable[..., Any]
LOOKS = (
    ("due",), ("due", "--json"), ("enrollments", "--json"), ("show", "1"), ("explain", "1"), ("replies",),
    ("opt-outs", "--json"), ("alerts",), ("staff", "list"), ("api-key", "list", "--json"), ("recover", "--plan"),
    ("backup", "copy.db"), ("treated", "1", "--at", "2026-03-07T15:30"), ("change", "1", "--name", "Ana"),
    ("cancel", "1"), ("hold", "1"), ("resume", "1"), ("release", "+12125550123"), ("review", "1", "--sent"),
    ("unpause", "--protocol", "microneedling"), ("circuit", "reset"), ("restore", "--since", "2026-03-07T02:00Z"),
    ("staff", "deactivate", "Dana"), ("api-key", "revoke", "EHR"),
)  # fmt: skip
WRITES = (
    ("db", "upgrade"), ("opt-out", "+12125550123"), ("staff", "add", "Dana", "--generate"),
    ("api-key", "add", "EHR", "--scope", "read"), ("protocols", "approve", "microneedling", "--by", "Dr. Rivera"),
    ("pause", "--protocol", "microneedling", "--reason", "a typo"),
)  # fmt: skip


def test_who_looks_is_refused_in_one_sentence_and_makes_no_file(
    subtests: pytest.Subtests, new_clinic: Desk, tmp_path: Path
) -> None:
    for command in LOOKS:
        with subtests.test(command=command):
            ran = new_clinic(*command)
            assert (1, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
            assert ran.err.startswith(
                f"notifier: The database {tmp_path / 'notifier.db'} does not exist: go to the directory"
            )
            assert "NOTIFIER_DATABASE_URL" in ran.err
            assert "`notifier db upgrade`" in ran.err
            assert [] == list(tmp_path.glob("*.db*"))


@pytest.mark.parametrize("command", WRITES, ids=" ".join)
def test_who_writes_says_once_that_the_database_is_new_and_where(
    new_clinic: Desk, tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = f"a new database: {tmp_path / 'notifier.db'}\n"
    assert 1 == new_clinic(*command).err.count(said)
    assert "a new database" not in new_clinic(*command).err


def test_an_enrollment_makes_the_database_and_what_looks_then_finds_it(new_clinic: Desk, ana: tuple[str, ...]) -> None:
    assert "a new database" in new_clinic(*ana).err
    assert 0 == new_clinic("due", "--json").code


def test_the_database_of_another_program_is_refused_with_its_path(
    subtests: pytest.Subtests, new_clinic: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "notifier.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE invoices (id)")
    before = file.read_bytes()
    for command in (*LOOKS, *WRITES):
        with subtests.test(command=command):
            ran = new_clinic(*command)
            assert (1, "") == (ran.code, ran.out)
            assert f"{file} is the database of another program (it has a table invoices" in ran.err
            assert before == file.read_bytes()


def test_the_doctor_says_that_it_is_of_another_program(new_clinic: Desk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "notifier.db")) as connection:
        connection.execute("CREATE TABLE invoices (id)")
    (found,) = [one for one in new_clinic("doctor", "--json").answer if one["what"] == "database"]
    assert "fail" == found["level"]
    assert "is the database of another program" in found["found"]


def test_a_dry_run_before_the_first_enrollment_makes_no_database(new_clinic: Desk, tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(new_clinic("import", "--template").out, encoding="utf-8")
    ran = new_clinic("import", "patients.csv", "--dry-run")
    assert (0, "2 rows: 2 new; nothing is written in a dry run\n") == (ran.code, ran.out)
    assert "checked as if nobody were enrolled yet. The database" in ran.err
    assert [] == list(tmp_path.glob("*.db*"))


def test_a_test_of_the_channels_needs_no_database(new_clinic: Desk, tmp_path: Path) -> None:
    assert "nobody would be told" in new_clinic("alerts", "--test").err
    assert [] == list(tmp_path.glob("*.db*"))


CHANGES_NOTHING = (
    *LOOKS[: LOOKS.index(("treated", "1", "--at", "2026-03-07T15:30"))],
    ("enroll", "--dry-run", *ANA[1:]), ("import", "patients.csv", "--dry-run"), ("doctor",),
)  # fmt: skip


def test_who_only_looks_leaves_an_older_database_as_it_is(
    subtests: pytest.Subtests, clinic: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "notifier.db"
    make_older(f"sqlite:///{file}")
    before = file.read_bytes()
    said = f"The database is at revision 0008; this Notifier needs revision {HEAD}: run `notifier db upgrade`."
    for command in CHANGES_NOTHING:
        with subtests.test(command=command):
            ran = clinic(*command)
            assert before == file.read_bytes()
            if command == ("backup", "copy.db"):
                assert 0 == ran.code
                with pytest.raises(SchemaBehind, match="at revision 0008"):
                    check_schema(open_engine(f"sqlite:///{tmp_path / 'copy.db'}"))
                continue
            assert 1 == ran.code
            assert said in ran.out if command == ("doctor",) else f"notifier: {said}\n" == ran.err


def make_older(url: str) -> None:
    engine = open_engine(url)
    with engine.connect() as connection, connection.begin():
        migration.downgrade(migrate.config(connection), "0008")
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("command", ["run", "worker", "web", "due", "doctor"])
def test_an_empty_postgresql_is_said_with_what_to_do(
    new_clinic: Desk, empty_postgresql_url: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", empty_postgresql_url)
    for name, value in (("TWILIO_ACCOUNT_SID", "AC" + "0" * 32), ("TWILIO_AUTH_TOKEN", "a" * 32)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TWILIO_FROM_NUMBER", "+14155550100")
    ran = new_clinic(command)
    said = f"The database is empty; this Notifier needs revision {HEAD}: run `notifier db upgrade`."
    assert 1 == ran.code
    assert said in ran.out if command == "doctor" else f"notifier: {said}\n" == ran.err
