"""The clinic that is attacked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.attacks.two_offices import Clinic, fill, open_clinic, quick_passwords


@pytest.fixture(scope="module")
def clinic(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """One for a module: a test that changes something puts it back."""
    place = tmp_path_factory.mktemp("clinic")
    shutil.copyfile(sqlite_template, place / "notifier.db")
    now = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
    with quick_passwords(), open_clinic(f"sqlite:///{place / 'notifier.db'}", place, now) as clinic:
        fill(clinic)
        yield clinic
