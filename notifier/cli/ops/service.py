"""`notifier service install`: one system service that survives crashes, restarts and reboots."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from notifier.cli.errors import Failed
from notifier.cli.options import DryRun, Yes
from notifier.cli.output import confirm, note, show
from notifier.config.settings import surroundings
from notifier.domain.refused import Refused

app = typer.Typer(help="The system service.", no_args_is_help=True)

UNIT = Path("/etc/systemd/system/notifier.service")
SETTINGS = Path("/etc/notifier/notifier.env")


@app.callback()
def _group() -> None:
    """The system service."""


@app.command("install")
def install(
    user: Annotated[str, typer.Option(help="The system user it runs as; created if it does not exist.")] = "notifier",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Write the systemd unit.

    It does not start anything: the settings come first, and the commands for both are printed.
    """
    unit = unit_text(_executable(), user)
    if dry_run:
        show(unit.rstrip("\n"))
        return
    if os.geteuid() != 0:
        raise Failed("installing a system service needs root: run it with sudo, or look first with --dry-run")
    if shutil.which("systemctl") is None:
        raise Failed("there is no systemd here: let what you have run `notifier run`, and again whenever it ends")
    confirm(f"Write {UNIT} for the user {user}?", yes=yes)
    _create_user(user)
    UNIT.write_text(unit, encoding="utf-8")
    subprocess.run(["systemctl", "daemon-reload"], check=True, env=surroundings())  # noqa: S607  # systemctl is where the system has it
    note(_what_next(user))


def unit_text(executable: Path, user: str) -> str:
    """The unit file for this executable and user."""
    if not user.isascii() or not user.replace("-", "").replace("_", "").isalnum():
        raise Refused(f'"{user}" is no name of a system user; write letters, digits and hyphens', "user")
    template = resources.files("notifier").joinpath("systemd", "notifier.service").read_text("utf-8")
    return template.replace("@NOTIFIER@", str(executable)).replace("@USER@", user)


def _executable() -> Path:
    return Path(sys.executable).with_name("notifier").absolute()


def _create_user(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        command = ["useradd", "--system", "--home-dir", "/var/lib/notifier", "--shell", "/usr/sbin/nologin", user]
        subprocess.run(command, check=True, env=surroundings())


def _what_next(user: str) -> str:
    folder = SETTINGS.parent
    return (
        f"written: {UNIT}\n"
        f"1. the settings:  install -d -m 750 -g {user} {folder}; then write {SETTINGS} (see .env.example), mode 640\n"
        "2. start it:      systemctl enable --now notifier\n"
        "3. look at it:    systemctl status notifier; journalctl -u notifier -f\n"
        f"Run the other commands as that user, so that the database stays its own: sudo -u {user} notifier doctor"
    )
