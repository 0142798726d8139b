"""Each command is read from disk when it is asked for: the others would only make it slow to start."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from notifier.cli.app import COMMANDS, build_app

SLOW = ("sqlalchemy", "sqlmodel", "alembic", "psycopg", "fastapi", "twilio", "httpx2", "apscheduler", "structlog")


def commands() -> Any:
    group = get_command(build_app())
    assert isinstance(group, TyperGroup)
    return group.commands


def loaded_by(*words: str) -> set[str]:
    """The modules that a process of its own has loaded by the end of this command."""
    code = (
        f"import sys; from notifier.cli.boundary import run; run({list(words)!r}); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(ran.stderr.splitlines()[-1].split())


def test_each_command_is_there_under_its_own_name_with_the_help_of_the_table() -> None:
    assert list(COMMANDS) == list(commands())
    said = {name: command.get_short_help_str(500) for name, command in commands().items()}
    assert {name: entry.help for name, entry in COMMANDS.items()} == said
    assert dict.fromkeys(COMMANDS, True) == {name: name == command.name for name, command in commands().items()}


def test_help_lists_all_commands_and_reads_the_code_of_none() -> None:
    loaded = loaded_by("--help")
    assert set() == {one for one in loaded if one.startswith(("notifier.cli.staff", "notifier.cli.ops"))}
    assert set() == loaded & {*SLOW, "babel", "pydantic", "notifier.config.settings"}


def test_a_timeline_where_there_is_no_database_loads_nothing_that_stores_and_nothing_that_sends_or_serves() -> None:
    when = ("--treated-at", "2026-03-07T15:30", "--timezone", "America/New_York")
    loaded = loaded_by("timeline", "microneedling", *when)
    assert "schedules.timeline" in loaded
    assert set() == loaded & {*SLOW, "notifier.db"}


def test_a_list_starts_without_what_only_sending_and_serving_need() -> None:
    loaded = loaded_by("due", "--help")
    assert "sqlalchemy" in loaded
    assert set() == loaded & {"twilio", "httpx2", "psycopg", "fastapi", "apscheduler", "alembic"}
    assert set() == loaded & {"notifier.oversight.explain", "notifier.sending.claim", "notifier.sms.gateway"}
