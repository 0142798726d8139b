"""A patient without a phone gets the plan on paper or in a calendar; nothing of it is stored."""

from __future__ import annotations

from icalendar import Calendar
from sqlalchemy import func, select

from notifier.db.engine import reading
from notifier.db.tables import Enrollment, Message, StaffForm
from tests.web.pages.conftest import FORM, Pages, words

NO_PHONE = {name: value for name, value in FORM.items() if name not in ("phone", "consent")} | {
    "treated_at": "2026-03-06T14:05", "once": "8c7b2f0e-4f7e-4a53-9d0e-0d6f3b0a1c11",
}  # fmt: skip


def stored(pages: Pages) -> list[int]:
    with reading(pages.engine) as session:
        return [session.scalar(select(func.count()).select_from(one)) or 0 for one in (Enrollment, Message, StaffForm)]


def test_the_card_says_what_the_texts_would_and_stores_nothing(pages: Pages) -> None:
    shown = pages.post("/enroll/card", **NO_PHONE)
    assert 200 == shown.status_code
    seen = words(shown)
    for said in ("Ana Ruiz", "No makeup", "You may wear makeup again", "Nobody was enrolled and nothing was stored"):
        assert said in seen
    assert [0, 0, 0] == stored(pages)


def test_its_calendar_has_the_same_and_no_name(pages: Pages) -> None:
    response = pages.post("/enroll/card.ics", **NO_PHONE)
    assert "text/calendar; charset=utf-8" == response.headers["content-type"]
    summaries = [str(one["summary"]) for one in Calendar.from_ical(response.content).walk("VEVENT")]
    assert any("You may wear makeup again" in said for said in summaries)
    assert b"Ana" not in response.content
    assert [0, 0, 0] == stored(pages)


def test_a_name_is_not_needed_and_a_phone_that_is_none_does_not_matter(pages: Pages) -> None:
    assert 200 == pages.post("/enroll/card", **{**NO_PHONE, "name": "", "phone": "none"}).status_code


def test_a_time_that_is_missing_is_said_in_the_form_as_it_was(pages: Pages) -> None:
    refused = pages.post("/enroll/card", **{**NO_PHONE, "treated_at": ""})
    assert (422, True) == (refused.status_code, "Say when the treatment ended." in words(refused))
    assert 'value="Ana Ruiz"' in refused.text


def test_words_that_no_clinician_stands_behind_are_not_printed(strict: Pages) -> None:
    refused = strict.post("/enroll/card", **NO_PHONE)
    assert (422, True) == (refused.status_code, "nobody has approved" in words(refused).lower())


def test_the_form_offers_it(pages: Pages) -> None:
    assert 'formaction="/enroll/card"' in pages.get("/enroll").text
