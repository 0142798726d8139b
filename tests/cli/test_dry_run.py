"""Every command that changes something shows with `--dry-run` what it would do, and does nothing of it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from typer.core import TyperGroup
from typer.main import get_command

from notifier.cli.app import build_app
from notifier.conversations.claims import claim
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import open_engine, writing
from notifier.db.protocols import store_version
from notifier.db.tables import Enrollment, Message, Staff, StaffPhone, TaskSnooze
from notifier.domain.states import MessageState
from notifier.domain.tasks import TaskKind, TaskRef
from notifier.numbers.holds import hold_number
from notifier.sending.gates.circuits import open_circuit
from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from tests.cli.conftest import ANA, Ran
from tests.setups.changed import moved_and_misinformed
from tests.setups.gated import enroll_on_cryo

Desk = Callable[..., Ran]
PHONE, HELD = "+14155550123", "+14155550199"
NOW = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)
WEEK, MINERAL = "microneedling-week", "microneedling-regimen"
OLDER = CareProtocol.from_content(shipped()["microneedling"].content.replace('"days":7', '"days":6'))
"""What the first patient was enrolled on."""
CHANGES: dict[str, tuple[str, ...]] = {
    "enroll": tuple("Eva Holm" if word == "Ana Lopez" else word for word in ANA)[1:],
    "import": ("patients.csv",),
    "treated": ("2", "--at", "2026-03-07T16:00"),
    "no-show": ("2",),
    "change": ("1", "--language", "es"),
    "cancel": ("1",),
    "hold": ("1",),
    "resume": ("3",),
    "consent-withdrawn": ("1",),
    "informed": ("1",),
    "cleared": ("5", "soaking"),
    "reply": ("1", "Please call us."),
    "close-silent": (),
    "pass-on": ("1",),
    "note": ("1", "Prefers calls after noon."),
    "saved-answers write": ("Makeup?", "No makeup until {makeup.until}."),
    "saved-answers approve": ("1", "--by", "Dr. Rivera"),
    "saved-answers retire": ("1",),
    "staff languages": ("Dana", "--language", "es"),
    "close": ("1", "--texts", "go-on"),
    "tasks close": ("text-2", "--told"),
    "tasks reopen": ("text-3",),
    "tasks take": ("reply-1",),
    "tasks give-back": ("text-2",),
    "tasks hand-over": ("reply-1", "--to", "Dana"),
    "tasks put-off": ("text-2", "--until", "2026-03-09T09:00"),
    "tasks take-up": ("reply-1",),
    "opt-out": (PHONE,),
    "release": (HELD,),
    "review": ("1", "--sent"),
    "never-text": ("1",),
    "pause": ("--protocol", WEEK, "--reason", "a typo"),
    "unpause": ("--protocol", MINERAL),
    "circuit reset": (),
    "protocols approve": ("microneedling", "--by", "Dr. Rivera"),
    "protocols migrate": ("microneedling",),
    "protocols correct": (WEEK, "--text", "en={clinic}: no sun until {sun.until}. STOP to opt out."),
    "protocols try": ("microneedling", "--to", "+12125550171"),
    "recover": ("--apply",),
    "backup": ("copy.db",),
    "restore": ("older.db",),
    "audit new-key": ("--reason", "the disk is lost"),
    "erase": ("4",),
    "legal-hold": ("1",),
    "retention": ("--apply",),
    "staff add": ("Eve",),
    "staff offices": ("Dana",),
    "staff password": ("Dana",),
    "staff phone": ("Dana", "+12125550172"),
    "staff deactivate": ("Dana",),
    "staff reset-second-factor": ("Dana",),
    "staff sign-out": ("Dana",),
    "api-key add": ("Booking", "--scope", "read"),
    "api-key revoke": ("EHR",),
    "fixed-answer": ("--approve", "--by", "Dr. Rivera"),
    "mappings save": ("mine", "own.toml"),
    "mappings forget": ("kept",),
    "webhooks add": ("https://example.org/hooks", "--happening", "message.failed"),
    "webhooks new-secret": ("1",),
    "webhooks remove": ("1",),
    "hooks add": ("booking",),
    "hooks new-secret": ("cal",),
    "hooks remove": ("cal",),
    "hooks retry": ("cal",),
    "feeds add": ("visits", "https://example.org/visits.ics"),
    "feeds remove": ("kept",),
    "db upgrade": (),
    "db move": ("postgresql+psycopg://localhost/other",),
    "service install": (),
    "service uninstall": (),
}
"""Each command that changes something, with words by which it does."""
NOT_TRIED = {
    "recover", "service install", "service uninstall", "staff offices", "staff sign-out", "db upgrade", "db move",
    "close-silent", "hooks retry",
}  # fmt: skip
"""Not done for good here: nothing is late, nobody is silent or signed in, no post has failed, the machine is no test's,
there are no offices, the database is new."""
CHANGES_NOTHING = {
    "demo", "rehearse", "run", "worker", "web", "timeline", "due", "enrollments", "show", "explain", "replies",
    "opt-outs",
    "delivery", "silent", "find", "patients", "day", "report",
    "protocols list", "protocols show", "protocols check", "protocols compare", "protocols schema", "offices", "alerts",
    "tasks list", "protocols effect",
    "doctor", "audit who-saw", "audit show", "audit verify", "classify", "staff list", "api-key list",
    "notes", "saved-answers list", "mappings list", "mappings show", "mappings try", "settings",
    "export", "evidence",
    "hooks list", "feeds list", "hooks events", "webhooks list", "webhooks deliveries", "webhooks test",
}  # fmt: skip


def leaves(group: TyperGroup, before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        called = f"{before}{name}"
        found |= leaves(command, f"{called} ") if isinstance(command, TyperGroup) else {called: command}
    return found


def all_commands() -> dict[str, Any]:
    group = get_command(build_app())
    assert isinstance(group, TyperGroup)
    return leaves(group)


@pytest.fixture(scope="session")
def kept_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs a busy desk leaves one for the others."""
    return tmp_path_factory.mktemp("desk") / "busy"


@pytest.fixture
def busy_desk(clinic: Desk, tmp_path: Path, kept_desk: Path) -> Desk:
    """A reply, a held number, a text in review, an open circuit, a pause, an older version, an account and a key."""
    if not kept_desk.is_dir():
        make_busy(clinic, tmp_path)
        shutil.copytree(tmp_path, kept_desk)
    shutil.copytree(kept_desk, tmp_path, dirs_exist_ok=True)
    return clinic


def make_busy(clinic: Desk, tmp_path: Path) -> None:
    assert 0 == clinic(*ANA).code
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with writing(engine) as session:
        receive(session, InboundText("SM1", PHONE, "is this normal?", NOW, 0), NOW)
        hold_number(session, HELD, reason="unread", at=NOW, by="worker")
        open_circuit(session, reason="no money", code=30002, at=NOW, by="worker")
        first = select(col(Message.id)).order_by(col(Message.id)).limit(1).scalar_subquery()
        session.execute(update(Message).where(col(Message.id) == first).values(state=MessageState.NEEDS_REVIEW))
        for number, how in ((2, None), (3, "done")):
            bounced = update(Message).where(col(Message.id) == number)
            session.execute(bounced.values(state=MessageState.UNDELIVERED, seen_to=how))
        claim(session, TaskRef(TaskKind.TEXT, 2), now=NOW, by="dana")
        store_version(session, OLDER, NOW)
        session.execute(update(Enrollment).values(version=OLDER.version))
        moved_and_misinformed(session, 1, shipped()[WEEK], NOW - timedelta(days=1))
        session.add(TaskSnooze(kind="reply", number=1, until=NOW + timedelta(days=1), at=NOW, by="dana"))
    engine.dispose()
    booked = [*ANA[1:], "--appointment-at", "2026-03-07T15:50"]
    del booked[booked.index("--treated-at") : booked.index("--treated-at") + 2]
    for words in (
        ("enroll", *("Bea Lund" if word == "Ana Lopez" else word for word in booked)),
        ("enroll", *("Cleo Marsh" if word == "Ana Lopez" else word for word in ANA[1:])),
        ("enroll", *({"Ana Lopez": "Dora Vale", PHONE: "+14155550177"}.get(word, word) for word in ANA[1:])),
        ("hold", "3"),
        ("pause", "--protocol", MINERAL, "--reason", "a typo"),
        ("staff", "add", "Dana", "--generate"),
        ("staff", "languages", "Dana", "--language", "en"),
        ("saved-answers", "write", "Swelling?", "Call us at {phone}."),
        ("api-key", "add", "EHR", "--scope", "read"),
        ("webhooks", "add", "http://127.0.0.1:9/hook", "--happening", "message.failed"),
        ("feeds", "add", "kept", "webcal://example.org/kept.ics"),
        ("hooks", "add", "cal", "--kind", "cal.com"),
        ("backup", "older.db"),
    ):
        assert 0 == clinic(*words).code, words
    enroll_on_cryo(clinic, tmp_path)
    with engine.begin() as connection:
        connection.execute(update(Staff).values(otp_secret="JBSWY3DPEHPK3PXP"))
    with writing(engine) as session:
        session.add(StaffPhone(staff_id=1, phone="+12125550171", asked_at=NOW, proved_at=NOW))
    engine.dispose()
    (tmp_path / "patients.csv").write_text(clinic("import", "--template").out)
    (tmp_path / "own.toml").write_text(clinic("mappings", "show", "jane").out)
    assert 0 == clinic("mappings", "save", "kept", "own.toml").code
    (tmp_path / "clock").write_text("2026-03-07T21:10:00Z")  # the hour of the appointment has come


def is_of_command(row: str) -> bool:
    """Whether the command line itself has written down that a command ran."""
    return row.startswith(('INSERT INTO "staff_audit"', 'INSERT INTO "audit_shown"')) and (
        "audit_shown" in row or "'terminal of " in row
    )


def contents(place: Path) -> tuple[set[str], str]:
    """The files there but SQLite's own, and every row but those of the audit log, which says who was shown what."""
    with closing(sqlite3.connect(f"file:{place / 'notifier.db'}?mode=ro", uri=True)) as connection:
        rows = "\n".join(row for row in connection.iterdump() if not is_of_command(row))
    return {one.name for one in place.iterdir() if not one.name.endswith(("-wal", "-shm"))}, rows


def test_every_command_is_in_one_of_the_tables() -> None:
    assert set() == {*CHANGES, *CHANGES_NOTHING} ^ set(all_commands()), (
        "CHANGES or CHANGES_NOTHING in this file and notifier/cli/app.py differ"
    )
    assert set() == set(CHANGES) & CHANGES_NOTHING


def test_a_dry_run_shows_what_would_change_and_changes_nothing(busy_desk: Desk, tmp_path: Path) -> None:
    before = contents(tmp_path)
    for called, words in CHANGES.items():
        ran = busy_desk(*called.split(), *words, "--dry-run")
        assert (called, 0) == (called, ran.code), ran.err
        assert ran.out + ran.err, called
        assert before == contents(tmp_path), called


def test_json_at_a_terminal_shows_the_same_and_changes_nothing(
    busy_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = all_commands()
    with_json = [name for name in CHANGES if any("--json" in one.opts for one in commands[name].params)]
    assert {"enroll", "import", "change", "reply", "recover"} < set(with_json)
    before = contents(tmp_path)
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    for called in with_json:
        ran = busy_desk(*called.split(), *CHANGES[called], "--json")
        assert (called, 0) == (called, ran.code), ran.err
        assert ran.answer, called
        assert before == contents(tmp_path), called


def test_without_it_the_same_words_change_something(busy_desk: Desk, tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    shutil.copy(tmp_path / "notifier.db", busy)
    before = contents(tmp_path)
    for called in CHANGES.keys() - NOT_TRIED:
        ran = busy_desk(*called.split(), *CHANGES[called])
        assert (called, 0) == (called, ran.code), ran.err
        assert before != contents(tmp_path), called
        for one in tmp_path.glob("notifier.db*"):
            one.unlink()
        shutil.copy(busy, tmp_path / "notifier.db")
        (tmp_path / "copy.db").unlink(missing_ok=True)


def test_a_dry_run_makes_no_database(new_clinic: Desk, tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(new_clinic("import", "--template").out)
    for called in (
        "enroll",
        "import",
        "opt-out",
        "pause",
        "protocols approve",
        "staff add",
        "db upgrade",
    ):
        ran = new_clinic(*called.split(), *CHANGES[called], "--dry-run")
        assert (called, 0) == (called, ran.code), ran.err
        assert [] == list(tmp_path.glob("*.db*")), called


def test_a_dry_run_is_refused_as_the_command_itself_would_be(clinic: Desk) -> None:
    for words in (
        ("release", PHONE),
        ("review", "7", "--sent"),
        ("api-key", "revoke", "Nobody"),
        ("close", "7", "--texts", "end"),
    ):
        done, dry = clinic(*words), clinic(*words, "--dry-run")
        assert (2, done.err) == (dry.code, dry.err)
