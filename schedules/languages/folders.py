"""The folders of languages: known by their names alone, before anything is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

DEFAULT: Final = "en"
CODE: Final = re.compile(r"[a-z]{2}")
FOLDER = Path(__file__).parent


def codes(folder: Path | None = None) -> tuple[str, ...]:
    """The languages that have a folder, complete or not: English first, then by code."""
    found = (one.name for one in (folder or FOLDER).iterdir() if CODE.fullmatch(one.name) and one.is_dir())
    return tuple(sorted(found, key=lambda code: (code != DEFAULT, code)))
