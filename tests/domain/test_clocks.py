"""A clock that was set, ahead or back, is not trusted before another one agrees or it is back where it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.clocks import ClockWatch

NOON = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def watch() -> ClockWatch:
    watch = ClockWatch()
    watch.look(NOON, 1000.0)
    return watch


@pytest.mark.parametrize(
    ("seconds", "is_doubted", "is_alarming"),
    [
        (0, False, False),
        (2, False, False),
        (3, True, False),
        (600, True, False),
        (601, True, True),
        (3 * 86400, True, True),
    ],
)
@pytest.mark.parametrize("direction", [1, -1])
def test_a_step_in_either_direction_is_doubted_and_a_leap_alarms(
    watch: ClockWatch, direction: int, seconds: int, is_doubted: bool, is_alarming: bool
) -> None:
    watch.look(NOON + MINUTE + direction * timedelta(seconds=seconds), 1060.0)
    assert (is_doubted, is_alarming) == (bool(watch.doubt), bool(watch.doubt) and not watch.is_uncompared)


def test_a_small_step_is_forgiven_where_the_provider_tells_no_time(watch: ClockWatch) -> None:
    watch.look(NOON - 5 * MINUTE, 1000.0)
    watch.hear(NOON, None)
    assert watch.doubt is None


def test_a_clock_that_slips_slowly_is_followed(watch: ClockWatch) -> None:
    for second in range(1, 3600):
        watch.look(NOON + timedelta(seconds=second * 1.5), 1000.0 + second)
    assert watch.doubt is None


def test_time_that_passes_on_both_clocks_is_no_leap(watch: ClockWatch) -> None:
    watch.look(NOON + timedelta(days=30), 1000.0 + 30 * 86400)
    assert watch.doubt is None


def test_the_doubt_stays_though_time_goes_on(watch: ClockWatch) -> None:
    for minute in range(1, 60):
        watch.look(NOON + timedelta(days=3) + minute * MINUTE, 1000.0 + 60 * minute)
    assert "leapt 3 days ahead" in (watch.doubt or "")


def test_a_clock_that_is_set_right_again_is_trusted(watch: ClockWatch) -> None:
    watch.look(NOON + timedelta(days=3), 1010.0)
    watch.look(NOON + MINUTE, 1060.0)
    assert watch.doubt is None


@pytest.mark.parametrize(("differs", "is_trusted"), [(5, True), (-5, True), (6, False), (-6, False)])
def test_the_providers_clock_settles_it_within_five_minutes(watch: ClockWatch, differs: int, is_trusted: bool) -> None:
    watch.look(NOON + timedelta(days=3), 1010.0)
    watch.hear(NOON, NOON + differs * MINUTE)
    assert is_trusted == (watch.doubt is None)


def test_after_a_leap_a_provider_that_tells_no_time_settles_nothing(watch: ClockWatch) -> None:
    watch.look(NOON + timedelta(days=3), 1010.0)
    watch.hear(NOON, None)
    assert watch.doubt


def test_a_clock_confirmed_after_a_leap_may_leap_once_more_and_is_doubted_again(watch: ClockWatch) -> None:
    watch.look(NOON + timedelta(hours=8), 1010.0)  # the machine slept
    watch.hear(NOON, NOON)
    watch.look(NOON + timedelta(hours=8), 1020.0)
    assert watch.doubt is None
    watch.look(NOON + timedelta(hours=16), 1030.0)
    assert watch.doubt


def test_at_the_start_the_clock_is_compared_once_without_alarming_anybody() -> None:
    watch = ClockWatch()
    watch.begin(NOON, NOON - timedelta(days=3))
    assert (True, True) == (bool(watch.doubt), watch.is_uncompared)
    watch.hear(NOON, None)
    assert watch.doubt is None


@pytest.mark.parametrize(("behind", "is_alarming"), [(10, False), (11, True)])
def test_a_start_before_the_database_was_last_in_use_is_doubted(behind: int, is_alarming: bool) -> None:
    watch = ClockWatch()
    watch.begin(NOON, NOON + behind * MINUTE)
    assert is_alarming != watch.is_uncompared
    watch.hear(NOON, None)
    assert is_alarming == bool(watch.doubt)


def test_a_leap_undone_does_not_undo_the_doubt_of_the_start() -> None:
    watch = ClockWatch()
    watch.begin(NOON, NOON + timedelta(hours=1))
    first = watch.doubt
    watch.look(NOON, 1000.0)
    watch.look(NOON + timedelta(days=1), 1001.0)
    watch.look(NOON, 1002.0)
    assert first == watch.doubt
