"""Rotation: which backups of a directory stay. Only files that have its own kind of name are ever looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"notifier-(\d{8}T\d{6}Z)\.backup")
_MOMENT: Final = "%Y%m%dT%H%M%SZ"


def backup_name(at: datetime) -> str:
    """What a backup of that instant is called where backups rotate, in UTC."""
    return f"notifier-{at.astimezone(UTC):{_MOMENT}}.backup"


def too_many(names: Iterable[str], *, daily: int, weekly: int) -> list[str]:
    """The names of the backups that go, oldest first.

    Of each of the last `daily` days that have one the newest stays, of each of the last `weekly` ISO weeks too (both in
    UTC), and the newest of all whatever the numbers. Other names are nobody's business here.
    """
    made = sorted(((at, name) for name in names if (at := _moment(name)) is not None), reverse=True)
    stay = {name for _, name in made[:1]}
    for many, period in ((daily, "%Y-%m-%d"), (weekly, "%G-%V")):
        newest: dict[str, str] = {}
        for at, name in made:
            newest.setdefault(f"{at:{period}}", name)
        stay |= set(list(newest.values())[:many])
    return [name for _, name in reversed(made) if name not in stay]


def is_rotated(name: str) -> bool:
    """Whether a file of this name is deleted by rotation one day."""
    return _moment(name) is not None


def last_backup(directory: Path) -> datetime | None:
    """The instant of the newest backup there, by its name, in UTC; None where there is none. Raises OSError."""
    return max((at for one in directory.iterdir() if (at := _moment(one.name)) is not None), default=None)


def rotate(
    directory: Path, *, daily: int, weekly: int, beside: tuple[str, ...] = (), dry_run: bool = False
) -> list[str]:
    """Delete what goes, after a new backup was written and checked; the names. `beside`: names that count as there.

    Raises OSError.
    """
    gone = too_many({*(one.name for one in directory.iterdir()), *beside}, daily=daily, weekly=weekly)
    for name in () if dry_run else gone:
        (directory / name).unlink(missing_ok=True)
    return gone


def _moment(name: str) -> datetime | None:
    found = _NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
