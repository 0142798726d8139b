"""A language that the program does not have, for tests: a folder among copies of ours."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from schedules.languages import folders

ESPERANTO = Path(__file__).parent / "esperanto"
TEN_LINES = """\
title  = "Senpeka"
source = "none"
languages = ["eo"]
restrictions = { makeup = { hours = 24 }, sun = { days = 7 } }
steps  = [
  { key = "today", topics = ["makeup", "sun"], at = { hours = 1 } },
  { key = "makeup-again", lifts = ["makeup"] },
  { key = "sun-over", lifts = ["sun"] } ]
"""
"""A protocol in it, all of ready words."""


def speak_esperanto(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From here on there is `eo` too; the folder of languages, whose files a test may spoil."""
    languages = folder / "languages"
    for one in ("en", "es"):
        shutil.copytree(folders.FOLDER / one, languages / one)
    shutil.copytree(ESPERANTO, languages / "eo")
    monkeypatch.setattr(folders, "FOLDER", languages)
    return languages
