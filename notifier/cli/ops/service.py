"""`notifier service install` and `uninstall`: one system service that survives crashes, restarts and reboots."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

import typer

from notifier.cli.errors import Failed
from notifier.cli.ops.service_reach import ServiceUser, out_of_reach
from notifier.cli.options import DryRun, Yes
from notifier.cli.output import confirm, note, show
from notifier.config.settings import surroundings
from notifier.config.settings_file import SYSTEM as SETTINGS
from notifier.domain.refused import Refused

app = typer.Typer(help="The system service.", no_args_is_help=True)

UNIT: Final = Path("/etc/systemd/system/notifier.service")
COMMAND: Final = Path("/usr/local/bin/notifier")
"""Where everybody's PATH finds the command."""
BOOTED: Final = Path("/run/systemd/system")
"""Is there where systemd runs, see sd_booted(3)."""


@app.callback()
def _group() -> None:
    """The system service."""


@app.command("install")
def install(
    user: Annotated[str, typer.Option(help="The system user it runs as; created if it does not exist.")] = "notifier",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Write the systemd unit, and put the command on everybody's PATH.

    It does not start anything: the settings come first, and the commands for both are printed. Nothing is written
    where the service's user could not reach the program.
    """
    executable = _executable()
    unit = unit_text(executable, user)
    unreachable = list(out_of_reach(_service_user(user), executable, SETTINGS))
    if dry_run:
        show(unit.rstrip("\n"))
        for sentence in unreachable:
            note(f"it would be refused: {sentence}")
        return
    _refuse_without_systemd()
    if unreachable:
        raise Failed("; ".join(unreachable))
    confirm(f"Write {UNIT} for the user {user}?", yes=yes)
    _create_user(user)
    UNIT.write_text(unit, encoding="utf-8")
    _systemctl("daemon-reload")
    note(_what_next(user, _linked(executable)))


@app.command("uninstall")
def uninstall(dry_run: DryRun = False, yes: Yes = False) -> None:
    """Stop the service and take its unit away; the database, the settings and the user stay."""
    ours = [path for path in (UNIT, *([COMMAND] if _is_ours(COMMAND) else [])) if path.is_symlink() or path.exists()]
    if dry_run:
        show("\n".join(f"would remove {path}" for path in ours) or "nothing is installed here")
        return
    _refuse_without_systemd()
    if not ours:
        note("nothing is installed here")
        return
    confirm("Stop the service and remove it? Nothing will be sent until it runs again.", yes=yes)
    if UNIT in ours:
        _systemctl("disable", "--now", "notifier")
    for path in ours:
        path.unlink()
    _systemctl("daemon-reload")
    note(f"removed: {', '.join(map(str, ours))}\nkept: the database in /var/lib/notifier, and {SETTINGS.parent}")


def unit_text(executable: Path, user: str) -> str:
    """The unit file for this executable and user."""
    if not user.isascii() or not user.replace("-", "").replace("_", "").isalnum():
        raise Refused(f'"{user}" is no name of a system user; write letters, digits and hyphens', "user")
    template = resources.files("notifier").joinpath("systemd", "notifier.service").read_text("utf-8")
    return template.replace("@NOTIFIER@", str(executable)).replace("@USER@", user)


def _executable() -> Path:
    return Path(sys.executable).with_name("notifier").absolute()


def _service_user(name: str) -> ServiceUser:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return ServiceUser(name, None)
    return ServiceUser(name, found.pw_uid, frozenset(os.getgrouplist(name, found.pw_gid)))


def _refuse_without_systemd() -> None:
    if os.geteuid() != 0:
        raise Failed("a system service needs root: run it with sudo, or look first with --dry-run")
    if shutil.which("systemctl") is None:
        raise Failed("there is no systemd here: let what you have run `notifier run`, and again whenever it ends")


def _systemctl(*words: str) -> None:
    """Tell systemd; where it does not run (an image that is being built), it reads the unit when it starts."""
    if not BOOTED.is_dir():
        return
    try:
        subprocess.run(["systemctl", *words], check=True, env=surroundings())  # noqa: S607  # systemctl is where the system has it
    except subprocess.CalledProcessError as error:
        raise Failed(f"`systemctl {' '.join(words)}` ended with {error.returncode}: see what it says above") from None


def _create_user(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        command = ["useradd", "--system", "--home-dir", "/var/lib/notifier", "--shell", "/usr/sbin/nologin", user]
        subprocess.run(command, check=True, env=surroundings())


def _is_ours(link: Path) -> bool:
    return link.is_symlink() and link.readlink() == _executable()


def _linked(executable: Path) -> str:
    """Put the command on the PATH where nothing of another's stands there; what was done, as a line."""
    if _is_ours(COMMAND) or executable == COMMAND:
        return f"the command is {COMMAND}"
    if COMMAND.is_symlink() or COMMAND.exists():
        return f"{COMMAND} is another program's, and stays: the command is {executable}"
    COMMAND.symlink_to(executable)
    return f"linked: {COMMAND}"


def _what_next(user: str, linked: str) -> str:
    folder, group = SETTINGS.parent, _group_of(user)
    return (
        f"written: {UNIT}\n{linked}\n"
        f"1. the settings:  install -d -m 750 -g {group} {folder}; then write {SETTINGS} (see .env.example), "
        f"with NOTIFIER_DATABASE_URL=sqlite:////var/lib/notifier/notifier.db; chgrp {group} and mode 640\n"
        "2. start it:      systemctl enable --now notifier\n"
        "3. look at it:    systemctl status notifier; journalctl -u notifier -f\n"
        f"Run the other commands as that user, so that the database stays its own: sudo -u {user} notifier doctor"
    )


def _group_of(user: str) -> str:
    try:
        return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except KeyError:
        return user
