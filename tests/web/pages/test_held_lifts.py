"""A lift that was held is offered where texts go on: said, or left out for good, as a person ticks it."""

from __future__ import annotations

from notifier.domain.states import MessageState
from tests.web.pages.conftest import Pages, words
from tests.web.pages.test_today import move

S = MessageState


def test_a_release_shows_the_lift_that_is_said_then(pages: Pages) -> None:
    pages.enroll()
    pages.says("it is bleeding a lot")
    pages.clock.pass_(hours=25)
    pages.sign_in()
    assert "“makeup again” for Ana Ruiz was held meanwhile. Say it now, or when texts may leave next" in words(
        pages.post("/replies/1/release")
    )


def test_whoever_lets_texts_go_on_chooses_which_of_the_held_lifts_are_said(pages: Pages) -> None:
    """What came due since the list was drawn is shown first; what was offered and is not ticked never leaves."""
    pages.enroll()
    pages.says("is this normal?")
    pages.clock.pass_(hours=25)
    pages.sign_in()
    (lift,) = (one for one in pages.texts(1) if one.step == "makeup-again")
    assert f'name="say.{lift.id}" value="yes" checked' in pages.get("/").text
    assert "“makeup again” for Ana Ruiz was held meanwhile" in words(pages.post("/replies/1/close", texts="go-on"))
    pages.post("/replies/1/close", texts="go-on", offered=str(lift.id))
    left_out = next(one for one in pages.texts(1) if one.id == lift.id)
    assert (S.CANCELLED, "staff decided not to say it") == (left_out.state, left_out.reason)
    pages.post("/patients/1/change", what="change", name="Anna Ruiz", sure="yes")
    assert 1 == sum(one.step == "makeup-again" for one in pages.texts(1)), "no later plan says it after all"


def test_a_release_on_the_page_of_the_patient_offers_the_held_lifts_too(pages: Pages) -> None:
    pages.enroll()
    pages.says("is this normal?")
    pages.post("/replies/1/close", texts="stay-held")
    pages.clock.pass_(hours=25)
    pages.sign_in()
    (lift,) = (one for one in pages.texts(1) if one.step == "makeup-again")
    shown = pages.post("/patients/1/change", what="release").text
    assert f'name="say.{lift.id}" value="yes" checked' in shown
    pages.post("/patients/1/change", what="release", sure=f"seen lift-{lift.id}", offered=str(lift.id))
    assert S.CANCELLED is next(one for one in pages.texts(1) if one.id == lift.id).state


def test_a_lift_that_was_held_past_its_use_is_not_offered_but_told_in_person(pages: Pages) -> None:
    """Whatever a person decides, no text says it any more: not on Today, no release, not the patient's page."""
    pages.enroll()
    pages.says("is this normal?")
    pages.clock.pass_(days=21)
    pages.sign_in()
    lifts = ", ".join(f"“{one}” for Ana Ruiz" for one in ("makeup again", "retinoids again", "sun over"))
    past, offered = f"{lifts}: held past their use, so no text says it any more.", 'name="say.'
    shown = [pages.get("/tasks?older=1"), pages.post("/patients/1/change", what="release")]
    pages.says("it is bleeding a lot")
    shown.append(pages.post("/replies/2/release"))
    assert [(1, 0)] * 3 == [(words(one).count(past), one.text.count(offered)) for one in shown]


def test_where_several_are_on_a_phone_today_names_who_may_have_written_and_whose_lift_is_said(pages: Pages) -> None:
    pages.enroll()
    pages.enroll(name="Eva Cruz", protocol="microneedling-24h")
    pages.says("can I wear makeup?")
    pages.says("who is this?", "+12125550199")
    pages.clock.pass_(hours=25)
    pages.sign_in()
    (lift,) = (one for one in pages.texts(2) if one.step == "makeup-again")
    move(pages, lift, S.EXPIRED, why="not told")
    shown = pages.read("/")
    assert ("Ana Ruiz or Eva Cruz wrote" in shown, "2 about Ana Ruiz and Eva Cruz." in shown) == (True, True)
    assert "Nobody had told the patient the rule that it ends." in shown
    assert ("say “makeup again” to Ana Ruiz now" in shown, "for Eva Cruz (" in shown) == (True, True)
    pages.post("/replies/1/close", texts="stay-held")
    assert "Ana Ruiz or Eva Cruz wrote" in pages.read("/replies").partition("Closed lately")[2]
    assert "Nobody is enrolled with this number, so no reply by text goes there: call." in shown
