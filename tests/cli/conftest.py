"""A command line in an empty directory, without settings."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from notifier.cli.boundary import run


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # parallel test runners set it: tables would fold
    for name in list(os.environ):
        if name.startswith(("NOTIFIER_", "TWILIO_")) and not name.startswith("NOTIFIER_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def notifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`notifier("timeline", "microneedling", …)`, as the shell would run it."""
    monkeypatch.chdir(tmp_path)

    def ran(*args: str) -> Ran:
        capsys.readouterr()
        code = run(args)
        said = capsys.readouterr()
        return Ran(int(code), said.out, said.err)

    return ran


@pytest.fixture
def clinic(new_clinic: Callable[..., Ran], sqlite_template: Path, tmp_path: Path) -> Callable[..., Ran]:
    """A clinic in New York, on Saturday 2026-03-07 at 15:40; its database is in the empty directory."""
    shutil.copy(sqlite_template, tmp_path / "notifier.db")  # with its mode
    return new_clinic


@pytest.fixture
def new_clinic(notifier: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The same clinic, before it has a database."""
    settings = {
        "NOTIFIER_CLINIC_NAME": "Glow",
        "NOTIFIER_CLINIC_PHONE": "212-555-0100",
        "NOTIFIER_TIMEZONE": "America/New_York",
        "NOTIFIER_FIRST_TEXT": "false",
        "NOTIFIER_RETENTION_DAYS": "3650",
        "NOTIFIER_STAFF": "Dana",
        "NOTIFIER_ENV": "test",
        "NOTIFIER_CLOCK_FILE": "clock",
        "TWILIO_API_URL": "http://127.0.0.1:1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "clock").write_text("2026-03-07T20:40:00Z")
    return notifier


@pytest.fixture
def at_a_terminal(tmp_path: Path) -> Callable[..., Ran]:
    """A real process at a real terminal of 80 columns, in the same directory and with the same settings.

    `typed` is what a person types when asked. stdout and stderr come out as one; NO_COLOR keeps them readable here.
    """

    def ran(*args: str, typed: str = "") -> Ran:
        ours, theirs = pty.openpty()
        environment = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "80"}
        command = [sys.executable, "-m", "notifier", *args]
        with subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment
        ) as running:
            os.close(theirs)
            os.write(ours, typed.encode())
            shown = b""
            while chunk := _read(ours):
                shown += chunk
            code = running.wait(timeout=30)
        os.close(ours)
        return Ran(code, shown.decode().replace("\r\n", "\n"), "")

    return ran


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end has closed
        return b""


ANA = (
    *("enroll", "--name", "Ana Lopez", "--phone", "+14155550123", "--protocol", "microneedling"),
    *("--consent", "signed form", "--treated-at", "2026-03-07T15:30"),
)


@pytest.fixture
def ana() -> tuple[str, ...]:
    """The command that enrolls Ana, treated ten minutes ago."""
    return ANA
