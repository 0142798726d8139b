"""When somebody is told, when again, and when the next person is: a table over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.oversight.alerts.cadence import contacts_due, is_due

NOW = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_it_is_told_once_and_tried_less_and_less_often(subtests: pytest.Subtests) -> None:
    cases: list[tuple[float | None, float | None, int, int | None, bool]] = [
        (None, None, 0, None, True),
        (None, 1, 0, None, False),  # somebody is telling it just now
        (None, 3, 0, None, True),  # somebody died over it
        (None, 0.5, 1, None, False),
        (None, 1, 1, None, True),
        (None, 7, 4, None, False),
        (None, 8, 4, None, True),
        (None, 15, 99, None, True),
        (600, 601, 0, None, False),
        (59, 60, 0, 60, False),
        (60, 61, 0, 60, True),
        (61, 1, 1, 60, True),
        (61, 0.5, 1, 60, False),
    ]
    for told, tried, tries, again, due in cases:
        with subtests.test(told=told, tried=tried, tries=tries, again=again, due=due):
            told_at, tried_at = (None if one is None else NOW - one * MINUTE for one in (told, tried))
            again_after = None if again is None else again * MINUTE
            assert due == is_due(NOW, told_at=told_at, tried_at=tried_at, tries=tries, again_after=again_after)


def test_what_is_told_every_five_minutes_is_tried_no_more_rarely(subtests: pytest.Subtests) -> None:
    for minutes, due in ((4.9, False), (5, True)):
        with subtests.test(minutes=minutes):
            tried = NOW - minutes * MINUTE
            assert due == is_due(NOW, told_at=None, tried_at=tried, tries=9, again_after=5 * MINUTE)


def test_the_next_person_is_told_a_quarter_of_an_hour_later() -> None:
    minutes = (-1, 0, 14.9, 15, 29.9, 30, 45)
    assert [1, 1, 1, 2, 2, 3, 4] == [contacts_due(after * MINUTE) for after in minutes]
