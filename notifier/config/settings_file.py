"""Which file the settings are read from: the same for the service and for every command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

NAMED: Final = "NOTIFIER_SETTINGS_FILE"
SYSTEM: Final = Path("/etc/notifier/notifier.env")
"""What the service is installed with."""


class NoSettingsFile(LookupError):
    """The file that should hold the settings is not there, or may not be read; one sentence."""


def find_settings_file(environment: Mapping[str, str]) -> Path | None:
    """The file that NOTIFIER_SETTINGS_FILE names, else the first that is there; None where there is none.

    They are `.env` in the working directory, `notifier/notifier.env` in the user's configuration, and the system's.
    Raises NoSettingsFile.
    """
    if named := environment.get(NAMED):
        file = Path(named)
        if not _is_there(file):
            raise NoSettingsFile(f"{NAMED} names {named}, which is not there; name the file with the settings.")
        return file
    return next((file for file in _usual(environment) if _is_there(file)), None)


def _usual(environment: Mapping[str, str]) -> Iterator[Path]:
    yield Path(".env")
    home = environment.get("HOME")
    if own := environment.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"):
        yield Path(own, "notifier", "notifier.env")
    yield SYSTEM


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except PermissionError:
        raise NoSettingsFile(
            f"{file} may not be read by this user; run the command as the service's user, such as: "
            "sudo -u notifier notifier doctor."
        ) from None
