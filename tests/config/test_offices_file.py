"""The offices file, and which office is meant."""

from __future__ import annotations

import pytest

from notifier.config.offices_file import BadOffices, parse_offices
from notifier.domain.offices import OfficeProfile, choose_office, office_of_sender
from notifier.domain.refused import Refused
from notifier.domain.staffed_hours import StaffedHours
from schedules.catalogue import shipped
from schedules.quiet_days import QuietDays
from schedules.send_window import SendWindow
from schedules.wording import Voice

OWN = OfficeProfile(
    "",
    Voice("Lakeside Skin", "(978) 555-0142"),
    "America/New_York",
    SendWindow(quiet=QuietDays.parse("Sun")),
    sender="+12125550000",
)
SERVICE = "MG" + "a" * 32
FILE = f"""
[downtown]
name          = "Lakeside Downtown"
phone         = "(978) 555-0199"
timezone      = "America/Chicago"
send_window   = "10:00-18:00"
quiet_days    = "mon, 2026-12-25"
staffed_hours = "Mon-Fri 09:00-17:00"
sender        = "{SERVICE}"
language      = "es"
protocols     = ["microneedling"]
covered_by    = "north"
alerts        = "mailto:desk@example.org, https://chat.example.org/x; mailto:doctor@example.org"
after_hours_phone = "(978) 555-0111"

[north]
timezone = "America/Phoenix"
"""


def parse(text: str) -> dict[str, OfficeProfile]:
    return parse_offices("offices.toml", text, OWN, shipped())


def test_a_table_says_all_that_is_different_at_an_office() -> None:
    assert parse(FILE)["downtown"] == OfficeProfile(
        "downtown",
        Voice("Lakeside Downtown", "(978) 555-0199"),
        "America/Chicago",
        SendWindow.parse("10:00-18:00", QuietDays.parse("Mon,2026-12-25")),
        StaffedHours.parse("Mon-Fri 09:00-17:00"),
        "(978) 555-0111",
        (("mailto:desk@example.org", "https://chat.example.org/x"), ("mailto:doctor@example.org",)),
        "north",
        SERVICE,
        "es",
        ("microneedling",),
    )


def test_what_it_leaves_out_is_the_clinics_own() -> None:
    north = parse(FILE)["north"]
    assert (OWN.voice, OWN.window, None, None, None) == (
        north.voice, north.window, north.sender, north.language, north.protocols,
    )  # fmt: skip


def test_an_office_without_quiet_days_says_so() -> None:
    assert SendWindow() == parse('[north]\ntimezone = "America/Phoenix"\nquiet_days = ""')["north"].window


def test_the_clinics_own_sender_said_again_is_the_clinics_own() -> None:
    """One number has one pace, whoever names it."""
    assert parse('[north]\ntimezone = "America/Phoenix"\nsender = "+12125550000"')["north"].sender is None


def test_each_mistake_is_one_sentence_that_says_where_and_what_to_write(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("", r"offices\.toml: it has no office; write a table for each, such as \[downtown\]"),
        ("[north]\n", r'office "north": timezone is missing; write timezone = "America/New_York"'),
        ('[north]\ntimezone = "America/Fenix"', r'office "north": timezone: .*Fenix'),
        ('[north]\ntimezone = "America/Phoenix"\nfone = "1"', "fone is no key here; did you mean phone"),
        ('[north]\ntimezone = "America/Phoenix"\nphone = 1', r'phone is not what it should be; write phone = "\(212\)'),
        ('[north]\ntimezone = "America/Phoenix"\nphone = "12"', "phone: this is not a number that a patient can call"),
        ('[north]\ntimezone = "America/Phoenix"\nsend_window = "7-9"', 'send_window: "7-9" is not a send window'),
        (
            '[north]\ntimezone = "America/Phoenix"\nquiet_days = "Sonntag"',
            'quiet_days: "Sonntag" is no quiet day',
        ),
        ('[north]\ntimezone = "America/Phoenix"\ncovered_by = "north"', 'covered_by: there is no other office "north"'),
        ('[north]\ntimezone = "America/Phoenix"\nalerts = "desk"', "alerts: an address of person 1 cannot be read"),
        ('[north]\ntimezone = "America/Phoenix"\nstaffed_hours = "always"', "staffed_hours: .* is no staffed time"),
        ('[north]\ntimezone = "America/Phoenix"\nsender = "Glow"', "sender: this is no sender; write a messaging serv"),
        ('[north]\ntimezone = "America/Phoenix"\nlanguage = "xx"', 'language: .* speaks "xx"; write one of en, es'),
        ('[north]\ntimezone = "America/Phoenix"\nprotocols = []', "protocols is empty"),
        ('[north]\ntimezone = "America/Phoenix"\nprotocols = ["microneedle"]', "did you mean microneedling"),
        ('[North]\ntimezone = "America/Phoenix"', r'office "North": an office.s id is small letters'),
        ('timezone = "America/Phoenix"', "timezone stands outside of any office"),
        ("[north\n", "offices.toml, line 1"),
    ]
    for text, sentence in cases:
        with subtests.test(text=text, sentence=sentence):
            with pytest.raises(BadOffices, match=sentence) as told:
                parse(text)
            assert 1 == len(told.value.sentences)


def test_the_mistakes_of_all_offices_are_told_at_once() -> None:
    with pytest.raises(BadOffices) as told:
        parse('[north]\nfone = "1"\n[south]\nphone = 1\ntimezone = "UTC"')
    assert ["north", "north", "south"] == [said.split('"')[1] for said in told.value.sentences]


def test_the_only_office_is_meant_where_none_is_said(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str | None, tuple[str, ...], set[str] | None, str | None]] = [
        (None, (), None, None),
        ("", ("north",), None, "north"),
        (None, ("north", "south"), {"south"}, "south"),
        (" south ", ("north", "south"), None, "south"),
    ]
    for word, ids, allowed, meant in cases:
        with subtests.test(word=word, ids=ids, allowed=allowed, meant=meant):
            assert meant == choose_office(word, dict.fromkeys(ids, OWN), allowed)


def test_an_office_that_cannot_be_meant_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str | None, tuple[str, ...], set[str] | None, str]] = [
        ("north", (), None, "there are no offices here"),
        (None, ("north", "south"), None, "say which office the patient belongs to: north, south"),
        ("nroth", ("north", "south"), None, 'there is no office "nroth"; did you mean north'),
        ("zzz", ("north", "south"), None, "there are: north, south"),
        ("south", ("north", "south"), {"north"}, "the office south is not one of yours; yours: north"),
    ]
    for word, ids, allowed, sentence in cases:
        with subtests.test(word=word, ids=ids, allowed=allowed, sentence=sentence):
            with pytest.raises(Refused, match=sentence) as why:
                choose_office(word, dict.fromkeys(ids, OWN), allowed)
            assert "office" == why.value.field


def test_a_sender_tells_the_office_only_where_it_is_not_shared() -> None:
    offices = parse(FILE) | {"west": parse(FILE)["downtown"]}
    assert None is office_of_sender(offices, [SERVICE])
    assert "downtown" == office_of_sender(parse(FILE), ["+12125559999", SERVICE])
    assert None is office_of_sender(parse(FILE), ["+12125550000", None])
