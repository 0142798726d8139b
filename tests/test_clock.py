"""The shifted clock follows its file, and all who read it agree."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notifier.clock import Clock, ShiftedClock

SECOND = timedelta(seconds=1)


def test_an_offset_moves_the_clock(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("86400\n", encoding="ascii")
    clock = ShiftedClock(file)
    assert abs(clock.now() - Clock().now() - timedelta(days=1)) < SECOND
    assert abs(clock.machine_time(clock.now()) - Clock().now()) < SECOND


def test_an_instant_is_when_the_file_was_written_and_time_runs_on(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("2026-03-07T14:10:00Z", encoding="ascii")
    an_hour_ago = Clock().now().timestamp() - 3600
    os.utime(file, (an_hour_ago, an_hour_ago))
    assert abs(ShiftedClock(file).now() - datetime(2026, 3, 7, 15, 10, tzinfo=UTC)) < SECOND


def test_a_changed_file_is_noticed_and_a_bad_one_keeps_the_last_time(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("0", encoding="ascii")
    clock = ShiftedClock(file)
    for text, offset in (("3600", 3600), ("nonsense", 3600), ("-60", -60)):
        other = tmp_path / "other"
        other.write_text(text, encoding="ascii")
        other.rename(file)
        assert abs(clock.now() - Clock().now() - timedelta(seconds=offset)) < SECOND


@pytest.mark.parametrize("text", ["", "noon", "2026-03-07T14:10:00"])
def test_a_bad_file_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock"
    file.write_text(text, encoding="ascii")
    with pytest.raises(ValueError, match="write an offset in seconds or an instant"):
        ShiftedClock(file)


def test_a_missing_file_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        ShiftedClock(tmp_path / "clock")
