"""Today: first what needs a person, then who is expected, then what leaves and what left."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from notifier.db import outbox
from notifier.db.engine import reading, writing
from notifier.db.tables import Message, StaffAudit
from notifier.domain.states import MessageState
from notifier.numbers.open_replies import what_holds
from schedules.catalogue import shipped
from tests.web.pages.conftest import ANA, Pages, words
from tests.web.pages.test_calendar import sure

S = MessageState


def move(
    pages: Pages, message: Message, *way: MessageState, why: str | None = None, at: datetime | None = None
) -> None:
    """Let a planned text go this way."""
    when, seen = at or pages.clock.now(), S.PLANNED
    with writing(pages.engine) as session:
        for to in way:
            values = {"left_at": when} if to is S.ATTEMPTING else {}
            assert outbox.move(session, message.id or 0, seen=seen, to=to, at=when, by="test", why=why, **values)
            seen = to


def test_a_quiet_day_says_so(pages: Pages) -> None:
    shown = pages.read("/")
    assert "Nothing. Every reply is closed and every text found its way." in shown
    assert "Nobody is expected today." in shown


def test_an_urgent_reply_stands_first_and_its_texts_go_on_only_when_somebody_says_so(pages: Pages) -> None:
    pages.enroll(name="Eva Cruz", phone="+12125550124")
    pages.says("Can I run?", "+12125550124")
    pages.enroll()
    pages.says("it is bleeding a lot")
    shown = pages.read("/")
    assert 0 < shown.index("bleeding a lot") < shown.index("Can I run?")
    assert "urgent words" in shown
    pages.post("/replies/2/close", texts="stay-held")
    assert ("bleeding" in pages.read("/"), "texts wait" in pages.read("/")) == (False, True)


def test_a_reply_that_is_done_lets_the_texts_go_on(pages: Pages) -> None:
    pages.enroll()
    pages.says("it is bleeding a lot")
    assert pages.post("/replies/1/close", texts="go-on").status_code == 422
    shown = pages.post("/replies/1/release")
    assert "it is bleeding a lot" in shown.text
    pages.says("and it is hot")
    assert "has written again since you looked" in pages.post("/replies/1/release", sure="yes", seen="1").text
    pages.post("/replies/1/release", sure="yes", seen="1,2")
    with reading(pages.engine) as session:
        assert {} == what_holds(session, {ANA})
    assert "Nothing. Every reply is closed" in pages.read("/")


def test_a_reply_is_taken_by_one_person(pages: Pages) -> None:
    pages.enroll()
    pages.says("Can I run?")
    pages.account("Eve")
    pages.post("/replies/1/claim")
    pages.sign_in("Eve")
    pages.post("/replies/1/claim")
    assert "Dana is on it." in pages.read("/")


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ((S.ATTEMPTING, S.UNKNOWN), "being looked up"),
        ((S.ATTEMPTING, S.NEEDS_REVIEW), "needs a look"),
        ((S.ATTEMPTING, S.FAILED), "failed"),
        ((S.ATTEMPTING, S.ACCEPTED, S.UNDELIVERED), "not delivered"),
        ((S.EXPIRED,), "not sent"),
    ],
)
def test_a_text_that_did_not_find_its_way_needs_a_person(pages: Pages, way: tuple[S, ...], words: str) -> None:
    texts = pages.texts(pages.enroll().enrollment)
    move(pages, texts[0], *way, why="30006: a landline")
    shown = pages.read("/")
    assert f"Ana Ruiz {words}" in shown
    assert "30006: a landline" in shown


def test_what_was_told_in_person_is_off_the_list_and_in_the_history(pages: Pages) -> None:
    texts = pages.texts(pages.enroll().enrollment)
    move(pages, texts[0], S.EXPIRED, why="too late")
    pages.post("/tasks", do="told", task=f"text-{texts[0].id}")
    assert "Too late." not in pages.read("/")
    told = pages.get("/patients/1").text
    assert ("told in person" in told, f"<td>Dana</td><td>{texts[0].step}" in told) == (True, False)
    pages.post("/tasks/reopen", task=re.findall(r'name="task" value="([^"]+)"', told)[0])
    assert ("Too late." in pages.read("/"), False) == (True, "Open again" in pages.read("/patients/1"))


def test_todays_appointments_stand_in_order_and_an_unmarked_one_stands_out(pages: Pages) -> None:
    now = pages.clock.now()
    pages.enroll(name="Eva Cruz", phone="+12125550124", appointment_at=now + timedelta(hours=3))
    pages.enroll(appointment_at=now + timedelta(minutes=20))
    pages.enroll(name="Tomorrow", phone="+12125550125", appointment_at=now + timedelta(days=1))
    shown = pages.read("/")
    assert shown.index("2:30 PM Ana Ruiz") < shown.index("5:10 PM Eva Cruz")
    assert "Tomorrow" not in shown.split("Leaving")[0]
    assert "treated?" not in shown
    pages.clock.pass_(hours=2, minutes=19)
    pages.sign_in()
    assert "treated?" not in pages.read("/")
    pages.clock.pass_(minutes=1)
    assert 1 == pages.read("/").count("treated?")


def test_a_no_show_is_offered_only_once_the_appointment_has_come(pages: Pages) -> None:
    pages.enroll(appointment_at=pages.clock.now() + timedelta(minutes=5))
    assert "No-show" not in pages.read("/")
    pages.clock.pass_(minutes=6)
    assert "No-show" in pages.read("/")


def test_who_marks_a_visit_on_today_stays_there_is_told_and_may_take_a_no_show_back(pages: Pages) -> None:
    now = pages.clock.now()
    for number, name in enumerate(("Ana Ruiz", "Eva Cruz")):
        pages.enroll(name=name, phone=f"+1212555012{number}", appointment_at=now + timedelta(minutes=5))
    pages.clock.pass_(minutes=10)
    on_today = {"on": "/", "back": "/", "at": "appointments"}
    treated = sure(pages, "/patients/1", what="treated", treated_at="2026-03-06T14:18", **on_today)
    missed = sure(pages, "/patients/2", what="no-show", **on_today).headers["location"]
    assert "/?marked=treated-1#appointments" == treated.headers["location"]
    assert "Ana Ruiz : treated until Fri Mar 6, 2:18 PM." in pages.read("/?marked=treated-1")
    shown = pages.get(missed)
    assert ("Eva Cruz : did not come." in words(shown), "Nobody is expected today." in words(shown)) == (True, True)
    assert 'name="what" value="resume"><input type="hidden" name="back" value="/">' in shown.text
    assert "/?marked=resume-2#marked" == sure(pages, "/patients/2", what="resume", back="/").headers["location"]
    assert ("did not come" in pages.read(missed), "2:15 PM Eva Cruz" in pages.read(missed)) == (False, True)
    assert "Eva Cruz : taken back." in pages.read("/?marked=resume-2")


def test_treated_names_the_questions_that_nobody_has_answered(pages: Pages) -> None:
    pages.enroll(protocol="microneedling-kit", appointment_at=pages.clock.now() + timedelta(minutes=5))
    pages.clock.pass_(minutes=10)
    seen = pages.post("/patients/1/change", what="treated", treated_at="2026-03-06T14:18").text
    questions = shipped()["microneedling-kit"].questions.items()  # the texts about cold sores leave before a visit
    told = {
        key: f"Not answered: {question.ask} The texts that depend on it are not sent" in unescape(seen)
        for key, question in questions
    }
    assert {"kit": True, "cold-sores": False, "goal": True} == told


def test_what_she_wrote_keeps_her_name_though_her_number_has_changed(pages: Pages) -> None:
    texts = pages.texts(pages.enroll().enrollment)
    move(pages, texts[0], S.ATTEMPTING, S.ACCEPTED)
    pages.says("is this normal?")
    changed = {"what": "change", "phone": "(212) 555-0177"}
    seen = pages.post("/patients/1/change", **changed)
    pages.post("/patients/1/change", **changed, sure=seen.text.split('name="sure" value="')[1].split('"')[0])
    shown = pages.read("/")
    assert (True, True) == ("is this normal?" in shown, "Ana Ruiz" in shown.split("is this normal?")[0])
    assert "2:10 PM The patient wrote, from +1 212 555 0123 is this normal?" in pages.read("/patients/1")
    pages.enroll(name="Eva Cruz")  # the number is hers now
    assert "is this normal?" not in pages.read("/patients/1")


def test_counts_lead_to_their_lists(pages: Pages) -> None:
    pages.enroll()
    assert "2 in 24 hours" in pages.read("/")
    listed = pages.get("/texts/next-24-hours").text
    assert 2 == listed.count('href="/texts/')


def test_a_text_that_waits_for_a_person_is_not_said_to_leave(pages: Pages) -> None:
    pages.enroll()
    pages.says("it is bleeding a lot")
    shown = pages.read("/")
    assert "1 today 1 Sat Mar 7" in shown
    assert "2 more wait for a person." in shown
    listed = pages.read("/texts/waiting")
    assert "Wait for a person" in listed
    assert "The number is on hold: what the patient wrote has urgent words" in listed
    pages.post("/replies/1/release", sure="yes", seen="1")
    shown = pages.read("/")
    assert ("1 today 2 Sat Mar 7" in shown, "for a person." in shown) == (True, False)


def test_every_day_of_the_week_counts_its_own(pages: Pages) -> None:
    pages.enroll()
    shown = pages.read("/")
    assert ("1 today 2 Sat Mar 7" in shown, "Sun Mar 8" in shown) == (True, False)
    assert "Leaving on Saturday, March 7" in pages.read("/texts/day-1")


def test_yesterdays_texts_are_counted_by_what_became_of_them(pages: Pages) -> None:
    texts = pages.texts(pages.enroll().enrollment)
    yesterday = pages.clock.now() - timedelta(days=1)
    move(pages, texts[0], S.ATTEMPTING, S.ACCEPTED, S.DELIVERED, at=yesterday)
    move(pages, texts[1], S.ATTEMPTING, S.ACCEPTED, S.UNDELIVERED, at=yesterday)
    assert "1 delivered 1 not delivered" in pages.read("/")
    assert "Ana Ruiz" in pages.read("/texts/delivered")


def test_a_text_in_doubt_is_decided_by_a_person(pages: Pages) -> None:
    texts = pages.texts(pages.enroll().enrollment)
    move(pages, texts[0], S.ATTEMPTING, S.NEEDS_REVIEW)
    number = texts[0].id
    assert "Did it leave?" in pages.read(f"/texts/{number}")
    pages.post(f"/texts/{number}/review", sent="yes")
    assert S.ACCEPTED is pages.texts(1)[0].state


def test_what_is_not_there_is_not_found(subtests: pytest.Subtests, pages: Pages) -> None:
    for path in ("/texts/999", "/texts/day-7", "/texts/nothing", "/patients/999", "/protocols/nothing"):
        with subtests.test(path=path):
            assert 404 == pages.get(path).status_code


def test_a_number_that_is_held_whole_names_everybody_on_it(pages: Pages) -> None:
    """So that staff end one of them, and let the others' texts go on."""
    pages.enroll()
    pages.enroll(name="Eva Ruiz", protocol="microneedling-24h")
    pages.says("wrong number")
    assert "On this number: Ana Ruiz , Eva Ruiz . To end one of them" in pages.read("/")


def test_a_page_that_draws_itself_anew_keeps_no_session_open_and_is_no_other_look(pages: Pages) -> None:
    pages.enroll()
    pages.says("when can I stop icing?")
    fresh = {"X-Fragment": "1", "X-Refresh": "1"}
    assert "icing" in pages.get("/").text
    with reading(pages.engine) as session:
        looks = session.scalar(select(func.count()).select_from(StaffAudit))
    for _ in range(14):
        pages.clock.pass_(minutes=1)
        assert 200 == pages.client.get("/", headers=fresh).status_code
        state = pages.client.get("/desk-state", headers=fresh)
        assert {"token", "open", "urgent", "latest"} == state.json().keys()
    with reading(pages.engine) as session:
        assert looks == session.scalar(select(func.count()).select_from(StaffAudit))
    pages.clock.pass_(minutes=2)
    assert 401 == pages.client.get("/desk-state", headers=fresh).status_code
