"""The hours in which a text may leave."""

from __future__ import annotations

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.send_window import DEFAULT_WINDOW, OpenHours, SendWindow, zone_named
from tests.schedules.plans import NEW_YORK, at, utc

LOS_ANGELES, HONOLULU, GUAM = (ZoneInfo(z) for z in ("America/Los_Angeles", "Pacific/Honolulu", "Pacific/Guam"))
ALASKA = (ZoneInfo("America/Anchorage"), ZoneInfo("America/Adak"))
PANHANDLE = (ZoneInfo("America/Chicago"), ZoneInfo("America/New_York"))
HOURS = OpenHours(DEFAULT_WINDOW, NEW_YORK)
FAR = timedelta(days=3)


@pytest.mark.parametrize(
    ("said", "opens", "closes"),
    [
        ("09:00-20:00", time(9), time(20)),
        (" 08:00 - 21:00 ", time(8), time(21)),
        ("10:30-11:30", time(10, 30), time(11, 30)),
    ],
)
def test_a_window_is_read(said: str, opens: time, closes: time) -> None:
    assert SendWindow(opens, closes) == SendWindow.parse(said)


def test_a_window_outside_08_to_21_or_without_an_hour_in_it_is_refused(subtests: pytest.Subtests) -> None:
    for said in (
        "07:59-20:00",
        "09:00-21:01",
        "00:00-23:59",
        "20:00-09:00",
        "09:00-09:00",
        "09:00-09:30",
        "9-20",
        "09:00",
        "09:60-20:00",
        "",
    ):
        with subtests.test(said=said), pytest.raises(ValueError, match="write it like 09:00-20:00"):
            SendWindow.parse(said)


def test_a_quarter_of_an_hour_of_the_window_must_remain(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, bool]] = [
        ("08:59", False),
        ("09:00", True),
        ("19:45", True),
        ("19:46", False),
        ("20:00", False),
        ("03:00", False),
    ]
    for local, open_ in cases:
        with subtests.test(local=local, open_=open_):
            assert open_ is HOURS.is_open(at(f"2026-06-17T{local}"))


def test_open_until_says_when_the_window_closes() -> None:
    assert at("2026-06-17T20:00") == HOURS.open_until(at("2026-06-17T19:50"))
    assert HOURS.open_until(at("2026-06-17T20:00")) is None


def test_the_area_codes_zones_only_narrow_the_window(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, tuple[str, ...], str, bool]] = [
        ("America/Phoenix", ("America/Phoenix",), "2026-06-17T09:00", True),
        ("America/Phoenix", ("America/New_York",), "2026-06-17T18:00", False),  # 21:00 in New York
        ("America/New_York", ("America/Los_Angeles",), "2026-06-17T10:59", False),  # 07:59
        ("America/New_York", ("America/Los_Angeles",), "2026-06-17T11:00", True),
        ("America/New_York", ("Pacific/Honolulu",), "2026-06-17T13:59", False),
        ("America/Puerto_Rico", ("America/Puerto_Rico",), "2026-06-17T09:00", True),
        ("America/Anchorage", ("America/Anchorage", "America/Adak"), "2026-06-17T08:59", False),
        ("America/Anchorage", ("America/Anchorage", "America/Adak"), "2026-06-17T09:00", True),  # 08:00 in Adak
        ("America/Indiana/Indianapolis", ("America/Indiana/Indianapolis", "America/Chicago"), "2026-06-17T09:00", True),
        ("America/Chicago", ("America/Chicago", "America/New_York"), "2026-06-17T19:45", True),  # 20:45
        ("America/Chicago", ("America/Chicago", "America/New_York"), "2026-06-17T19:46", False),
    ]
    for zone, area, local, open_ in cases:
        with subtests.test(zone=zone, area=area, local=local, open_=open_):
            here = ZoneInfo(zone)
            assert open_ is OpenHours(DEFAULT_WINDOW, here, [ZoneInfo(a) for a in area]).is_open(at(local, here))


def test_on_day_0_her_own_clock_alone_counts() -> None:
    hours = OpenHours(DEFAULT_WINDOW, NEW_YORK, [LOS_ANGELES])
    morning = at("2026-06-17T09:30")
    assert hours.is_open(morning, day0=date(2026, 6, 17))
    assert not hours.is_open(morning, day0=date(2026, 6, 16))
    assert at("2026-06-17T20:00") == hours.open_until(at("2026-06-17T19:00"), day0=date(2026, 6, 17))


def test_where_no_hour_is_open_on_all_clocks_there_is_no_first() -> None:
    hours = OpenHours(DEFAULT_WINDOW, NEW_YORK, [GUAM])  # New York's 18:00 is Guam's next 08:00
    assert at("2026-06-17T18:00") == hours.first_open(at("2026-06-17T09:00"), at("2026-06-18T09:00"))
    nowhere = OpenHours(DEFAULT_WINDOW, NEW_YORK, [GUAM, ZoneInfo("Europe/Athens")])
    assert nowhere.first_open(at("2026-06-17T09:00"), at("2026-06-20T09:00")) is None


def test_the_first_open_moment(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("2026-03-08T06:00", "2026-03-08T09:00"),  # the morning after the gap
        ("2026-03-07T20:00", "2026-03-08T09:00"),
        ("2026-03-07T19:45", "2026-03-07T19:45"),
        ("2026-03-07T19:46", "2026-03-08T09:00"),
        ("2026-11-01T01:30", "2026-11-01T09:00"),
    ]
    for asked, first in cases:
        with subtests.test(asked=asked, first=first):
            assert at(first) == HOURS.first_open(at(asked), at(asked) + FAR)


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        ("2026-03-08T06:00", "2026-03-07T19:45"),
        ("2026-03-07T22:00", "2026-03-07T19:45"),
        ("2026-11-01T08:59", "2026-10-31T19:45"),
    ],
)
def test_the_last_open_moment_before(asked: str, last: str) -> None:
    assert at(last) == HOURS.previous_open(at(asked), at(asked) - FAR)


def test_a_search_ends_where_it_is_told_to() -> None:
    assert HOURS.first_open(at("2026-03-07T21:00"), at("2026-03-08T09:00")) is None
    assert HOURS.first_open(at("2026-03-07T12:00"), at("2026-03-07T12:00")) is None
    assert HOURS.previous_open(at("2026-03-07T21:00"), at("2026-03-07T19:46")) is None
    assert at("2026-03-07T19:45") == HOURS.previous_open(at("2026-03-07T21:00"), at("2026-03-07T19:45"))


def test_samoa_skipped_a_whole_friday() -> None:
    apia = ZoneInfo("Pacific/Apia")
    hours = OpenHours(DEFAULT_WINDOW, apia)
    thursday_night = at("2011-12-29T21:00", apia)
    assert utc("2011-12-30T19:00") == hours.first_open(thursday_night, thursday_night + FAR)  # 09:00 on Saturday
    assert utc("2011-12-30T05:45") == hours.previous_open(at("2011-12-31T08:00", apia), thursday_night - FAR)


def test_an_unknown_zone_is_refused_with_a_near_one() -> None:
    with pytest.raises(
        ValueError, match='"America/New York" is not a time zone; write an IANA name such as America/New_York'
    ):
        zone_named("America/New York")
    assert "Pacific/Honolulu" == zone_named("Pacific/Honolulu").key


def test_an_abbreviation_is_refused_with_the_place_it_stands_for(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("EST", "America/New_York"),
        ("EDT", "America/New_York"),
        ("Eastern", "America/New_York"),
        ("CST", "America/Chicago"),
        ("MST", "America/Denver"),
        ("pst", "America/Los_Angeles"),
        ("HST", "Pacific/Honolulu"),
    ]
    for said, place in cases:
        with (
            subtests.test(said=said, place=place),
            pytest.raises(ValueError, match=f'"{said}" names no place, .*; write {place}'),
        ):
            zone_named(said)


def test_what_only_this_machine_calls_a_zone_is_refused(subtests: pytest.Subtests) -> None:
    for name in ("localtime", "posixrules", "Factory", "posix/America/New_York"):
        with subtests.test(name=name), pytest.raises(ValueError, match="is not a time zone"):
            zone_named(name)
