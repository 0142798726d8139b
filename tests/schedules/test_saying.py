"""How staff read a date and an hour."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schedules.saying import say_moment


def test_one_instant_is_another_day_on_another_clock() -> None:
    at = datetime(2026, 3, 6, 20, 10, tzinfo=UTC)
    for zone, expected in [("America/New_York", "Fri Mar 6, 3:10 PM"), ("Asia/Tokyo", "Sat Mar 7, 5:10 AM")]:
        assert expected == say_moment(at, ZoneInfo(zone))
