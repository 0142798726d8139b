"""Staffed hours are read as they are written, and on the clinic's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.staffed_hours import StaffedHours

NEW_YORK = ZoneInfo("America/New_York")
WEEK = StaffedHours.parse("Mon-Fri 09:00-17:00; Sat 10:00-14:00")


def test_friday_saturday_sunday_monday(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, bool]] = [
        ("2026-03-06 09:00", True),
        ("2026-03-06 08:59", False),
        ("2026-03-06 16:59", True),
        ("2026-03-06 17:00", False),
        ("2026-03-07 10:30", True),
        ("2026-03-07 09:30", False),
        ("2026-03-08 12:00", False),
        ("2026-03-09 12:00", True),
    ]
    for at, staffed in cases:
        with subtests.test(at=at, staffed=staffed):
            assert staffed == WEEK.include(datetime.fromisoformat(at).replace(tzinfo=NEW_YORK), NEW_YORK)


def test_the_clinics_clock_counts_wherever_the_instant_is_from() -> None:
    tokyo = datetime(2026, 3, 6, 23, 30, tzinfo=ZoneInfo("Asia/Tokyo"))  # 09:30 in New York
    assert WEEK.include(tokyo, NEW_YORK)


def test_a_week_may_wrap_and_a_day_may_have_a_break() -> None:
    weekend = StaffedHours.parse("fri-mon 8:00-12:00; fri 13:00-24:00")
    assert {4, 5, 6, 0} == {day for day, _, _ in weekend.spans}
    assert weekend.include(datetime(2026, 3, 6, 23, 59, tzinfo=NEW_YORK), NEW_YORK)
    assert not weekend.include(datetime(2026, 3, 6, 12, 30, tzinfo=NEW_YORK), NEW_YORK)


@pytest.mark.parametrize(
    ("on", "closing"),
    [
        (datetime(2026, 3, 6, 11, tzinfo=NEW_YORK), datetime(2026, 3, 6, 17, tzinfo=NEW_YORK)),
        (datetime(2026, 3, 7, 11, tzinfo=NEW_YORK), datetime(2026, 3, 7, 14, tzinfo=NEW_YORK)),
        (datetime(2026, 3, 8, 11, tzinfo=NEW_YORK), None),
    ],
)
def test_closing_is_when_the_last_one_leaves(on: datetime, closing: datetime | None) -> None:
    assert closing == WEEK.closing(on, NEW_YORK)


def test_what_cannot_be_read_is_one_sentence(subtests: pytest.Subtests) -> None:
    for words in (
        "9-5",
        "Mon 17:00-09:00",
        "Mon-Fry 09:00-17:00",
        "Mon 09:00-25:00",
        "Mon 09:60-17:00",
        "Mon 9:00",
        ";",
        "",
    ):
        with subtests.test(words=words), pytest.raises(ValueError, match="write"):
            StaffedHours.parse(words)
