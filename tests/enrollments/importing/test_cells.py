"""Dates, times, names and numbers as front desks and their systems write them."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.cells import read_name, read_phone, read_zone
from notifier.enrollments.importing.mappings.dates import read_day
from notifier.enrollments.importing.mappings.times import read_offset, read_time, with_zone_of

US = "month/day/year"
DAY = date(2026, 11, 30)


def test_every_way_to_write_a_day_is_that_day(subtests: pytest.Subtests) -> None:
    for cell in (
        "2026-11-30", "2026/11/30", "11/30/2026", "11-30-2026", "11/30/26", "Mon 11/30/2026", "30-Nov-2026",
        "30 Nov 2026",
        "November 30, 2026", "Nov 30 2026", "Monday, November 30th, 2026", "30 de noviembre de 2026", "30 nov. 2026",
        "30-Nov-26", "30/Nov/2026", "Nov-30-2026", "30th of November 2026", "Nov 30 '26",
        "Mon Nov 30 09:00:00 EST 2026",
        "20261130T090000", "46356.375", "46356", "30 Nov 26 9:00 AM", "Nov 30 2026 9:00",
        "\u200e11/30/2026", '="11/30/2026"', "2026-11-30 00:00", "2026-11-30T09:00:00",
    ):  # fmt: skip
        with subtests.test(cell=cell):
            assert DAY == read_day(cell, US, "Date")[0]
    assert date(2026, 12, 1) == read_day("1/12/2026", "day/month/year", "Date")[0]
    with pytest.raises(Refused, match='"30/11/2026" is no date as month/day/year'):
        read_day("30/11/2026", US, "Date")
    for cell in ("13/13/2026", "Nov 2026", "yesterday", "", "30 Nov 9:00", "Nov 30 10 AM"):
        with subtests.test(cell=cell), pytest.raises(Refused, match="no date that can be read"):
            read_day(cell, US, "Date")
    with pytest.raises(Refused, match='could be read with the day or the month first; say order = "month/day/year"'):
        read_day("11/12/2026", None, "Date")


def test_every_way_to_write_a_time_is_that_time(subtests: pytest.Subtests) -> None:
    for cell, at in (
        ("9:30 AM", time(9, 30)), ("9:30am", time(9, 30)), ("09:30", time(9, 30)), ("09:30:00", time(9, 30)),
        ("9:30 a.m.", time(9, 30)), ("1 pm", time(13)), ("1:05 p. m.", time(13, 5)), ("12:15 AM", time(0, 15)),
        ("12 PM", time(12)), ("13.45", time(13, 45)), ("9:30 AM \u2013 10:30 AM", time(9, 30)),
        ("0930", time(9, 30)), ("9h", time(9)), ("0.375", time(9)), ("09:30 Uhr", time(9, 30)),
        ("9:00-10:00 AM", time(9)), ("1:30-2:45 PM", time(13, 30)), ("11:30-12:15pm", time(11, 30)),
        ("9 to 10 am", time(9)), ("12:30-1:15 PM", time(12, 30)),
        ("\u202f9:30\u202fPM", time(21, 30)),
    ):  # fmt: skip
        with subtests.test(cell=cell):
            assert at == read_time(cell, "Time")
    for cell in ("", "930", "25:00", "13 PM", "noon-ish"):
        with subtests.test(cell=cell), pytest.raises(Refused, match="has no time of day"):
            read_time(cell, "Time")


def test_a_day_and_a_time_in_one_cell_are_told_apart(subtests: pytest.Subtests) -> None:
    for cell in (
        "November 30, 2026 9:00 am",
        "2026-11-30 09:00",
        "2026-11-30T09:00",
        "11/30/2026 9:00 AM",
        "30-Nov-2026 09:00 AM",
    ):
        with subtests.test(cell=cell):
            day, rest = read_day(cell, US, "Start")
            assert (DAY, time(9)) == (day, read_time(rest, "Start"))
    whole = read_offset("2026-11-30T14:00:00.000Z")
    assert whole is not None
    assert "2026-11-30T14:00:00+00:00" == whole.isoformat()
    assert read_offset("2026-11-30T14:00") is None
    at = datetime(2026, 11, 30, 14)  # noqa: DTZ001  # a time on a clock that is only then said
    zones = {
        "14:00": None, "14:00 UTC": "+00:00", "14:00Z": "+00:00", "2:00 PM EST": "-05:00",
        "14:00:00 GMT-0500 (EST)": "-05:00", "14:00-05:00[America/New_York]": "-05:00", "2 pm PST": "-08:00",
    }  # fmt: skip
    said = {text: with_zone_of(text, at) for text in zones}
    assert zones == {text: found and found.isoformat()[-6:] for text, found in said.items()}
    with pytest.raises(Refused, match="says EDT, which does not hold on that day"):
        with_zone_of("2:00 PM EDT", at)


def test_names_phones_and_zones_lose_what_is_not_theirs() -> None:
    turned = "last, first"
    assert ["Ana Diaz", "Ana Diaz", "Erin O’Neil", "José Peña", "Kim Lee", "Madonna"] == [
        read_name(["Diaz, Ana"], turned), read_name(["Dr. Ana Diaz (she/her)"], "as written"),
        read_name(["O’Neil, Erin"], turned),
        read_name(["José", "", "Peña"], "as written"), read_name(["Lee,  Kim [VIP]"], turned),
        read_name(["Madonna"], turned),
    ]  # fmt: skip
    marked = ("Diaz, Ana she/her", "Diaz, Ana (she/her)", "** NEW ** Diaz, Ana #1044", "Diaz, Ana, RN", "Diaz , Ana*")
    assert {"Ana Diaz"} == {read_name([cell], turned) for cell in marked}
    assert "Ana Diaz Jr." == read_name(["Diaz, Jr., Ana"], turned)
    phones = (
        '="2125550123"',
        "'+12125550123",
        "Mobile: 212-555-0123",
        "212\u2013555\u20130123",
        "\u202a2125550123\u202c",
        "2125550123 (cell)",
        "2125550123.0",
    )
    assert {"2125550123", "+12125550123", "212-555-0123"} == {read_phone(cell) for cell in phones}
    zones = ("Eastern Standard Time", "Eastern Time (US & Canada)", "America/New_York")
    assert {"America/New_York"} == {read_zone(cell) for cell in zones}
