"""The first text on the page: whether it has arrived, and what to do at the desk where it has not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifier.db import outbox
from notifier.db.engine import writing
from notifier.sms.codes import in_words
from tests.web.pages.conftest import FORM, Pages, words
from tests.web.pages.test_today import S, move

HERS, FIRST = "/patients/1", "/patients/1/first-text"


@pytest.fixture
def desk(pages: Pages) -> Pages:
    """Dana's desk, where a first text leaves."""
    object.__setattr__(pages.context, "rules", replace(pages.context.rules, first_text=True))
    return pages


def test_the_form_shows_it_before_and_the_patients_page_after_enrolling(desk: Pages) -> None:
    preview = desk.post("/preview", **FORM)
    assert "First, while the patient is here: “Lakeside Skin: your aftercare comes by text" in words(preview)
    desk.enroll()
    shown = desk.get(HERS)
    assert "The first text wait It is about to leave." in words(shown)
    assert 'data-awaited="yes"' in shown.text


def test_without_one_nothing_is_said(pages: Pages) -> None:
    pages.enroll()
    assert "The first text" not in pages.read(HERS)
    assert "The first text" not in pages.read(FIRST)
    assert 404 == pages.get("/patients/99/first-text").status_code


def test_each_state_says_what_is_known_and_what_to_do(desk: Pages) -> None:
    desk.enroll()
    first = next(one for one in desk.texts(1) if one.step == "first-text")
    landline = in_words(30006)
    for way, why, at, said, is_awaited, mends in (
        ((S.ATTEMPTING,), None, 0, "It is on its way.", True, False),
        ((S.ACCEPTED,), None, 0, "It left at 2:10 PM; whether it arrived is not known yet.", True, False),
        ((), None, 3, "Not every carrier confirms. Ask whether the text is there", True, True),
        ((S.UNDELIVERED,), landline, 1, f"It did not arrive. {landline}", False, True),
        ((S.DELIVERED,), None, 1, "It arrived at 2:15 PM.", False, False),
    ):
        desk.clock.pass_(minutes=at)
        step(desk, first.id or 0, way, why)
        for path in (FIRST, HERS):
            shown = desk.get(path)
            assert (said, True) == (said, said in words(shown)), words(shown)[:1500]
            assert (said, is_awaited) == (said, 'data-awaited="yes"' in shown.text)
            assert (said, mends) == (said, 'href="#c-phone"' in shown.text)
        assert mends == ("<details open>" in desk.get(HERS).text)


def step(desk: Pages, message: int, way: tuple[S, ...], why: str | None) -> None:
    with writing(desk.engine) as session:
        for to in way:
            at = desk.clock.now()
            values = {"left_at": at} if to is S.ATTEMPTING else {}
            seen = outbox.by_id(session, message)
            assert seen is not None
            assert outbox.move(session, message, seen=seen.state, to=to, at=at, by="test", why=why, **values)


def test_a_day_later_only_one_that_did_not_arrive_is_still_shown(desk: Pages) -> None:
    desk.enroll()
    desk.enroll(name="Bo Diaz", phone="+12125550124")
    ana, bo = (next(one for one in desk.texts(whose) if one.step == "first-text") for whose in (1, 2))
    move(desk, ana, S.ATTEMPTING, S.ACCEPTED, S.DELIVERED)
    move(desk, bo, S.ATTEMPTING, S.FAILED, why="The number is a landline.")
    desk.clock.pass_(hours=25)
    desk.sign_in()
    assert "The first text" not in desk.read(FIRST)
    assert "The number is a landline." in desk.read("/patients/2/first-text")


def test_outside_the_window_it_says_when_it_leaves(desk: Pages) -> None:
    desk.clock.pass_(hours=7)
    desk.sign_in()
    desk.enroll()
    said = "It leaves on Sat Mar 7, 9:00 AM. The send window is closed."
    assert said in desk.read(FIRST)
