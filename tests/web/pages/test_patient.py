"""The patient's page: everything about her, and every change with its difference first."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import update
from sqlmodel import col

import notifier.web
from notifier.db.engine import reading, writing
from notifier.db.enrollments import by_id
from notifier.db.tables import Message
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.enrollments.commands import COMMANDS
from tests.web.pages.conftest import ANA, Pages, words

HERS = "/patients/1"


def seen(pages: Pages, **fields: str) -> httpx2.Response:
    """What a change would do."""
    return pages.post(f"{HERS}/change", **fields)


def sure(pages: Pages, **fields: str) -> httpx2.Response:
    """See it, and press the button."""
    found = re.search(r'name="sure" value="([^"]+)"', seen(pages, **fields).text)
    assert found is not None
    return pages.post(f"{HERS}/change", sure=found[1], **fields)


def states(pages: Pages) -> set[str]:
    return {row.state.value for row in pages.texts(1)}


def test_the_page_shows_every_text_with_its_state_and_the_recovery(pages: Pages) -> None:
    pages.enroll()
    shown = pages.get(HERS)
    assert len(pages.texts(1)) == shown.text.count('<li class="text">')
    assert "no makeup until Sat Mar 7, 2:10 PM" in words(shown)
    assert "<svg" in shown.text


def test_a_form_says_whose_clock_it_is_on_where_hers_is_another(pages: Pages) -> None:
    pages.enroll(timezone="America/Phoenix", appointment_at=pages.clock.now() + timedelta(hours=1))
    shown = pages.read(HERS)
    assert "Both on the clinic’s clock, New York." in shown
    assert "Appointment Fri Mar 6, 1:10 PM MST" in shown
    assert "on the patient’s clock, Phoenix" in words(seen(pages, what="treated", treated_at="2026-03-06T14:00"))


def test_stop_is_seen_on_her_page(pages: Pages) -> None:
    pages.enroll()
    pages.says("no más por favor")
    shown = pages.read(HERS)
    assert "STOP came on Fri Mar 6 (phrase). Nothing is sent to this number: call instead." in shown
    assert "no más por favor" in shown
    assert {"suppressed"} == states(pages)


def test_names_and_texts_are_data(pages: Pages) -> None:
    pages.enroll(consent="<script>alert(1)</script>")
    pages.says("<img src=x onerror=alert(1)>\"'{{7*7}}")
    for path in (HERS, "/"):
        page = pages.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "{{7*7}}" in page
    assert "&lt;img src=x" in pages.get(HERS).text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"what": "change", "treated_at": "2026-03-06T13:00"}, "moves"),
        ({"what": "change", "timezone": "Pacific/Honolulu"}, "moves"),
        ({"what": "change", "phone": "212 555 0199"}, "new words or number"),
        ({"what": "change", "language": "es"}, "new words or number"),
        ({"what": "change", "protocol": "microneedling-week"}, "withdrawn"),
        ({"what": "cancel"}, "withdrawn"),
    ],
)
def test_the_difference_comes_before_the_change(pages: Pages, fields: dict[str, str], says: str) -> None:
    pages.enroll()
    before = [(row.step, row.state, row.due_at, row.text, row.phone) for row in pages.texts(1)]
    response = seen(pages, **fields)
    assert (200, True) == (response.status_code, says in words(response))
    assert before == [(row.step, row.state, row.due_at, row.text, row.phone) for row in pages.texts(1)]
    assert f"{HERS}#done" == sure(pages, **fields).headers["location"]
    assert before != [(row.step, row.state, row.due_at, row.text, row.phone) for row in pages.texts(1)]


@pytest.mark.parametrize("opted_out", [False, True])
def test_an_ending_shows_what_it_does_to_others_on_the_phone(pages: Pages, opted_out: bool) -> None:
    pages.enroll()
    pages.enroll(name="Eva Poe")
    if opted_out:
        pages.says("STOP")
    shown = words(pages.post("/patients/2/change", what="cancel"))
    assert "Ana Ruiz , on the same phone: Microneedling: standard aftercare, Fri Mar 6" in shown
    assert "new words or number" in shown
    assert opted_out == ("The number has opted out: nothing will be sent" in shown)
    assert any(row.text.startswith("Ana: ") for row in pages.texts(1))
    pages.post("/patients/2/change", what="cancel", sure=_digest(pages, "cancel", "/patients/2"))
    assert not any(row.text.startswith("Ana: ") for row in pages.texts(1))


def test_a_change_that_is_no_longer_what_was_seen_is_shown_again(pages: Pages) -> None:
    pages.enroll()
    answer = pages.post(f"{HERS}/change", what="cancel", sure="0" * 16)
    assert "Look at it once more" in words(answer)
    assert {"planned"} == states(pages)


def test_a_name_alone_changes_no_text(pages: Pages) -> None:
    pages.enroll()
    fields = {"what": "change", "name": "Anna Ruiz"}
    assert "No text changes." in words(seen(pages, **fields))
    sure(pages, **fields)
    assert "Anna Ruiz" in pages.read(HERS)


def test_what_a_change_has_made_wrong_of_what_was_sent_stands_on_the_page_for_a_day(pages: Pages) -> None:
    pages.enroll()
    with writing(pages.engine) as session:
        told = update(Message).where(col(Message.step) == "today")
        session.execute(told.values(state=MessageState.DELIVERED, left_at=pages.clock.now()))
    sure(pages, what="change", treated_at="2026-03-06T13:10")
    said = "“today”: the end of makeup, sun has moved; call the patient. Changed Fri Mar 6, 2:10 PM by Dana."
    assert f"The patient was told what is wrong now. {said}" in pages.read(HERS)
    sure(pages, what="change", treated_at="2026-03-06T13:20")
    assert 1 == pages.read(HERS).count("has moved; call the patient. Changed")
    pages.clock.pass_(days=1)
    pages.sign_in()
    assert "is wrong now" not in pages.read(HERS)


def test_a_field_that_is_wrong_is_mended_alone_and_what_else_was_typed_is_kept(pages: Pages) -> None:
    pages.enroll()
    wrong = seen(pages, what="change", name="Anna Ruiz", phone="212 555 01")
    assert (422, True) == (wrong.status_code, 'name="phone" type="tel" value="212 555 01"' in wrong.text)
    assert "has 8 digits where a US number has ten" in words(wrong)
    kept = re.findall(r'type="hidden" name="(what|name|phone)" value="([^"]*)"', wrong.text)
    assert {("what", "change"), ("name", "Anna Ruiz")} == set(kept)
    mended = words(seen(pages, **dict(kept), phone="212 555 0124"))
    assert "Ana Ruiz → Anna Ruiz" in mended
    assert "+1 212 555 0123 → +1 212 555 0124" in mended
    future = seen(pages, what="treated", treated_at="2026-03-07T15:00")
    assert 'name="treated_at" type="datetime-local" value="2026-03-07T15:00"' in future.text


def test_who_lets_held_texts_go_on_reads_that_they_leave_as_planned(pages: Pages) -> None:
    pages.enroll()
    sure(pages, what="hold")
    shown = words(seen(pages, what="resume"))
    assert ("What was held leaves as it was planned." in shown, "No text changes." in shown) == (True, False)


def test_nothing_changed_is_said(pages: Pages) -> None:
    pages.enroll()
    response = seen(pages, what="change", name="Ana Ruiz", phone="+1 212 555 0123", treated_at="2026-03-06T14:10")
    assert (422, True) == (response.status_code, "Nothing was changed in the form" in words(response))


def test_hold_and_go_on(pages: Pages) -> None:
    pages.enroll()
    sure(pages, what="hold", why="she asked")
    assert "on hold" in pages.read(HERS)
    assert "The enrollment is on hold: she asked" in pages.read(HERS)
    sure(pages, what="resume")
    assert "active" in pages.read(HERS)


def test_never_again_and_texts_wanted_again(pages: Pages) -> None:
    pages.enroll()
    sure(pages, what="opt-out")
    assert {"suppressed"} == states(pages)
    assert 422 == pages.post(f"{HERS}/change", what="release", sure=_digest(pages, "release")).status_code
    sure(pages, what="release", reconsent="signed a new form")
    assert {"planned"} == states(pages)


def test_who_must_never_be_texted_is_texted_again_only_after_saying_how_that_was_agreed(pages: Pages) -> None:
    pages.enroll()
    assert 'id="text-again"' not in pages.get(HERS).text
    assert 422 == pages.post(f"{HERS}/change", what="text-again", sure="seen", reconsent="by phone").status_code
    sure(pages, what="never-text")
    next_visit = pages.clock.now() + timedelta(days=20)
    assert 'id="text-again"' in pages.get(HERS).text
    with pytest.raises(Refused, match="must never be texted"):
        pages.enroll(appointment_at=next_visit)
    assert 422 == pages.post(f"{HERS}/change", what="text-again", sure="seen").status_code
    assert "The patient has agreed: signed a new form." in words(
        seen(pages, what="text-again", reconsent="signed a new form")
    )
    sure(pages, what="text-again", reconsent="signed a new form")
    assert 'id="text-again"' not in pages.get(HERS).text
    assert "Signed a new form" in pages.read(HERS)
    assert 2 == pages.enroll(appointment_at=next_visit).enrollment


def _digest(pages: Pages, what: str, whose: str = HERS) -> str:
    return pages.post(f"{whose}/change", what=what).text.split('name="sure" value="')[1].split('"')[0]


def test_a_no_show_ends_it(pages: Pages) -> None:
    pages.enroll(appointment_at=pages.clock.now() + timedelta(minutes=5))
    assert 'id="no-show"' not in pages.get(HERS).text
    early = seen(pages, what="no-show")
    assert (422, True) == (early.status_code, "so it is no no-show yet" in words(early))
    pages.clock.pass_(minutes=5)
    sure(pages, what="no-show")
    assert "no-show" in pages.read(HERS)


@pytest.mark.parametrize(
    ("end", "back", "state"),
    [
        ("no-show", {"what": "resume"}, "booked"),
        ("no-show", {"what": "treated", "treated_at": "2026-03-06T14:15"}, "active"),
        ("no-show", {"what": "change", "appointment_at": "2026-03-20T10:00"}, "booked"),
        ("cancel", {"what": "resume"}, "booked"),
    ],
)
def test_an_ending_by_mistake_is_taken_back(pages: Pages, end: str, back: dict[str, str], state: str) -> None:
    pages.enroll(appointment_at=pages.clock.now() + timedelta(minutes=5))
    pages.clock.pass_(minutes=5)
    sure(pages, what=end)
    assert 'id="take-back"' in pages.get(HERS).text
    assert f"{HERS}#done" == sure(pages, **back).headers["location"]
    with reading(pages.engine) as session:
        found = by_id(session, 1)
    assert found is not None
    assert state == found.state.value


def test_the_history_names_who_did_it(pages: Pages) -> None:
    pages.enroll()
    sure(pages, what="cancel")
    assert "planned → withdrawn Dana" in pages.read(HERS)
    assert {MessageState.CANCELLED.value} == states(pages)


def test_somebody_elses_form_tells_nothing(pages: Pages) -> None:
    """The warnings of an enrollment are shown on its own page alone."""
    assert ANA not in pages.read("/patients/1?form=00000000-0000-0000-0000-000000000000")


def test_every_command_has_its_button_on_the_page() -> None:
    page = (Path(notifier.web.__file__).parent / "templates" / "patient.html").read_text(encoding="utf-8")
    assert [] == [word for word in COMMANDS if f'"{word}"' not in page], "notifier/web/templates/patient.html lacks it"


def test_withdrawn_consent_says_since_when_and_by_whom_and_what_may_be_done_next(pages: Pages) -> None:
    """It is offered again only once somebody has let the texts go on."""
    pages.enroll()
    marks = 'name="what" value="consent-withdrawn"'
    assert marks in pages.get(HERS).text
    sure(pages, what="consent-withdrawn")
    shown = pages.get(HERS)
    said = "Consent was withdrawn on Fri Mar 6, 2:10 PM (Dana). Every text to +1 212 555 0123 waits"
    assert said in words(shown)
    assert marks not in shown.text
    assert "Never text again The patient agrees after all" in words(shown)
    assert "Let texts leave only where the patient has agreed to them anew." in words(seen(pages, what="release"))
    sure(pages, what="release")
    assert marks in pages.get(HERS).text
    assert said not in pages.read(HERS)


def test_what_another_treatment_leaves_to_staff_is_said_by_name_and_in_words(pages: Pages) -> None:
    pages.enroll(treated_at=pages.clock.now() - timedelta(days=1), protocol="microneedling-24h")
    pages.enroll()
    shown = words(pages.post("/patients/2/change", what="cancel"))
    assert "No text says it any more, so call: “makeup again” of Ana Ruiz (Thu Mar 5)." in shown
