"""A protocol of the examples with a gate: `soaking` holds for 7 days, and until staff clear it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import schedules
from schedules.catalogue import load_protocol

CRYO_FILE = Path(schedules.__file__).parent / "examples" / "cryo.toml"
CRYO = load_protocol(CRYO_FILE)


def offer_cryo(directory: Path) -> Path:
    """A clinic's own protocols, with this one among them."""
    directory.mkdir(exist_ok=True)
    shutil.copy(CRYO_FILE, directory)
    return directory


EDNA = (
    *("enroll", "--name", "Edna Wise", "--phone", "+14155550178", "--protocol", "cryo"),
    *("--consent", "signed form", "--treated-at", "2026-03-07T15:30"),
)


def enroll_on_cryo(clinic: Callable[..., Any], place: Path) -> None:
    """Edna, at the command line of a clinic that offers it meanwhile."""
    with pytest.MonkeyPatch.context() as own:
        own.setenv("NOTIFIER_PROTOCOLS_DIR", str(offer_cryo(place / "protocols")))
        assert 0 == clinic("protocols", "approve", "cryo", "--by", "Dr. Rivera").code
        assert 0 == clinic(*EDNA).code
