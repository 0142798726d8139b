"""`notifier service install`."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from notifier.cli.ops.service import unit_text


def test_a_dry_run_prints_the_unit_and_writes_nothing(notifier: Callable[..., Any], tmp_path: Path) -> None:
    ran = notifier("service", "install", "--dry-run", "--user", "clinic")
    assert (0, []) == (ran.code, list(tmp_path.iterdir()))
    unit = configparser.RawConfigParser(strict=False, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    unit.read_string(ran.out)
    assert "clinic" == unit["Service"]["User"]
    assert unit["Service"]["ExecStart"].endswith("/notifier run")


def test_the_unit_restarts_waits_and_gives_nothing_away() -> None:
    """What a clinic's operator relies on, line by line."""
    unit = unit_text(Path("/opt/notifier/bin/notifier"), "notifier").splitlines()
    wanted = (
        "Type=notify",
        "WatchdogSec=90",
        "Restart=always",
        "RestartPreventExitStatus=78",
        "TimeoutStopSec=40",
        "ProtectSystem=strict",
        "StateDirectory=notifier",
        "NoNewPrivileges=yes",
        "SystemCallFilter=@system-service",
    )
    assert [] == [line for line in wanted if line not in unit]
    assert [] == [
        line for line in unit if "@" in line.replace("@system-service", "").replace("~@privileged @resources", "")
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to verify the unit with")
def test_systemd_itself_finds_no_fault(tmp_path: Path) -> None:
    unit = tmp_path / "notifier.service"
    unit.write_text(unit_text(Path("/bin/true"), "daemon"))
    ran = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert [] == [line for line in ran.stderr.splitlines() if str(unit) in line]


def test_a_user_name_cannot_add_a_line(notifier: Callable[..., Any]) -> None:
    ran = notifier("service", "install", "--dry-run", "--user", "root\nExecStartPre=/bin/true")
    assert 2 == ran.code
