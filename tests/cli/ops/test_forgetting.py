"""Forgetting as ops do it: nothing of an erased patient is left anywhere, and a kill leaves whole patients or none."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from notifier.config.key_file import read_key_file
from notifier.db.engine import open_engine, reading
from notifier.db.threads import DatabaseThreads
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.pseudonyms import Pseudonyms
from notifier.sandbox.running import RunningSandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER
from notifier.scheduler.forgetting import Forgetting
from notifier.sms.account import TwilioAccount
from notifier.sms.twilio_gateway import TwilioGateway
from tests.cli.ops.test_recover import later, twilio
from tests.faults.process import until
from tests.setups.fakes import FakeClock

__all__ = ["twilio"]
Desk = Callable[..., Any]
NAME, PHONE = "Zerlina Quixano", "+14155550177"
WORDS = (
    "zerlina", "quixano", "ehr-9913", "velvet", "purple", "limerick", "+14155550177", "14155550177", "4155550177",
    "(415) 555-0177", "415-555-0177", "415.555.0177", "555-0177",
)  # fmt: skip
_KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from notifier.cli.boundary import run
left = int(sys.argv[1])
@event.listens_for(Engine, "before_cursor_execute")
def _count(connection, cursor, statement, *rest):
    global left
    left -= statement.startswith(("UPDATE", "DELETE", "INSERT"))
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
sys.exit(run(sys.argv[2:]))
"""


def found_in(content: bytes) -> list[str]:
    return [one for one in WORDS if one.encode() in content.lower()]


@contextmanager
def running(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """`notifier run`, and what it wrote into `stderr`; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    monkeypatch.setenv("NOTIFIER_WEB_PORT", str(port))
    written = place / "stderr"
    with written.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "notifier", "run"], cwd=place, stderr=stderr, stdout=stderr)
        try:
            until(lambda: b'"ready"' in written.read_bytes(), "it is not ready")
            yield port
        finally:
            process.terminate()
            assert 0 == process.wait(30)


def stored(place: Path, question: str) -> Any:
    with closing(sqlite3.connect(f"file:{place / 'notifier.db'}?mode=ro", uri=True)) as database:
        return database.execute(question).fetchone()[0]


def search(port: int, key: str) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/patients/search", json.dumps({"words": "quixano"}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request) as response:
        return bytes(response.read())


def enroll(clinic: Desk, name: str, phone: str, *more: str, treated: str = "2026-03-07T14:30") -> Any:
    return clinic(
        "enroll", "--name", name, "--phone", phone, "--protocol", "microneedling", "--treated-at", treated,
        "--consent", "signed velvet", *more,
    )  # fmt: skip


def test_nothing_of_an_erased_patient_is_left_while_everything_runs(
    clinic: Desk, tmp_path: Path, twilio: RunningSandbox, rules: PlanningRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == enroll(clinic, NAME, "(415) 555-0177", "--external-id", "EHR-9913").code
    key = clinic("api-key", "add", "EHR", "--scope", "read").out.split()[-1]
    twilio.receive(PHONE, "what a purple bruise")
    said = (
        "SELECT count(*) FROM replies",
        "SELECT count(*) FROM messages WHERE state IN ('accepted', 'sent', 'delivered')",
    )
    with running(tmp_path, monkeypatch) as port:
        until(lambda: [1, 2] == [stored(tmp_path, one) for one in said], "no reply came, or not both texts left")
        assert b"Zerlina" in search(port, key)
        twilio.settle()
        clinic("note", "1", "sings a limerick")
        clinic("close", "1", "--texts", "go-on")
        clinic("opt-out", PHONE)
        assert len(found_in((tmp_path / "notifier.db-wal").read_bytes())) > 5
        before = tmp_path / "notifier.db.before-upgrade-0001-20260301T000000Z"
        assert (0, 0) == tuple(clinic("backup", str(one)).code for one in (before, "mine.db"))
        ran = clinic("erase", PHONE, "--yes")
        assert 0 == ran.code, ran.err
        assert [("mine.db", False), (before.name, True)] == [
            (name, "the second upgrade after it deletes it" in goes)
            for name, goes in re.findall(r"still in: \S*/(\S+) \((.*)\)", ran.err)
        ]
        for one in (before, tmp_path / "mine.db"):
            one.unlink()
        assert b"Zerlina" not in search(port, key)
    assert 0 == clinic("backup", "fresh.db").code
    assert {} == {one.name: found for one in tmp_path.iterdir() if (found := found_in(one.read_bytes()))}
    assert {"clock", "fresh.db", "notifier.db", "stderr"} <= {one.name for one in tmp_path.iterdir()}

    later(tmp_path, "2026-04-13T20:40:00Z")  # 37 days after
    asyncio.run(forget_at_twilio(tmp_path, twilio, rules))
    assert [] == found_in(repr((twilio.ledger, twilio.sandbox.account.messages)).encode())
    again = enroll(clinic, NAME, PHONE)
    assert (2, True) == (again.code, "was erased" in again.err), again
    other = enroll(clinic, "Bob Ruiz", PHONE, treated="2026-04-13T14:30")
    assert (0, {"suppressed"}) == (other.code, {one["state"] for one in clinic("show", "2", "--json").answer})


async def forget_at_twilio(place: Path, twilio: RunningSandbox, rules: PlanningRules) -> None:
    """The worker's round."""
    engine = open_engine(f"sqlite:///{place / 'notifier.db'}")
    clock, threads = FakeClock(datetime(2026, 4, 13, 20, 40, tzinfo=UTC)), DatabaseThreads(engine)
    account = TwilioAccount(ACCOUNT_SID, auth_token=AUTH_TOKEN, from_number=SENDER, api_url=twilio.url)
    gateway, pseudonyms = TwilioGateway(account), Pseudonyms(read_key_file(place / "notifier.db.key"))
    await Forgetting(threads, clock, gateway, rules, pseudonyms, None).round()
    await gateway.close()
    threads.close()
    engine.dispose()


def test_a_kill_in_the_middle_leaves_each_patient_whole_or_gone_and_the_next_run_goes_on(
    clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Zerlina Quixano", "Bartleby Ozymand")
    for name, phone in zip(names, ("(415) 555-0177", "(415) 555-0178"), strict=True):
        assert 0 == enroll(clinic, name, phone).code
    later(tmp_path, "2027-06-01T20:40:00Z")
    monkeypatch.setenv("NOTIFIER_RETENTION_DAYS", "365")
    whole = [rows_with(tmp_path, name) for name in names]
    assert min(whole) >= 3
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, "40", "retention", "--apply", "--yes"],
        check=False, cwd=tmp_path, capture_output=True,
    )  # fmt: skip
    assert -9 == killed.returncode, killed.stderr
    assert [0, whole[1]] == [rows_with(tmp_path, name) for name in names]
    assert 0 == clinic("retention", "--apply", "--yes").code
    assert [0, 0] == [rows_with(tmp_path, name) for name in names]


def rows_with(place: Path, name: str) -> int:
    engine = open_engine(f"sqlite:///{place / 'notifier.db'}")
    first, words = name.split(maxsplit=1)[0].lower(), 0
    with reading(engine) as session:
        for table in SQLModel.metadata.sorted_tables:
            words += sum(first in str(tuple(row)).lower() for row in session.execute(select(table)))
    engine.dispose()
    return words
