"""A patient is answered from her page: seen once more, then sent once, within her day, and never after STOP."""

from __future__ import annotations

import re

import httpx2
import pytest

from notifier.db.engine import reading
from notifier.db.tables import Message, Reply
from notifier.domain.kinds import REPLY
from tests.web.pages.conftest import ANA, Pages, words
from tests.web.pages.test_today import S, move

PAGE = "/patients/1"


@pytest.fixture
def asked(pages: Pages) -> Pages:
    """Ana has asked something, and it is eleven at night."""
    pages.enroll()
    pages.clock.pass_(hours=9)
    pages.sign_in()
    pages.says("when can I stop icing?")
    return pages


def look(pages: Pages, said: str = "After two days.") -> httpx2.Response:
    return pages.post(f"{PAGE}/reply", on=PAGE, words=said)


def send(pages: Pages, shown: httpx2.Response, said: str = "After two days.") -> httpx2.Response:
    once = re.search(r'name="once" value="([^"]+)"', shown.text)
    assert once is not None
    return pages.post(f"{PAGE}/reply", on=PAGE, words=said, once=once[1], sure="yes")


def answers(pages: Pages) -> list[Message]:
    return [text for text in pages.texts(1) if text.kind == REPLY]


def test_the_first_look_shows_what_leaves_and_sends_nothing(asked: Pages) -> None:
    seen = words(look(asked, "After two days ✓"))
    assert "Lakeside Skin: After two days ✓" in seen
    assert "31 characters, 1 segment (of 70 characters, not 160, because of “✓”)" in seen
    assert [] == answers(asked)


def test_at_any_hour_a_reply_leaves_at_once_and_what_she_wrote_stays_open(asked: Pages) -> None:
    sent = send(asked, look(asked))
    (response,) = answers(asked)
    assert ("/patients/1#replied", asked.clock.now()) == (sent.headers["location"], response.due_at)
    assert "Lakeside Skin: After two days." == response.text
    with reading(asked.engine) as session:
        assert session.get_one(Reply, 1).closed_at is None
    assert "on its way" in asked.read(PAGE)


def test_a_second_click_sends_nothing_more(asked: Pages) -> None:
    shown = look(asked)
    first, second = send(asked, shown), send(asked, shown)
    assert (303, 303, 1) == (first.status_code, second.status_code, len(answers(asked)))


def test_other_words_behind_a_used_button_are_not_sent(asked: Pages) -> None:
    shown = look(asked)
    send(asked, shown)
    refused = send(asked, shown, "After three days.")
    assert (422, 1) == (refused.status_code, len(answers(asked)))


def test_after_stop_the_page_says_call_and_sends_nothing(asked: Pages) -> None:
    shown = look(asked)
    asked.says("STOP")
    page = asked.get(PAGE)
    assert "The patient has opted out: call +1 212 555 0123" in words(page)
    assert f'href="tel:{ANA}"' in page.text
    assert f'action="{PAGE}/reply"' not in page.text
    assert (422, []) == (send(asked, shown).status_code, answers(asked))


@pytest.mark.parametrize(("hours", "open_"), [(23.9, True), (24, False), (34.1, True)])
def test_a_day_after_her_message_the_page_says_why_not(asked: Pages, hours: float, open_: bool) -> None:
    asked.clock.pass_(hours=hours)
    asked.sign_in()
    page = asked.get(PAGE)
    assert open_ == (f'action="{PAGE}/reply"' in page.text)
    assert open_ != ("a reply to it leaves only inside the send window: write it from" in words(page))


def test_who_replies_second_reads_what_a_colleague_wrote_and_is_asked_again(asked: Pages) -> None:
    shown = look(asked)
    asked.account("Eve")
    asked.sign_in("Eve")
    send(asked, look(asked, "Tomorrow."), "Tomorrow.")
    asked.sign_in()
    again = send(asked, shown)
    assert (422, 1) == (again.status_code, len(answers(asked)))
    assert "Eve replied" in words(again)
    assert "Lakeside Skin: Tomorrow." in words(again)
    after = re.search(r'name="after" value="([^"]+)"', again.text)
    once = re.search(r'name="once" value="([^"]+)"', again.text)
    assert after is not None
    assert once is not None
    sure = {"words": "After two days.", "once": once[1], "after": after[1], "sure": "yes"}
    assert (303, 2) == (asked.post(f"{PAGE}/reply", on=PAGE, **sure).status_code, len(answers(asked)))


def test_a_message_that_a_colleague_has_taken_is_taken_over_first(asked: Pages) -> None:
    asked.account("Eve")
    asked.sign_in("Eve")
    asked.post("/replies/1/claim")
    asked.sign_in()
    shown = look(asked)
    assert "Eve is on it. To send this, take it over." in words(shown)
    assert 422 == send(asked, shown).status_code
    asked.post("/replies/1/claim", over="yes")
    assert "Dana is on it." in asked.read("/")
    send(asked, look(asked))
    assert 1 == len(answers(asked))


def test_who_has_never_written_is_called(pages: Pages) -> None:
    pages.enroll()
    said = "nothing has come from this number, and by hand only a reply is sent; call instead"
    assert said in pages.read(PAGE)


def test_empty_words_come_back_with_a_sentence(asked: Pages) -> None:
    refused = look(asked, "  ")
    assert (422, True) == (refused.status_code, "The reply is empty" in words(refused))


def test_her_words_and_number_are_in_no_address(asked: Pages) -> None:
    page = asked.get(PAGE).text
    assert [] == [href for href in re.findall(r'(?:href|action)="(/[^"]*)"', page) if "555" in href or "ice" in href]


def test_urgent_words_stand_first_even_where_they_also_mean_something_else(asked: Pages) -> None:
    asked.clock.pass_(minutes=5)
    asked.says("no more texts, I have a fever")
    today = asked.read("/")
    assert today.index("fever") < today.index("icing")
    assert "urgent words" in today


def test_every_open_message_is_closed_with_a_decision_on_the_patients_page(pages: Pages) -> None:
    pages.enroll()
    for number, said, second_look in ((1, "Can I run?", False), (2, "It is bleeding a lot", True)):
        pages.says(said)
        forms = re.findall(rf'<form method="post" action="(/replies/{number}/.*?)</form>', pages.get(PAGE).text)
        answers = {}
        for form in reversed(forms):
            (label,) = re.findall(r">([^<>]+)</button>", form)
            fields = dict(re.findall(r'name="(back|texts)" value="([^"]+)"', form))
            answers[label] = pages.post(form.split('"')[0], **fields).status_code
        looked = {"End texts": 200, "Stay held": 303, "Texts go on": 200 if second_look else 303}
        assert (said, looked) == (said, answers)
        with reading(pages.engine) as session:
            assert "staff:Dana" == session.get_one(Reply, number).closed_by


def test_what_was_said_and_what_is_to_come_is_one_conversation_with_each_text_once(pages: Pages) -> None:
    pages.enroll()
    first, second, *_ = pages.texts(1)
    move(pages, first, S.ATTEMPTING, S.ACCEPTED, S.DELIVERED)
    pages.says("when can I stop icing?")
    shown = pages.read("/patients/1")
    assert [1, 1, 1] == [shown.count(one) for one in (first.text, second.text, "The patient wrote when can I")]
    places = [shown.index(one) for one in (first.text, "Look at it, then send", "To come", second.text)]
    assert sorted(places) == places
