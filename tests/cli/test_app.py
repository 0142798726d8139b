"""Each command is read from disk alone: the others would only make it slow to start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command

from notifier.cli.app import COMMANDS, build_app


def _names(first_word: str | None) -> list[str]:
    return list(getattr(get_command(build_app(first_word)), "commands"))  # noqa: B009  # click's type does not say it


@pytest.mark.parametrize("first_word", [None, "--help", "no-such-command"])
def test_without_a_command_all_are_there(first_word: str | None) -> None:
    assert sorted(COMMANDS) == sorted(_names(first_word))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_comes_alone_under_its_own_name(name: str) -> None:
    assert [name] == _names(name)


@pytest.mark.parametrize("slow", ["twilio", "httpx2", "psycopg", "fastapi", "apscheduler", "alembic"])
def test_a_list_starts_without_what_only_sending_and_serving_need(slow: str) -> None:
    code = f"import sys; from notifier.cli.app import build_app; build_app('due'); sys.exit({slow!r} in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
