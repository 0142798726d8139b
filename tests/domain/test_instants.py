"""Reading times: an instant, or one sentence that says what to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.instants import check_appointment_at, check_treated_at, local_date, read_instant
from notifier.domain.refused import Refused

NEW_YORK = "America/New_York"


def read(text: str, *, zone: str = NEW_YORK, clinic: str | None = NEW_YORK) -> datetime:
    return read_instant(text, zone, "treated_at", clinic_zone=clinic)


def test_a_time_without_an_offset_is_on_the_clinics_clock(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("2026-03-07T15:30", "2026-03-07T20:30"),
        ("2026-03-07 15:30", "2026-03-07T20:30"),
        ("2026-03-07T15:30:00", "2026-03-07T20:30"),
        ("2026-03-07T15:30-08:00", "2026-03-07T23:30"),
        ("2026-03-07T15:30Z", "2026-03-07T15:30"),
        ("2026-03-07T15:30+0100", "2026-03-07T14:30"),
        ("2028-02-29T10:00", "2028-02-29T15:00"),
        ("2026-12-31T23:30", "2027-01-01T04:30"),
    ]
    for text, utc in cases:
        with subtests.test(text=text, utc=utc):
            assert datetime.fromisoformat(utc).replace(tzinfo=UTC) == read(text)


def test_what_is_no_instant_is_refused_with_what_to_write(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("", "treated_at is empty"),
        ("2026-02-30T10:00", "does not exist (day is out of range for month)"),
        ("2026-02-29T10:00", "does not exist"),
        ("2026-03-07T25:00", "does not exist (hour must be in 0..23)"),
        ("3/7/2026", "with the day or the month first"),
        ("03-07-2026 15:30", "with the day or the month first"),
        ("7.3.26", "with the day or the month first"),
        ("2026-03-07", "a date without a time of day; write it like 2026-03-07T15:30"),
        ("2026-03-07 3:30 PM", "write the 24-hour clock"),
        ("46000.6", "date serial number (2025-12-09 14:24?)"),
        ("46000,6", "date serial number"),
        ("46000", "date serial number (2025-12-09 00:00?)"),
        ("9999-01-01T00:00", "is not between 2000 and 2099"),
        ("1900-01-01T00:00", "is not between 2000 and 2099"),
        ("2026-03-07T15:30+99:00", "+99:00 is no offset"),
        ("20260307T1530", "is not a date and time"),
        ("２０２６-03-07T15:30", "is not a date and time"),
        ("tomorrow", "is not a date and time"),
        ("2026-03-08T02:30", "does not exist in America/New_York: the clocks were set forward"),
        ("2026-11-01T01:30", "2026-11-01T01:30-04:00 (the first) or 2026-11-01T01:30-05:00 (the second)"),
    ]
    for text, because in cases:
        with subtests.test(text=text, because=because):
            with pytest.raises(Refused) as refused:
                read(text)
            assert because in str(refused.value)
            assert "treated_at" == refused.value.field


def test_another_zone_than_the_clinics_needs_an_offset() -> None:
    with pytest.raises(Refused, match=r"say the offset, like 2026-03-07T15:30-08:00"):
        read("2026-03-07T15:30", zone="America/Los_Angeles")
    assert datetime(2026, 3, 7, 23, 30, tzinfo=UTC) == read("2026-03-07T15:30-08:00", zone="America/Los_Angeles")


def test_an_unknown_zone_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match=r'"America/Newyork" is not a time zone.*America/New_York') as refused:
        read("2026-03-07T15:30", zone="America/Newyork")
    assert "timezone" == refused.value.field


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-08T02:30", "2026-03-08T07:30"),  # skipped: 03:30 EDT
        ("2026-11-01T01:30", "2026-11-01T06:30"),  # twice: the later one, EST
        ("2026-03-07T15:30", "2026-03-07T20:30"),
    ],
)
def test_a_preview_reads_skipped_and_repeated_hours_as_late_as_they_can_be(text: str, utc: str) -> None:
    assert datetime.fromisoformat(utc).replace(tzinfo=UTC) == read(text, clinic=None)


def test_a_treatment_in_the_future_is_refused_but_for_two_clocks_that_differ(now: datetime) -> None:
    check_treated_at(now + timedelta(minutes=10), now, "America/New_York")
    with pytest.raises(Refused, match=r"the END of the treatment, .*, lies in the future; for a visit to come say"):
        check_treated_at(now + timedelta(minutes=11), now, "America/New_York")


def test_an_appointment_lies_in_the_next_two_years(now: datetime) -> None:
    check_appointment_at(now + timedelta(minutes=1), now, "America/New_York")
    with pytest.raises(Refused, match="has passed"):
        check_appointment_at(now, now, "America/New_York")
    with pytest.raises(Refused, match="check the year"):
        check_appointment_at(now + timedelta(days=733), now, "America/New_York")


def test_a_date_is_that_of_the_patients_clock(now: datetime) -> None:
    assert ("2026-03-06", "2026-03-07") == (
        local_date(now, NEW_YORK).isoformat(),
        local_date(now, "Pacific/Guam").isoformat(),
    )
