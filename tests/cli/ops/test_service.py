"""`notifier service install` and `uninstall`."""

from __future__ import annotations

import configparser
import getpass
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from notifier.cli.ops import service
from notifier.cli.ops.service import unit_text
from notifier.cli.ops.service_reach import ServiceUser, out_of_reach


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


def test_what_its_user_cannot_reach_is_said_before_anything_is_written(tmp_path: Path) -> None:
    (program := tmp_path / "bin" / "notifier").parent.mkdir()
    program.touch(mode=0o755)
    settings = tmp_path / "notifier.env"
    stranger = ServiceUser("clinic", None)
    for closed in (tmp_path, *(one for one in tmp_path.parents if "pytest" in str(one))):
        closed.chmod(0o755)
    program.parent.chmod(0o700)
    assert [f"the user clinic may not enter {program.parent}"] == [
        said.partition(",")[0] for said in out_of_reach(stranger, program, settings)
    ]
    owner = ServiceUser("clinic", program.parent.stat().st_uid)
    settings.touch(mode=0o040)
    assert [f"the user clinic may not read {settings} (see {settings}): chgrp clinic and chmod 640 let it"] == [
        *out_of_reach(owner, program, settings)
    ]


def test_it_is_installed_linked_and_taken_away_again(
    notifier: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, command = tmp_path / "notifier.service", tmp_path / "notifier"
    for name, value in {"UNIT": unit, "COMMAND": command, "BOOTED": tmp_path / "no-systemd"}.items():
        monkeypatch.setattr(service, name, value)
    monkeypatch.setattr(service, "out_of_reach", lambda *_: [])
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/bin/systemctl")
    me = getpass.getuser()
    assert 0 == notifier("service", "install", "--user", me, "--yes").code
    assert (f"User={me}" in unit.read_text(), "notifier") == (True, command.readlink().name)
    assert 0 == notifier("service", "uninstall", "--yes").code
    assert [] == [path for path in (unit, command) if path.is_symlink() or path.exists()]
    command.write_text("another program's")
    assert 0 == notifier("service", "install", "--user", me, "--yes").code
    assert 0 == notifier("service", "uninstall", "--yes").code
    assert "another program's" == command.read_text()
