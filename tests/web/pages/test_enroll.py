"""Enroll: what was previewed is what is planned, once, and nothing that was typed is lost."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment
from notifier.publishing.approve import approve
from schedules.catalogue import Catalogue
from tests.test_course_in_the_life import COURSE
from tests.web.pages.conftest import ANA, FORM, Pages, words
from tests.web.pages.test_patient import sure as press_treated


def enrollments(pages: Pages) -> int:
    with reading(pages.engine) as session:
        return session.scalar(select(func.count()).select_from(Enrollment)) or 0


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"when": "now"},
        {"treated_at": "2026-03-06T10:00", "timezone": "Pacific/Honolulu"},
        {"protocol": "microneedling-regimen", "answer.microneedling-regimen.shaves": "yes", "language": "es"},
        {"protocol": "microneedling-regimen", "when": "appointment", "appointment_at": "2026-03-20T09:30"},
        {"phone": "808 555 0103", "rebook_consent": "yes", "protocol": "microneedling-24h"},
    ],
)
def test_the_preview_is_the_plan_to_the_second(pages: Pages, more: dict[str, str]) -> None:
    pages.clock.pass_(seconds=17)
    form = {**FORM, **more}
    seen = pages.post("/preview", **form).text.split("After the visit")[0]
    response = pages.post("/enroll", once=str(uuid4()), **form)
    assert 303 == response.status_code, words(response)
    planned = planned_texts(pages)
    assert planned
    assert planned == texts_in(seen)


def test_what_a_booked_patient_is_shown_for_after_the_visit_is_what_follows_it(pages: Pages) -> None:
    form = {**FORM, "protocol": "microneedling-regimen", "when": "appointment", "appointment_at": "2026-03-20T09:30"}
    seen = pages.post("/preview", **form).text
    pages.post("/enroll", once=str(uuid4()), **form)
    before = planned_texts(pages)
    pages.clock.pass_until(datetime(2026, 3, 20, 13, 30, tzinfo=UTC))
    pages.sign_in()
    press_treated(pages, what="treated", treated_at="2026-03-20T09:30")
    after = [one for one in planned_texts(pages) if one not in before]
    assert len(after) > 5
    assert after == texts_in(seen.split("After the visit")[1])


def test_a_date_that_leaves_nothing_to_send_is_asked_again_before_anybody_is_enrolled(pages: Pages) -> None:
    form = {**FORM, "treated_at": "2026-01-06T14:00", "once": str(uuid4())}
    asked = pages.post("/enroll", **form)
    assert (422, 0) == (asked.status_code, enrollments(pages))
    assert "The moment of every text has passed: nothing will be sent; is the date right?" in words(asked)
    done = pages.post("/enroll", **form, sure="yes")
    assert (303, 1) == (done.status_code, enrollments(pages))
    shown = pages.read(done.headers["location"])
    assert "Enrolled, and no text is planned: say everything in person." in shown
    assert "These are the texts to come" not in shown


def planned_texts(pages: Pages) -> list[tuple[str, str]]:
    return sorted((row.due_at.isoformat(), row.text) for row in pages.texts(1) if row.due_at)


def texts_in(shown: str) -> list[tuple[str, str]]:
    one = re.compile(
        r'<li class="text">\s*<p class="when"><time datetime="([^"]+)">.*?<p class="bubble">(.*?)</p>', re.DOTALL
    )
    return sorted((at, unescape(text)) for at, text in one.findall(shown))


def test_the_number_is_checked_as_it_is_typed(pages: Pages) -> None:
    assert "+1 212 555 0123" in words(pages.post("/preview", **FORM))
    wrong = pages.post("/preview", **{**FORM, "phone": "212 555 01"})
    assert "has 8 digits where a US number has ten" in words(wrong)


def test_an_empty_form_shows_the_texts_and_scolds_nobody(pages: Pages) -> None:
    shown = pages.get("/enroll").text
    assert 'class="bubble"' in shown
    assert 'class="problem">' not in shown


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"treated_at": ""}, "Say when the treatment ended."),
        ({"treated_at": "2026-03-08T02:30"}, "does not exist in America/New_York"),
        ({"treated_at": "2026-03-07T09:00"}, "lies in the future"),
        ({"when": "appointment", "appointment_at": "2026-03-01T09:00"}, "has passed"),
        ({"name": "Ana http://x"}, "the name has"),
        ({"consent": ""}, "Consent is empty"),
        ({"protocol": "botox"}, "There is no protocol"),
        ({"language": "fr"}, 'no texts in "fr"'),
        ({"timezone": "Mars/Olympus"}, "is not a time zone"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(pages: Pages, more: dict[str, str], sentence: str) -> None:
    response = pages.post("/enroll", once=str(uuid4()), **{**FORM, **more})
    assert (422, 0) == (response.status_code, enrollments(pages))
    assert sentence.lower() in words(response).lower()
    assert 'value="(212) 555-0123"' in response.text


def test_a_double_click_enrolls_once(pages: Pages) -> None:
    once = pages.token(field="once")
    first, second = (pages.post("/enroll", once=once, **FORM) for _ in range(2))
    assert (303, first.headers["location"]) == (second.status_code, second.headers["location"])
    assert 1 == enrollments(pages)


def test_a_double_click_a_minute_later_does_not_move_the_treatment(pages: Pages) -> None:
    form = {**FORM, "when": "now", "once": pages.token(field="once")}
    pages.post("/enroll", **form)
    before = [row.due_at for row in pages.texts(1)]
    pages.clock.pass_(minutes=1)
    pages.post("/enroll", **form)
    assert (1, before) == (enrollments(pages), [row.due_at for row in pages.texts(1)])


def test_the_same_form_with_another_patient_is_not_dropped_silently(pages: Pages) -> None:
    """Back button, another name, Enroll: staff hear of it, and a second press enrolls."""
    once = pages.token(field="once")
    pages.post("/enroll", once=once, **FORM)
    other = {**FORM, "name": "Eva Cruz", "phone": "212 555 0124"}
    response = pages.post("/enroll", once=once, **other)
    assert (409, 1) == (response.status_code, enrollments(pages))
    assert "another patient, enroll once more" in words(response)
    fresh = re.search(r'name="once" value="([^"]+)"', response.text)
    assert fresh is not None
    pages.post("/enroll", once=fresh[1], **other)
    assert 2 == enrollments(pages)


def test_the_same_patient_on_a_fresh_form_is_found_again(pages: Pages) -> None:
    pages.post("/enroll", once=str(uuid4()), **FORM)
    response = pages.post("/enroll", once=str(uuid4()), **FORM)
    assert 1 == enrollments(pages)
    assert "enrolled already; nothing was changed" in pages.read(response.headers["location"])
    assert "This patient is enrolled already: Ana Ruiz (Fri Mar 6)" in words(pages.post("/preview", **FORM))


def test_a_form_sent_after_the_lock_comes_back_filled_in(pages: Pages) -> None:
    once, token = pages.token(field="once"), pages.token()
    pages.clock.pass_(minutes=16)
    form = {**FORM, "treated_at": "2026-03-06T14:00"}
    locked = pages.client.post("/enroll", data={"form": token, "once": once, **form})
    assert (401, 0) == (locked.status_code, enrollments(pages))
    kept = dict(re.findall(r'name="(kept\.[^"]+)" value="([^"]*)"', locked.text))
    again = pages.sign_in(**kept)
    assert (200, True) == (again.status_code, 'value="Ana Ruiz"' in again.text)
    assert "as you left it" in words(again)
    assert 303 == pages.post("/enroll", once=once, **form).status_code
    assert 1 == enrollments(pages)


def test_the_kept_form_survives_a_wrong_password(pages: Pages) -> None:
    again = pages.sign_in(password="not it at all", **{"kept.name": "Ana Ruiz"})
    assert 'name="kept.name" value="Ana Ruiz"' in again.text


def test_a_preview_of_a_locked_session_says_so_without_a_page(pages: Pages) -> None:
    token = pages.token()
    pages.clock.pass_(minutes=16)
    response = pages.client.post("/preview", data={"form": token, **FORM}, headers={"X-Fragment": "1"})
    assert (401, "locked\n") == (response.status_code, response.text)


def test_without_a_script_the_preview_is_behind_a_button(pages: Pages) -> None:
    response = pages.post("/enroll", once=str(uuid4()), preview="yes", **{**FORM, "protocol": "microneedling-week"})
    assert (200, 0) == (response.status_code, enrollments(pages))
    assert "swimming" in words(response)


def test_what_cannot_be_said_in_time_is_said_at_once(pages: Pages) -> None:
    pages.clock.pass_(hours=6, minutes=40)
    pages.sign_in()
    late = {**FORM, "treated_at": "2026-03-06T20:45"}
    care = words(pages.post("/preview", **{**late, "protocol": "microneedling-week"}))
    assert "Say it before the patient leaves" in care
    rules = words(pages.post("/preview", **late))
    assert "Say it before the patient leaves" not in rules, "they hold when the window opens, and are said then"


def test_a_number_that_said_stop_is_known_before_the_button(pages: Pages) -> None:
    pages.enroll()
    pages.says("stop please")
    shown = words(pages.post("/preview", **{**FORM, "protocol": "microneedling-week"}))
    assert "This number has said STOP" in shown


def test_no_protocol_is_chosen_for_anybody_before_it_is_approved(strict: Pages) -> None:
    chosen = re.compile(r'<option value="([^"]*)" selected>')
    nothing = strict.get("/enroll").text
    assert '<option value="">choose …</option>' in nothing
    assert "microneedling" not in chosen.findall(nothing)
    with writing(strict.engine) as session:
        approve(session, strict.context.protocols["microneedling-week"], by="Dr. Sol", now=strict.clock.now())
    assert "microneedling-week" == chosen.findall(strict.get("/enroll").text)[0]


def test_an_unapproved_protocol_is_refused_where_texts_are_real(strict: Pages) -> None:
    assert "nobody has approved" in words(strict.post("/preview", **FORM)).lower()
    assert 422 == strict.post("/enroll", once=str(uuid4()), **FORM).status_code


def test_no_name_and_no_number_stands_in_an_address(pages: Pages) -> None:
    response = pages.post("/enroll", once=str(uuid4()), **FORM)
    assert "Ana" not in response.headers["location"]
    assert ANA[-4:] not in response.headers["location"]


def test_who_asked_for_consent_is_who_is_signed_in(pages: Pages) -> None:
    pages.post("/enroll", once=str(uuid4()), **FORM)
    with reading(pages.engine) as session:
        (stored,) = session.scalars(select(Enrollment)).all()
    assert ("staff:Dana", "Signed form") == (stored.consent_by, stored.consent)
    assert timedelta(0) == stored.consent_at - pages.clock.now()


def test_the_preview_asks_nobody_to_say_what_only_repeats(pages: Pages) -> None:
    """The patient wishes no text on Saturday, day 1 of a course whose washing is said on days 0 to 3."""
    object.__setattr__(pages.context, "protocols", Catalogue({"plan": COURSE}))
    object.__setattr__(pages.context, "rules", replace(pages.context.rules, max_texts_per_day=4))
    seen = words(pages.post("/preview", **{**FORM, "protocol": "plan", "quiet_days": "Sat"}))
    assert 2 == seen.count("No text will say this, and nobody has to. wash No open hour before it expires: a quiet")
    assert "in person" not in seen
