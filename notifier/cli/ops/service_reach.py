"""What the service's user can reach: the program that the unit starts, and the file with the settings."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServiceUser:
    """Whom the kernel will take the service for."""

    name: str
    uid: int | None
    """None where the user is yet to be created: it will own nothing, and be in no other's group."""
    groups: frozenset[int] = frozenset()

    def may(self, path: Path, wanted: int) -> bool:
        """Whether the mode of this very file or folder lets the user; `wanted` is of os.R_OK and os.X_OK."""
        found = path.stat()
        if found.st_uid == self.uid:
            shift = 6
        elif found.st_gid in self.groups:
            shift = 3
        else:
            shift = 0
        return stat.S_IMODE(found.st_mode) >> shift & wanted == wanted


def out_of_reach(user: ServiceUser, executable: Path, settings: Path) -> Iterator[str]:
    """A sentence for each thing that the service needs and its user cannot reach; none where all is well."""
    for what, path, wanted in _needed(executable):
        if (blocked := _first_closed(user, path, wanted)) is not None:
            yield (
                f"the user {user.name} may not enter {blocked}, where {what} is: install Notifier where every user may "
                "read it, such as with `make install PREFIX=/opt/notifier`, and run its own `service install`"
            )
            return
    if _is_there(settings) and (blocked := _first_closed(user, settings, os.R_OK)) is not None:
        yield f"the user {user.name} may not read {settings} (see {blocked}): chgrp {user.name} and chmod 640 let it"


def _needed(executable: Path) -> Iterator[tuple[str, Path, int]]:
    """The command, the interpreter behind the links of its environment, and the code that both load."""
    yield "the command", executable, os.R_OK | os.X_OK
    yield "its Python", Path(sys.executable).resolve(), os.R_OK | os.X_OK
    yield "its code", Path(__file__).resolve(), os.R_OK


def _first_closed(user: ServiceUser, path: Path, wanted: int) -> Path | None:
    for folder in reversed(path.parents):
        if not user.may(folder, os.X_OK):
            return folder
    return None if user.may(path, wanted) else path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False
