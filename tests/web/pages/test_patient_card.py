"""The card on paper says what the texts would say, and the calendar says the same at the same instants."""

from __future__ import annotations

from datetime import timedelta

from icalendar import Calendar
from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import StaffAudit
from notifier.enrollments.commands import NoShow
from notifier.enrollments.lifecycle import apply
from tests.web.pages.conftest import Pages


def test_the_card_says_every_text_with_its_hour_every_end_and_the_clinics_phone(pages: Pages) -> None:
    whose = pages.enroll().enrollment
    page = pages.read(f"/patients/{whose}/card")
    assert "No makeup until Sat Mar 7 2:10 PM" in page
    assert "No sun until Fri Mar 13 3:10 PM" in page
    for text in pages.texts(whose):
        said = text.text.removeprefix("Lakeside Skin: ").partition(" Questions?")[0].partition(" (978)")[0]
        assert said[1:] in page
    assert "Fri Mar 6 3:10 PM No makeup until" in page
    assert "Call (978) 555-0142" in page
    assert "STOP" not in page.partition("Print")[2]


def test_the_card_says_who_treated_where_somebody_said_it(pages: Pages) -> None:
    said = {"Ana Ruiz": "Dr. Kim", "Bo Diaz": None}
    cards = [pages.read(f"/patients/{pages.enroll(name=who, provider=by).enrollment}/card") for who, by in said.items()]
    assert [True, False] == ["Fri Mar 6 2:10 PM , Dr. Kim" in card for card in cards]


def test_it_is_in_her_language(pages: Pages) -> None:
    whose = pages.enroll(language="es").enrollment
    page = pages.get(f"/patients/{whose}/card").text
    assert '<article class="sheet" lang="es"' in page
    assert "Sin maquillaje" in page
    assert "Qué evitar, y hasta cuándo" in page


def test_a_topic_without_ready_words_is_named_all_the_same(pages: Pages) -> None:
    whose = pages.enroll(protocol="microneedling-regimen", language="es", answers={"shaves": "yes"}).enrollment
    assert "sin «mineral sunscreen»" in pages.read(f"/patients/{whose}/card")


def test_before_the_treatment_it_promises_no_end(pages: Pages) -> None:
    whose = pages.enroll(appointment_at=pages.clock.now() + timedelta(days=9)).enrollment
    page = pages.read(f"/patients/{whose}/card")
    assert "Another card follows after the treatment." in page
    assert "until" not in page.partition("Appointment:")[2]


def test_a_number_that_has_opted_out_still_gets_its_whole_card(pages: Pages) -> None:
    whose = pages.enroll().enrollment
    pages.says("STOP")
    assert "You may wear makeup again" in pages.read(f"/patients/{whose}/card")


def test_the_calendar_has_an_entry_for_each_text_and_each_end_and_names_nobody(pages: Pages) -> None:
    whose = pages.enroll().enrollment
    response = pages.get(f"/patients/{whose}/card.ics")
    assert "text/calendar; charset=utf-8" == response.headers["content-type"]
    assert 'attachment; filename="aftercare.ics"' == response.headers["content-disposition"]
    assert "no-store" == response.headers["cache-control"]
    calendar = Calendar.from_ical(response.content)
    starts = sorted(one.start.isoformat() for one in calendar.events if one.alarms.times)
    planned = sorted(
        text.due_at.astimezone(pages.context.zone).isoformat() for text in pages.texts(whose) if text.due_at
    )
    assert planned == starts
    ends = [one.end for one in calendar.events if not one.alarms.times]
    assert 3 == len(ends)
    assert "America/New_York" == str(calendar.timezones[0]["TZID"])
    assert "Ana" not in response.text
    assert "2125550123" not in response.text


def test_there_is_no_card_of_nobody_and_of_what_has_ended(pages: Pages) -> None:
    assert 404 == pages.get("/patients/77/card").status_code
    assert 404 == pages.get("/patients/77/card.ics").status_code
    whose = pages.enroll(appointment_at=pages.clock.now() + timedelta(minutes=1)).enrollment
    pages.clock.pass_(minutes=1)
    with writing(pages.engine) as session:
        apply(session, whose, NoShow(), rules=pages.context.rules, now=pages.clock.now(), by="staff:Dana")
    assert 422 == pages.get(f"/patients/{whose}/card").status_code


def test_who_saw_a_card_is_written_down(pages: Pages) -> None:
    whose = pages.enroll().enrollment
    pages.get(f"/patients/{whose}/card")
    pages.get(f"/patients/{whose}/card.ics")
    with reading(pages.engine) as session:
        lines = session.scalars(select(StaffAudit).where(col(StaffAudit.enrollment_id) == whose)).all()
        assert [("saw", "card"), ("saw", "calendar")] == [(one.what, one.about) for one in lines]
