"""Whatever happens inside a command, a person gets a sentence and the shell a code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from notifier.cli.staff import protocols
from notifier.db.errors import DatabaseFailure

ROOT = Path(__file__).resolve().parents[2]
LIST = ("protocols", "list")


def test_a_mistake_of_ours_says_where_and_no_value(
    notifier: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback's message may hold a patient's number: neither is shown."""

    def broken(_settings: object) -> None:
        raise KeyError("+14155550123")

    monkeypatch.setattr(protocols, "known_protocols", broken)
    ran = notifier(*LIST)
    assert (1, "") == (ran.code, ran.out)
    assert "KeyError at protocols.py:" in ran.err
    assert "4155550123" not in ran.err
    assert "Traceback" not in ran.err


def test_an_unusable_database_is_a_sentence(notifier: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable(_settings: object) -> None:
        raise DatabaseFailure("The disk is full.")

    monkeypatch.setattr(protocols, "known_protocols", unusable)
    ran = notifier(*LIST)
    assert (1, "notifier: The disk is full.\n") == (ran.code, ran.err)


@pytest.mark.parametrize("url", ["mysql://host/notifier", "notifier.db"])
def test_a_bad_database_address_is_bad_configuration(
    notifier: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A service would be started again for ever; 78 tells systemd that it does not mend itself."""
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", url)
    ran = notifier("due")
    assert (78, 1) == (ran.code, ran.err.count("\n"))
    assert "sqlite:///notifier.db" in ran.err


def test_ctrl_c_is_130(notifier: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(protocols, "known_protocols", interrupted)
    assert 130 == notifier(*LIST).code


def test_a_reader_who_leaves_early_sees_no_traceback() -> None:
    """`notifier protocols list | true`: whoever reads has gone before the first line."""
    command = f"env -u PYTHONUNBUFFERED {sys.executable} -m notifier protocols list | true; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (1, "") == (ran.returncode, ran.stderr)


def test_help_lists_every_command(notifier: Callable[..., Any]) -> None:
    ran = notifier("--help")
    assert 0 == ran.code
    assert all(command in ran.out for command in ("timeline", "protocols"))
