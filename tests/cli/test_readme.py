"""The README's commands, run as they are written in one clinic that has what they name; the tests that it names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from notifier.config.key_file import make_key_file
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import open_engine, writing
from schedules.catalogue import shipped

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text("utf-8")
NOW: Final = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)
NOT_RUN: Final = {
    "notifier run": "it serves until it is stopped: tests/scheduler/test_process.py",
    "notifier import --watch": "it watches until it is stopped: tests/cli/staff/test_watching.py",
    "notifier recover --plan": "it asks Twilio: tests/cli/ops/test_recover.py",
    "notifier enroll ...": "what stands above it, at an office: tests/cli/staff/test_offices.py",
    "sudo notifier service install": "it writes the machine's own folders: tests/cli/ops/test_service.py",
}
"""By how they begin: those that cannot be run here, with where they are."""
EXPECTED: Final = {
    "notifier doctor": 1,  # nobody has given this clinic a Twilio account
    "notifier staff reset-second-factor": 2,  # none is lost
    "notifier protocols migrate our-week": 2,  # nobody is enrolled on it
    "notifier protocols correct our-week": 2,  # so nobody was told otherwise
    "notifier staff phone Dana --code": 2,  # it is not the code that was texted
    "notifier protocols try": 2,  # so the number is not proved
}
"""By how they begin: what they exit with, where that is not 0."""


def written() -> list[str]:
    """Each command of the README's shell blocks, without the words behind its #."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.partition("  #")[0].partition(" # ")[0].strip() for line in lines if "notifier " in line.split("#")[0]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who types what the README says, in a clinic where that which it takes for granted has happened."""

    clinic: Callable[..., Any]
    place: Path
    monkeypatch: pytest.MonkeyPatch

    def before(self, command: str) -> None:
        """What the README takes for granted when it comes to this command."""
        for begins, happens in {
            "notifier replies": self.somebody_writes,
            "notifier import day.csv --as mindbody": self.the_booking_system_exports,
            "notifier import day.csv --as list": self.a_mapping_is_of_complete_files,
            "notifier offices": self.there_are_offices,
            "notifier audit verify": self.the_worker_has_run,
            "notifier protocols check": self.protocols_are_written,
        }.items():
            if command.startswith(begins):
                happens()

    def somebody_writes(self) -> None:
        self.clinic("staff", "add", "Luz")
        self.clinic("staff", "languages", "Luz", "--language", "en")
        enrolled = ("--treated-at", "2026-03-07T15:30", "--protocol", "microneedling", "--consent", "signed form")
        for number in range(7):
            self.clinic("enroll", "--name", "Ana Ruiz", "--phone", f"+1212555012{number}", *enrolled)
        for title in ("Makeup", "Sun"):
            self.clinic("saved-answers", "write", title, "Please call us.")
        self.clinic("saved-answers", "approve", "2", "--by", "Dr. Rivera")
        engine = open_engine(f"sqlite:///{self.place / 'notifier.db'}")
        with writing(engine) as session:
            receive(session, InboundText("SM1", "+12125550120", "When may I swim?", NOW), NOW)
        engine.dispose()

    def the_booking_system_exports(self) -> None:
        exported = (ROOT / "tests/enrollments/importing/exports/mindbody.csv").read_bytes()
        day = exported.replace(b"12/1/2026", b"3/10/2026")
        (self.place / "day.csv").write_bytes(day)

    def a_mapping_is_of_complete_files(self) -> None:
        shown = self.clinic("mappings", "show", "mindbody").out
        (self.place / "list.toml").write_text(f"complete = true\n{shown}")
        self.clinic("mappings", "save", "list", "list.toml")

    def there_are_offices(self) -> None:
        each = '[{0}]\nname = "{0}"\nphone = "212-555-0110"\ntimezone = "America/New_York"\n'
        (self.place / "offices.toml").write_text(each.format("downtown") + each.format("desert"))
        self.monkeypatch.setenv("NOTIFIER_OFFICES_FILE", "offices.toml")

    def the_worker_has_run(self) -> None:
        make_key_file(self.place / "notifier.db.key")

    def protocols_are_written(self) -> None:
        (self.place / "my-protocols").mkdir()
        for name, begins in {"light-peel": "title  = ", "our-week": "extends  = "}.items():
            (whole,) = (one for one in re.findall(r"```toml\n(.*?)```", README, re.DOTALL) if one.startswith(begins))
            (self.place / "my-protocols" / f"{name}.toml").write_text(whole)
        self.monkeypatch.setenv("NOTIFIER_PROTOCOLS_DIR", "my-protocols")


def test_every_command_of_the_readme_runs_as_written(
    subtests: pytest.Subtests, clinic: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(clinic, tmp_path, monkeypatch)
    for command in written():
        if any(command.startswith(one) for one in NOT_RUN) or not command.startswith("notifier "):
            continue
        with subtests.test(command):
            reader.before(command)
            words = shlex.split(command)[1:]
            target = words[words.index(">") + 1] if ">" in words else None
            ran = clinic(*(words[: words.index(">")] if target else words))
            if target:
                (tmp_path / target).write_text(ran.out)
            expected = next((code for one, code in EXPECTED.items() if command.startswith(one)), 0)
            assert expected == ran.code, ran.err


def test_what_is_not_run_still_stands_in_the_readme() -> None:
    for one in (*NOT_RUN, *EXPECTED):
        assert any(command.startswith(one) for command in written()), one


def test_every_promise_names_the_test_that_proves_it_and_every_test_that_is_named_exists() -> None:
    table = README.split("\n## What it promises\n")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| **Never ")]
    assert [] == [row for row in rows if "::test_" not in row]
    assert 9 == len(rows)
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", README)
    assert [] == [
        one
        for one in named
        if not (ROOT / one[0]).is_file() or f"def {one[1]}(" not in (ROOT / one[0]).read_text("utf-8")
    ]


def test_the_example_of_own_words_is_based_on_the_version_that_ships() -> None:
    ((base, version),) = re.findall(r'^extends  = "([^"]+)"\nbased_on = "([^"]+)"', README, re.MULTILINE)
    assert shipped()[base].version == version
