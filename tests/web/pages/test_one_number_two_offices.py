"""A number that two offices text: each reads what was written to it, answers that, and is told of the other."""

from __future__ import annotations

import pytest

from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.domain.instants import zone_called
from schedules.wording import Voice
from tests.web.pages.conftest import FORM, Pages, words
from tests.web.pages.test_offices import EVE, OFFICES, belong, north

__all__ = ["north"]
PAGE = "/patients/5"


@pytest.fixture
def both(north: Pages) -> Pages:
    """Eve, who wrote to the desert, is a patient of the north too: enrollment 5."""
    north.enroll(name="Eve Sand", phone=EVE, office="north", protocol="microneedling-week")
    return north


def test_what_she_wrote_to_another_office_is_not_read_here(both: Pages) -> None:
    here = both.read(PAGE)
    assert "question of Eve" not in here
    assert "1 text from this number went to another office, which answers." in here
    belong(both)
    assert "question of Eve" in both.read(PAGE)


def test_nor_is_it_answered_from_here(both: Pages) -> None:
    assert "nothing has come from this number" in both.read(PAGE)
    asked = both.post(f"{PAGE}/reply", on="/enroll", words="Yes, that is normal")
    assert (422, True) == (asked.status_code, "Nothing has come from this number" in words(asked))


def test_what_she_writes_here_is_answered_here_though_another_office_heard_from_her_later(both: Pages) -> None:
    both.says("may I swim", EVE)
    both.clock.pass_(minutes=1)
    wrote_to_the_desert(both)
    assert "may I swim" in both.read(PAGE)
    shown = both.post(f"{PAGE}/reply", on="/enroll", words="Not yet").text
    once = shown.split('name="once" value="')[1].split('"')[0]
    both.post(f"{PAGE}/reply", on="/enroll", words="Not yet", sure="yes", once=once)
    assert "may I swim" in open_replies(both)
    belong(both)
    assert "question of Eve" in open_replies(both)
    assert "and the sun?" in open_replies(both)


def wrote_to_the_desert(pages: Pages) -> None:
    with writing(pages.engine) as session:
        later = InboundText("SM9", EVE, "and the sun?", pages.clock.now(), written_to=("+14805550111",))
        answers = AnswerRules(Voice("x", "y"), zone_called("UTC"), offices=OFFICES)
        receive(session, later, pages.clock.now(), answers=answers)


def open_replies(pages: Pages) -> str:
    return pages.read("/replies").partition("Closed")[0]


def test_whoever_is_enrolled_already_at_another_office_is_not_enrolled_twice_and_nothing_of_it_is_told(
    north: Pages,
) -> None:
    typed = {**FORM, "name": "Eve Sand", "phone": EVE, "when": "now"}
    seen = north.post("/preview", **typed)
    assert not any(said in words(seen) for said in ("enrolled already", "enrollment 3"))
    done = north.post("/enroll", **typed, once=north.token("/enroll", "once"))
    assert (422, True) == (done.status_code, "something at another office stands in the way" in words(done).lower())
