"""Booking systems' files, read through the mappings that ship: the same visits out of eight shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.apply import HEADER, FileReader, UnknownWord
from notifier.enrollments.importing.mappings.mapping import read_mapping
from notifier.enrollments.importing.mappings.registry import find_mapping, shipped
from notifier.enrollments.importing.mappings.states import usual_state
from schedules.catalogue import shipped as protocols
from schedules.wording import Voice

RULES = PlanningRules(Voice("Glow", "(212) 555-0100"), "America/New_York")
EXPORTS = Path(__file__).parent / "exports"
NINE, HALF_PAST_ONE = "2026-12-01T09:00-05:00", "2026-12-01T13:30-05:00"
ANA = ("Ana Diaz", "microneedling", NINE, "")
JOSE = ("José Peña", "microneedling", HALF_PAST_ONE, "")
HOW = "signed form"


def reader(name: str, services: dict[str, str] | None = None, **more: object) -> FileReader:
    mapping = shipped()[name].mapping
    mapping = mapping.model_copy(update={"services": {**mapping.services, **(services or {})}, **more})
    return FileReader(name, mapping, protocols(), RULES, consent=HOW)


def read(name: str, file: str, services: dict[str, str] | None = None) -> list[object]:
    """What staff would look at: the name, the protocol, when, and the status; a sentence, or None."""
    rows = list(reader(name, services).rows((EXPORTS / file).read_bytes()))
    assert list(HEADER) == rows[0][1]
    return [_short(row) if isinstance(row, list) else row and str(row) for _, row in rows[1:]]


def _short(row: list[str]) -> tuple[str, ...]:
    named = dict(zip(HEADER, row, strict=True))
    return tuple(named[key] for key in ("name", "protocol", "appointment_at", "status"))


def test_eight_shapes_of_a_day_are_the_same_visits() -> None:
    assert [ANA, None] == read(
        "acuity", "acuity.csv", {"Microneedling - Face": "microneedling", "consultation": "none"}
    )
    assert [ANA, (*JOSE[:3], "no-show"), None] == read("mindbody", "mindbody.csv")
    assert [ANA, JOSE] == read("boulevard", "boulevard.csv")
    assert [ANA, JOSE] == read("jane", "jane.csv")
    assert [ANA, (*JOSE[:3], "cancelled")] == read("square", "square.csv")
    assert [ANA, (*JOSE[:3], "no-show")] == read("zenoti", "zenoti.xls")
    assert [("Ana Diaz", "microneedling", "2026-12-01T12:00-05:00", "")] == read(
        "day-list", "day-list.xls", {"visit": "microneedling"}
    )
    ana, endless = read("calendar", "calendar.ics")
    assert ANA == ana
    assert 'Start "repeats" is no date that can be read; write it like 2026-11-30' == endless


def test_a_visit_without_a_number_gets_an_id_that_is_the_same_tomorrow_and_tells_nothing() -> None:
    ids = {
        name: [row[0] for _, row in reader(name).rows((EXPORTS / file).read_bytes()) if isinstance(row, list)][1:]
        for name, file in (("mindbody", "mindbody.csv"), ("boulevard", "boulevard.csv"), ("square", "square.csv"))
    }
    assert ["mindbody-100217-2026-12-01", "mindbody-100218-2026-12-01"] == ids["mindbody"]
    assert ["8k2j1", "8k2j2"] == ids["square"]
    assert 2 == len(set(ids["boulevard"]))
    assert not [one for one in ids["boulevard"] if "ana" in one.casefold() or "555" in one.partition("-")[2][:0]]
    again = reader("boulevard").rows((EXPORTS / "boulevard.csv").read_bytes())
    assert ids["boulevard"] == [row[0] for _, row in again if isinstance(row, list)][1:]


def test_consent_is_what_the_file_says_and_a_no_stays_a_no() -> None:
    consents = [row[7] for _, row in reader("jane").rows((EXPORTS / "jane.csv").read_bytes()) if isinstance(row, list)]
    assert ["consent", "text reminders chosen at the booking", "false"] == consents


def test_a_service_or_a_status_that_nobody_knows_is_asked_about_once_and_never_guessed() -> None:
    asked = reader("acuity")
    rows = [row for _, row in asked.rows((EXPORTS / "acuity.csv").read_bytes())][1:]
    assert [UnknownWord("service", "Microneedling - Face"), UnknownWord("service", "Consultation")] == list(
        asked.unknown
    )
    assert ['nobody has said what the service "Microneedling - Face" gives: a protocol, or "none"'] == [str(rows[0])]
    strict = reader("mindbody")
    data = (EXPORTS / "mindbody.csv").read_bytes().replace(b"Booked", b"Rebooked").replace(b"No Show", b"Closed")
    list(strict.rows(data))
    assert [UnknownWord("status", "Rebooked"), UnknownWord("status", "Closed")] == list(strict.unknown)


def test_the_usual_words_for_a_visits_state_are_known_in_every_language_and_doubtful_ones_are_not() -> None:
    usual = {
        "booked": "Booked Scheduled Confirmed Unconfirmed Arrived Checked-In In_Progress Requested Programada",
        "treated": "Completed COMPLETE Done Finished Attended Checked-Out Atendida",
        "cancelled": "Cancelled Canceled Late-Cancel Cancelled_(by_client) Deleted Declined Cancelada",
        "no-show": "No-Show no_show NOSHOW No-showed Did-not-attend Missed No_asistió",
    }
    assert usual == {
        state: " ".join(word for word in words.split() if usual_state(word) == state) for state, words in usual.items()
    }
    doubtful = ("Rescheduled", "Closed", "Final", "Pending", "Archived", "Waitlist", "Paid", "")
    assert [] == [word for word in doubtful if usual_state(word)]


def test_a_consent_column_says_yes_no_or_how_and_what_no_language_knows_is_asked_about(
    subtests: pytest.Subtests,
) -> None:
    data = (EXPORTS / "jane.csv").read_text("utf-8")
    yes, how = "text reminders chosen at the booking", "Signed form 11/2"
    for cell, said in (
        ("true", yes), ("Sí", yes), ("Opted in", yes), ("\N{CHECK MARK}", yes), ("1", yes), (how, how),
        ("Jes", "nobody has said whether"), ("maybe", "nobody has said whether"), ("Ja", "nobody has said whether"),
        ("no", "no"), ("Nein", "Nein"), ("declined", "declined"), ("0", "0"),
    ):  # fmt: skip
        with subtests.test(cell=cell):
            asked = reader("jane")
            _, row, _ = (row for _, row in asked.rows(data.replace("booked,true", f"booked,{cell}").encode()))
            assert (row[7] if isinstance(row, list) else str(row)).startswith(said)
            assert said.startswith("nobody") == (UnknownWord("consent", cell) in asked.unknown)
    several = reader("jane")
    glow = data.replace("booked,true", "Rebooked,maybe").replace("Microneedling,Dana", "Glow,Dana")
    list(several.rows(glow.encode()))
    assert {"service": 1, "status": 1, "consent": 1} == {one.what: 1 for one in several.unknown}
    told = reader("jane", consents={"ja": "yes"})
    _, row, _ = (row for _, row in told.rows(data.replace("booked,true", "booked,JA").encode()))
    assert yes == (row[7] if isinstance(row, list) else row)
    ended = data.replace("booked,true", "cancelled,FALSE").encode()
    assert ("cancelled", "the visit has ended") == [
        (row[6], row[7]) for _, row in reader("jane").rows(ended) if isinstance(row, list)
    ][1]


def test_a_date_that_shows_the_other_order_refuses_the_file_for_all_others_would_be_another_day() -> None:
    data = (EXPORTS / "mindbody.csv").read_bytes().replace(b"12/1/2026,1:30", b"13/12/2026,1:30")
    with pytest.raises(Refused, match=r'row 6: Date "13/12/2026" is no date as month/day/year, which the mapping'):
        list(reader("mindbody").rows(data))


def test_a_file_of_another_shape_or_with_a_column_renamed_says_which_column() -> None:
    data = (EXPORTS / "mindbody.csv").read_bytes()
    with pytest.raises(Refused, match='no file of the shape "square": there is no column "Appointment ID"'):
        list(reader("square").rows(data))
    with pytest.raises(Refused, match='no column "Client ID"; is it called "Clients ID" now'):
        list(reader("mindbody").rows(data.replace(b"Client ID", b"Clients ID")))
    with pytest.raises(Refused, match='no column "Cell Phone", which the mapping mindbody reads'):
        list(reader("mindbody").rows(data.replace(b"Cell Phone", b"Handy")))


def test_a_treatment_at_four_in_the_morning_is_asked_about_and_utc_can_be_said() -> None:
    data = (EXPORTS / "square.csv").read_bytes().replace(b"09:00,10:00", b"03:10,04:10")
    _, first, _ = (row for _, row in reader("square").rows(data))
    assert "the visit begins at 03:10 on the office's clock, which is odd" in str(first)
    utc = data.replace(b"03:10,04:10", b"14:00,15:00").replace(b"Eastern Time (US & Canada)", b"UTC")
    _, first, _ = (row for _, row in reader("square").rows(utc))
    assert NINE == (first[5] if isinstance(first, list) else first)


def test_the_end_counts_as_the_treatments_only_where_the_clinic_vouches_for_it() -> None:
    content = find_mapping("jane", {}).content.replace('{ column = "End" }', '{ column = "End", is_treated = true }')
    vouched = FileReader("jane", read_mapping(content, "jane"), protocols(), RULES)
    data = (EXPORTS / "jane.csv").read_bytes().replace(b"Main,booked", b"Main,completed")
    _, done, booked = (row for _, row in vouched.rows(data))
    assert isinstance(done, list)
    assert isinstance(booked, list)
    assert (("2026-12-01T10:00-05:00", ""), ("", HALF_PAST_ONE)) == ((done[4], done[5]), (booked[4], booked[5]))
    _, planned, _ = (row for _, row in reader("jane").rows(data))
    assert isinstance(planned, list)
    assert ("", NINE) == (planned[4], planned[5])


def test_a_mapping_that_is_wrong_says_which_key(subtests: pytest.Subtests) -> None:
    good = find_mapping("jane", {}).content
    for bad, sentence in (
        (good.replace("title ", "tilte "), "the mapping mine: title is missing"),
        (good.replace("[statuses]", "[statuses]\nodd = 'perhaps'"), "the mapping mine: statuses.odd Input should be"),
        (good.replace("header =", "header ="[:-1]), "the mapping mine is not TOML"),
        (good.replace('{ column = "End" }', "{ }"), "the mapping mine: columns.end Value error, say one of column"),
    ):
        with subtests.test(sentence=sentence), pytest.raises(Refused, match=sentence):
            read_mapping(bad, "mine")
