"""The words of a text: never early, never executed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.dates import say_length, say_until
from schedules.offsets import Length
from schedules.segments import count_segments
from schedules.wording import Addressee, Printable, Voice, render
from tests.schedules.plans import NEW_YORK, utc

VOICE = Voice("Elm Street Skin", "(978) 555-0142")
PRINTABLE = Printable(
    utc("2026-03-07T20:30"), NEW_YORK, {"makeup": utc("2026-03-08T20:30")}, {"makeup": Length(24, "hours")}
)


def test_an_end_is_said_with_its_hour_unless_that_is_midnight(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, str]] = [
        ("2026-03-08T20:30", "Sun Mar 8 4:30 PM", "domingo 8 de marzo a las 4:30 pm"),
        ("2026-03-08T20:30:01", "Sun Mar 8 4:31 PM", "domingo 8 de marzo a las 4:31 pm"),  # never a minute early
        ("2026-03-08T20:30:00.000001", "Sun Mar 8 4:31 PM", "domingo 8 de marzo a las 4:31 pm"),
        ("2026-03-11T04:00", "Wed Mar 11", "miércoles 11 de marzo"),  # midnight: the whole day is free
        ("2026-03-11T03:59:30", "Wed Mar 11", "miércoles 11 de marzo"),  # rounded up to midnight
        ("2026-03-11T04:01", "Wed Mar 11 12:01 AM", "miércoles 11 de marzo a las 12:01 am"),
        ("2026-03-11T16:00", "Wed Mar 11 noon", "miércoles 11 de marzo al mediodía"),
        ("2026-11-01T05:30", "Sun Nov 1 1:30 AM", "domingo 1 de noviembre a la 1:30 am"),
    ]
    for end, en, es in cases:
        with subtests.test(end=end, en=en, es=es):
            assert (en, es) == tuple(say_until(utc(end), NEW_YORK, language) for language in ("en", "es"))


@given(seconds=st.integers(0, 3 * 10**9), zone=st.sampled_from(["America/New_York", "Asia/Kolkata", "Pacific/Apia"]))
def test_what_is_said_is_never_before_the_end_and_less_than_a_minute_after(seconds: int, zone: str) -> None:
    end = utc("2000-01-01T00:00") + timedelta(seconds=seconds)
    local = end.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    said = say_until(end, ZoneInfo(zone), "en")
    said = said.replace("noon", "12:00 PM")
    if not said.endswith("M"):
        said += " 12:00 AM"
    read = datetime.strptime(f"{local.year} {said}", "%Y %a %b %d %I:%M %p")  # noqa: DTZ007 (a wall clock)
    if read < local - timedelta(days=1):  # the last half minute of a year is said as the next one's first midnight
        read = read.replace(year=local.year + 1)
    assert timedelta(0) <= read - local < timedelta(minutes=1)


def test_every_placeholder_is_filled_in() -> None:
    template = "{name}, {makeup.length}, {makeup.until}. {visit.date}, {visit.time}. {phone}"
    assert [
        "Ana, 24 hours, Sun Mar 8 4:30 PM. Sat Mar 7, 3:30 PM. (978) 555-0142",
        "Ana, 24 horas, domingo 8 de marzo a las 4:30 pm. sábado 7 de marzo, a las 3:30 pm. (978) 555-0142",
    ] == [render(template, VOICE, Addressee(language, "Ana"), PRINTABLE) for language in ("en", "es")]


def test_a_length_is_said_in_its_own_unit_with_the_plural_of_the_language() -> None:
    said = {
        say_length(Length(*length), language)
        for length in ((1, "days"), (7, "days"), (24, "hours"), (1, "weeks"), (3, "months"))
        for language in ("en", "es")
    }
    expected = "1 day,1 día,7 days,7 días,24 hours,24 horas,1 week,1 semana,3 months,3 meses"
    assert set(expected.split(",")) == said


def test_what_nobody_said_leaves_no_hole_in_a_text() -> None:
    said = [
        render("{clinic}: ask {provider}.", Voice("Elm", "555", facts), Addressee("en"), PRINTABLE)
        for facts in ((), (("provider", ""),), (("provider", "Dr. Kim"),))
    ]
    assert ["Elm: ask Elm.", "Elm: ask Elm.", "Elm: ask Dr. Kim."] == said


def test_a_value_is_never_read_as_a_placeholder(subtests: pytest.Subtests) -> None:
    for name in ("{phone}", "{makeup.until}", "{name.__class__}", "{0}", "%s", "$x", "{{7*7}}"):
        with subtests.test(name=name):
            assert f"Hi {name}, {name}." == render("Hi {name}, {name}.", VOICE, Addressee("en", name), PRINTABLE)
            clinic = Voice(name, name)
            assert f"{name} {name}" == render("{clinic} {phone}", clinic, Addressee("en"), PRINTABLE)


@pytest.mark.parametrize(
    ("addressee", "said"),
    [
        (Addressee("en", "Ana", shared_phone=True), "Ana: Elm Street Skin: hi"),
        (Addressee("en", "Ana"), "Elm Street Skin: hi"),
        (Addressee("en", "", shared_phone=True), "Elm Street Skin: hi"),
    ],
)
def test_on_a_shared_phone_the_first_name_opens_the_text(addressee: Addressee, said: str) -> None:
    assert said == render("{clinic}: hi", VOICE, addressee, PRINTABLE)


def test_dates_cost_no_more_than_their_letters() -> None:
    """CLDR writes no-break spaces, each of which would more than double the price of a text."""
    year = [utc("2026-01-01T12:30") + timedelta(days=day) for day in range(365)]
    assert {"GSM-7"} == {count_segments(say_until(end, NEW_YORK, "en")).encoding for end in year}
    assert {None, "á"} == {count_segments(say_until(end, NEW_YORK, "es")).forced_by for end in year}  # sábado
