"""How long after an anchor something is, on the patient's own clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from schedules.offsets import Duration, Moment, Span, add_months
from tests.schedules.plans import NEW_YORK, at, utc

LORD_HOWE, APIA, SAO_PAULO = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia"), ZoneInfo("America/Sao_Paulo")
HAVANA = ZoneInfo("America/Havana")


def test_a_restriction_ends(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, int], str, ZoneInfo, str]] = [
        ({"hours": 24}, "2026-03-07T15:30", NEW_YORK, "2026-03-08T20:30"),  # spring: 16:30 on the wall
        ({"hours": 24}, "2026-10-31T15:30", NEW_YORK, "2026-11-01T19:30"),  # fall: 14:30 on the wall
        ({"until_day": 4}, "2026-03-07T15:30", NEW_YORK, "2026-03-11T04:00"),
        ({"until_day": 4}, "2026-03-07T00:00", NEW_YORK, "2026-03-11T04:00"),
        ({"until_day": 1}, "2018-11-03T15:30", SAO_PAULO, "2018-11-04T03:00"),  # no midnight: the day starts at 01:00
        ({"until_day": 1}, "2026-10-31T15:30", HAVANA, "2026-11-01T05:00"),  # two midnights: the later
        ({"days": 7}, "2026-03-07T15:30", NEW_YORK, "2026-03-14T20:30"),  # 168 hours: 16:30, an hour after 15:30
        ({"days": 1}, "2026-10-31T15:30", NEW_YORK, "2026-11-01T20:30"),  # 25 hours: 15:30 on the wall
        ({"days": 1}, "2026-10-31T01:30", NEW_YORK, "2026-11-01T06:30"),  # 01:30 twice: the later
        ({"days": 1}, "2026-03-07T02:30", NEW_YORK, "2026-03-08T07:30"),  # 02:30 never: 03:30
        ({"days": 1}, "2026-10-03T02:15", LORD_HOWE, "2026-10-03T15:45"),  # 02:15 never: half an hour on, 02:45
        ({"days": 1}, "2026-04-04T01:45", LORD_HOWE, "2026-04-04T15:15"),  # 01:45 twice: the later
        ({"days": 1}, "2011-12-29T12:00", APIA, "2011-12-30T22:00"),  # 30 December never was: noon of the 31st
        ({"days": 2}, "2011-12-29T12:00", APIA, "2011-12-31T22:00"),  # 48 hours: noon of 1 January, not of the 31st
        ({"weeks": 2}, "2026-06-01T10:00", NEW_YORK, "2026-06-15T14:00"),
        ({"months": 6}, "2026-08-31T10:00", NEW_YORK, "2027-02-28T15:00"),
        ({"months": 6}, "2027-08-31T10:00", NEW_YORK, "2028-02-29T15:00"),
        ({"months": 1}, "2026-12-31T10:00", NEW_YORK, "2027-01-31T15:00"),
        ({"days": 1}, "2028-02-29T10:00", NEW_YORK, "2028-03-01T15:00"),
    ]
    for lasts, treated, zone, ends in cases:
        with subtests.test(lasts=lasts, treated=treated, zone=zone, ends=ends):
            assert utc(ends) == Duration(**lasts).end(at(treated, zone), zone)


def test_a_step_wants_to_be_said(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str, ZoneInfo, str]] = [
        ({"minutes": 30}, "2026-03-08T01:45", NEW_YORK, "2026-03-08T07:15"),  # 03:15 on the wall
        ({"hours": 24}, "2026-03-07T15:30", NEW_YORK, "2026-03-08T20:30"),
        ({"day": 1, "time": "02:30"}, "2026-03-07T15:30", NEW_YORK, "2026-03-08T07:30"),  # never: 03:30
        ({"day": 1, "time": "01:30"}, "2026-10-31T15:30", NEW_YORK, "2026-11-01T05:30"),  # twice: the first
        ({"day": 1, "time": "09:00"}, "2026-10-31T09:00", NEW_YORK, "2026-11-01T14:00"),  # 25 hours on
        ({"day": 0, "time": "18:00"}, "2026-03-07T19:10", NEW_YORK, "2026-03-07T23:00"),
        ({"day": -2, "time": "09:00"}, "2026-03-09T10:00", NEW_YORK, "2026-03-07T14:00"),
        ({"day": 1, "time": "09:00"}, "2011-12-29T12:00", APIA, "2011-12-30T19:00"),  # 09:00 of the 31st
        ({"weeks": 2, "time": "10:00"}, "2026-03-07T15:30", NEW_YORK, "2026-03-21T14:00"),
        ({"months": 6, "time": "10:00"}, "2026-08-31T15:30", NEW_YORK, "2027-02-28T15:00"),
        ({"day": 1, "time": "01:45"}, "2026-04-04T12:00", LORD_HOWE, "2026-04-04T14:45"),  # twice: the first
    ]
    for moment, anchor, zone, is_said in cases:
        with subtests.test(moment=moment, anchor=anchor, zone=zone, is_said=is_said):
            assert utc(is_said) == Moment.model_validate(moment).after(at(anchor, zone), zone)


def test_elapsed_hours_are_counted_in_time_not_on_the_wall_whatever_zone_the_instant_is_written_in() -> None:
    written_locally = datetime(2026, 3, 7, 15, 30, tzinfo=NEW_YORK)
    assert utc("2026-03-08T20:30") == Duration(hours=24).end(written_locally, NEW_YORK)
    assert utc("2026-03-08T20:30") == Moment(hours=24).after(written_locally, NEW_YORK)


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [("2026-08-31", 6, "2027-02-28"), ("2027-08-31", 6, "2028-02-29"), ("2026-12-01", 1, "2027-01-01")],
)
def test_months_keep_the_day_or_take_the_last_of_the_month(on: str, months: int, expected: str) -> None:
    assert expected == add_months(datetime.fromisoformat(on).date(), months).isoformat()


def test_what_is_not_one_length_is_refused_in_a_sentence(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (Duration, {"hours": 24, "days": 1}, "say exactly one of hours, days, until_day, weeks, months; 2 are given"),
        (Duration, {}, "none is given"),
        (Moment, {"hours": 1, "time": "09:00"}, "leave out `time`"),
        (Moment, {"day": 1}, 'add `time = "09:00"`'),
        (Moment, {"day": 1, "time": "9:00"}, 'write it like "09:00"'),
        (Moment, {"day": 1, "time": "25:00"}, 'write it like "09:00"'),
        (Span, {"hours": 1, "days": 1}, "say exactly one of minutes, hours, days"),
    ]
    for model, said, sentence in cases:
        with (
            subtests.test(model=model, said=said, sentence=sentence),
            pytest.raises(ValidationError, match=sentence),
        ):
            model.model_validate(said)
