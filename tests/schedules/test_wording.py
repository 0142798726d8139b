"""The words of a text: never early, never executed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.segments import count_segments
from schedules.wording import Addressee, Voice, render, say_until
from tests.schedules.plans import NEW_YORK, utc

VOICE = Voice("Elm Street Skin", "(978) 555-0142")
ENDS = {"makeup": utc("2026-03-08T20:30")}


def test_an_end_is_said_with_its_hour_unless_that_is_midnight(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, str]] = [
        ("2026-03-08T20:30", "Sun Mar 8 4:30 PM", "domingo 8 de marzo 4:30 pm"),
        ("2026-03-08T20:30:01", "Sun Mar 8 4:31 PM", "domingo 8 de marzo 4:31 pm"),  # never a minute early
        ("2026-03-08T20:30:00.000001", "Sun Mar 8 4:31 PM", "domingo 8 de marzo 4:31 pm"),
        ("2026-03-11T04:00", "Wed Mar 11", "miércoles 11 de marzo"),  # midnight: the whole day is free
        ("2026-03-11T03:59:30", "Wed Mar 11", "miércoles 11 de marzo"),  # rounded up to midnight
        ("2026-03-11T04:01", "Wed Mar 11 12:01 AM", "miércoles 11 de marzo 12:01 am"),
        ("2026-03-11T16:00", "Wed Mar 11 12:00 PM", "miércoles 11 de marzo 12:00 pm"),
        ("2026-11-01T05:30", "Sun Nov 1 1:30 AM", "domingo 1 de noviembre 1:30 am"),
    ]
    for end, en, es in cases:
        with subtests.test(end=end, en=en, es=es):
            assert (en, es) == tuple(say_until(utc(end), NEW_YORK, language) for language in ("en", "es"))


@given(seconds=st.integers(0, 3 * 10**9), zone=st.sampled_from(["America/New_York", "Asia/Kolkata", "Pacific/Apia"]))
def test_what_is_said_is_never_before_the_end_and_less_than_a_minute_after(seconds: int, zone: str) -> None:
    end = utc("2000-01-01T00:00") + timedelta(seconds=seconds)
    local = end.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    said = say_until(end, ZoneInfo(zone), "en")
    if not said.endswith("M"):
        said += " 12:00 AM"
    read = datetime.strptime(f"{local.year} {said}", "%Y %a %b %d %I:%M %p")  # noqa: DTZ007 (a wall clock)
    if read < local - timedelta(days=1):  # the last half minute of a year is said as the next one's first midnight
        read = read.replace(year=local.year + 1)
    assert timedelta(0) <= read - local < timedelta(minutes=1)


def test_every_placeholder_is_filled_in() -> None:
    said = render("{clinic}: {name}, until {makeup.until}. {phone}", VOICE, Addressee("en", "Ana"), ENDS, NEW_YORK)
    assert said == "Elm Street Skin: Ana, until Sun Mar 8 4:30 PM. (978) 555-0142"


def test_what_nobody_said_leaves_no_hole_in_a_text() -> None:
    said = [
        render("{clinic}: ask {provider}.", Voice("Elm", "555", facts), Addressee("en"), ENDS, NEW_YORK)
        for facts in ((), (("provider", ""),), (("provider", "Dr. Kim"),))
    ]
    assert ["Elm: ask Elm.", "Elm: ask Elm.", "Elm: ask Dr. Kim."] == said


def test_a_value_is_never_read_as_a_placeholder(subtests: pytest.Subtests) -> None:
    for name in ("{phone}", "{makeup.until}", "{name.__class__}", "{0}", "%s", "$x", "{{7*7}}"):
        with subtests.test(name=name):
            assert f"Hi {name}, {name}." == render("Hi {name}, {name}.", VOICE, Addressee("en", name), ENDS, NEW_YORK)
            clinic = Voice(name, name)
            assert f"{name} {name}" == render("{clinic} {phone}", clinic, Addressee("en"), ENDS, NEW_YORK)


@pytest.mark.parametrize(
    ("addressee", "said"),
    [
        (Addressee("en", "Ana", shared_phone=True), "Ana: Elm Street Skin: hi"),
        (Addressee("en", "Ana"), "Elm Street Skin: hi"),
        (Addressee("en", "", shared_phone=True), "Elm Street Skin: hi"),
    ],
)
def test_on_a_shared_phone_the_first_name_opens_the_text(addressee: Addressee, said: str) -> None:
    assert said == render("{clinic}: hi", VOICE, addressee, ENDS, NEW_YORK)


def test_dates_cost_no_more_than_their_letters() -> None:
    """CLDR writes no-break spaces, each of which would more than double the price of a text."""
    year = [utc("2026-01-01T12:30") + timedelta(days=day) for day in range(365)]
    assert {"GSM-7"} == {count_segments(say_until(end, NEW_YORK, "en")).encoding for end in year}
    assert {None, "á"} == {count_segments(say_until(end, NEW_YORK, "es")).forced_by for end in year}  # sábado
