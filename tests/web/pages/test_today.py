"""Today: first what needs a person, then who is expected, then what leaves and what left."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape

import pytest

from notifier.db import outbox
from notifier.db.engine import reading, writing
from notifier.db.tables import Message
from notifier.domain.states import MessageState
from notifier.numbers.holds import open_holds
from schedules.catalogue import shipped
from tests.web.pages.conftest import ANA, Desk

S = MessageState


def move(desk: Desk, message: Message, *way: MessageState, why: str | None = None, at: datetime | None = None) -> None:
    """Let a planned text go this way."""
    when, seen = at or desk.clock.now(), S.PLANNED
    with writing(desk.engine) as session:
        for to in way:
            values = {"left_at": when} if to is S.ATTEMPTING else {}
            assert outbox.move(session, message.id or 0, seen=seen, to=to, at=when, by="test", why=why, **values)
            seen = to


def test_a_quiet_day_says_so(desk: Desk) -> None:
    shown = desk.read("/")
    assert "Nothing. Every reply is closed and every text found its way." in shown
    assert "Nobody is expected today." in shown


def test_an_urgent_reply_stands_first_and_its_texts_go_on_only_when_somebody_says_so(desk: Desk) -> None:
    desk.enroll(name="Eva Cruz", phone="+12125550124")
    desk.says("Can I run?", "+12125550124")
    desk.enroll()
    desk.says("it is bleeding a lot")
    shown = desk.read("/")
    assert 0 < shown.index("bleeding a lot") < shown.index("Can I run?")
    assert "urgent words" in shown
    desk.post("/replies/2/close")
    assert ("bleeding" in desk.read("/"), "texts wait" in desk.read("/")) == (False, True)


def test_a_reply_that_is_done_lets_the_texts_go_on(desk: Desk) -> None:
    desk.enroll()
    desk.says("it is bleeding a lot")
    desk.post("/replies/1/close", release="yes")
    with reading(desk.engine) as session:
        assert [] == open_holds(session, ANA)
    assert "Nothing. Every reply is closed" in desk.read("/")


def test_a_reply_is_taken_by_one_person(desk: Desk) -> None:
    desk.enroll()
    desk.says("Can I run?")
    desk.account("Eve")
    desk.post("/replies/1/claim")
    desk.sign_in("Eve")
    desk.post("/replies/1/claim")
    assert "Dana is on it." in desk.read("/")


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
def test_a_text_that_did_not_find_its_way_needs_a_person(desk: Desk, way: tuple[S, ...], words: str) -> None:
    texts = desk.texts(desk.enroll().enrollment)
    move(desk, texts[0], *way, why="30006: a landline")
    shown = desk.read("/")
    assert f"Ana Ruiz {words}" in shown
    assert "30006: a landline" in shown


def test_what_was_told_in_person_is_off_the_list_and_in_the_history(desk: Desk) -> None:
    texts = desk.texts(desk.enroll().enrollment)
    move(desk, texts[0], S.EXPIRED, why="too late")
    desk.post(f"/texts/{texts[0].id}/seen-to")
    assert "too late" not in desk.read("/")
    assert "told in person" in desk.read("/patients/1")


def test_todays_appointments_stand_in_order_and_an_unmarked_one_stands_out(desk: Desk) -> None:
    now = desk.clock.now()
    desk.enroll(name="Eva Cruz", phone="+12125550124", appointment_at=now + timedelta(hours=3))
    desk.enroll(appointment_at=now + timedelta(minutes=20))
    desk.enroll(name="Tomorrow", phone="+12125550125", appointment_at=now + timedelta(days=1))
    shown = desk.read("/")
    assert shown.index("2:30 PM Ana Ruiz") < shown.index("5:10 PM Eva Cruz")
    assert "Tomorrow" not in shown.split("Leaving")[0]
    assert "treated?" not in shown
    desk.clock.pass_(hours=2, minutes=19)
    desk.sign_in()
    assert "treated?" not in desk.read("/")
    desk.clock.pass_(minutes=1)
    assert 1 == desk.read("/").count("treated?")


def test_a_no_show_is_offered_only_once_the_appointment_has_come(desk: Desk) -> None:
    desk.enroll(appointment_at=desk.clock.now() + timedelta(minutes=5))
    assert "No-show" not in desk.read("/")
    desk.clock.pass_(minutes=6)
    assert "No-show" in desk.read("/")


def test_a_treated_patient_is_no_longer_expected(desk: Desk) -> None:
    desk.enroll(appointment_at=desk.clock.now() + timedelta(minutes=5))
    desk.clock.pass_(minutes=10)
    seen = desk.post("/patients/1/change", what="treated", treated_at="2026-03-06T14:18")
    sure = seen.text.split('name="sure" value="')[1].split('"')[0]
    desk.post("/patients/1/change", what="treated", treated_at="2026-03-06T14:18", sure=sure)
    assert "Nobody is expected today." in desk.read("/")


def test_treated_names_the_questions_that_nobody_has_answered(desk: Desk) -> None:
    desk.enroll(protocol="microneedling-kit", appointment_at=desk.clock.now() + timedelta(minutes=5))
    desk.clock.pass_(minutes=10)
    seen = desk.post("/patients/1/change", what="treated", treated_at="2026-03-06T14:18").text
    questions = shipped()["microneedling-kit"].questions.items()  # the texts about cold sores leave before a visit
    told = {
        key: f"Not answered: {question.ask} The texts that depend on it are not sent" in unescape(seen)
        for key, question in questions
    }
    assert {"kit": True, "cold-sores": False, "goal": True} == told


def test_what_she_wrote_keeps_her_name_though_her_number_has_changed(desk: Desk) -> None:
    texts = desk.texts(desk.enroll().enrollment)
    move(desk, texts[0], S.ATTEMPTING, S.ACCEPTED)
    desk.says("is this normal?")
    changed = {"what": "change", "phone": "(212) 555-0177"}
    seen = desk.post("/patients/1/change", **changed)
    desk.post("/patients/1/change", **changed, sure=seen.text.split('name="sure" value="')[1].split('"')[0])
    shown = desk.read("/")
    assert (True, True) == ("is this normal?" in shown, "Ana Ruiz" in shown.split("is this normal?")[0])
    assert "is this normal? Patient, Fri Mar 6, 2:10 PM, from +1 212 555 0123" in desk.read("/patients/1")
    desk.enroll(name="Eva Cruz")  # the number is hers now
    assert "is this normal?" not in desk.read("/patients/1")


def test_counts_lead_to_their_lists(desk: Desk) -> None:
    desk.enroll()
    assert "2 in 24 hours" in desk.read("/")
    listed = desk.get("/texts/next-24-hours").text
    assert 2 == listed.count('href="/texts/')


def test_a_text_that_waits_for_a_person_is_not_said_to_leave(desk: Desk) -> None:
    desk.enroll()
    desk.says("it is bleeding a lot")
    shown = desk.read("/")
    assert "1 today 1 Sat Mar 7 0 Sun Mar 8" in shown
    assert "2 more wait for a person." in shown
    listed = desk.read("/texts/waiting")
    assert "Wait for a person" in listed
    assert "The number is on hold: urgent words" in listed
    desk.post("/replies/1/close", release="yes")
    shown = desk.read("/")
    assert ("1 today 2 Sat Mar 7" in shown, "for a person." in shown) == (True, False)


def test_every_day_of_the_week_counts_its_own(desk: Desk) -> None:
    desk.enroll()
    shown = desk.read("/")
    assert "1 today 2 Sat Mar 7 0 Sun Mar 8" in shown
    assert "Leaving on Saturday, March 7" in desk.read("/texts/day-1")


def test_yesterdays_texts_are_counted_by_what_became_of_them(desk: Desk) -> None:
    texts = desk.texts(desk.enroll().enrollment)
    yesterday = desk.clock.now() - timedelta(days=1)
    move(desk, texts[0], S.ATTEMPTING, S.ACCEPTED, S.DELIVERED, at=yesterday)
    move(desk, texts[1], S.ATTEMPTING, S.ACCEPTED, S.UNDELIVERED, at=yesterday)
    assert "1 delivered 0 sent, no receipt yet 1 not delivered 0 in doubt" in desk.read("/")
    assert "Ana Ruiz" in desk.read("/texts/delivered")


def test_a_text_in_doubt_is_decided_by_a_person(desk: Desk) -> None:
    texts = desk.texts(desk.enroll().enrollment)
    move(desk, texts[0], S.ATTEMPTING, S.NEEDS_REVIEW)
    number = texts[0].id
    assert "Did it leave?" in desk.read(f"/texts/{number}")
    desk.post(f"/texts/{number}/review", sent="yes")
    assert S.ACCEPTED is desk.texts(1)[0].state


def test_what_is_not_there_is_not_found(subtests: pytest.Subtests, desk: Desk) -> None:
    for path in ("/texts/999", "/texts/day-7", "/texts/nothing", "/patients/999", "/protocols/nothing"):
        with subtests.test(path=path):
            assert 404 == desk.get(path).status_code
