"""Two people at two web servers over one database do the same thing in the same instant: one of them does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import httpx2
import pytest
from sqlalchemy import Engine

from notifier.conversations.claims import current_claim
from notifier.db.engine import open_engine, reading
from notifier.domain.kinds import REPLY
from notifier.domain.tasks import TaskKind, TaskRef
from tests.web.pages.conftest import Pages, open_pages, words

PAGE = "/patients/1"
WORDS = {"Dana": "Yes, you may.", "Eli": "No, please wait."}


@pytest.fixture
def both(engine: Engine, now: datetime) -> Iterator[tuple[Pages, Pages]]:
    """Dana and Eli look at the same reply, each at a server of their own."""
    other = open_engine(engine.url.render_as_string(hide_password=False))
    with open_pages(engine, now) as dana, open_pages(other, now) as eli:
        dana.enroll()
        dana.says("when can I stop icing?")
        for name, pages in (("Dana", dana), ("Eli", eli)):
            pages.account(name)
            assert 303 == pages.sign_in(name).status_code
        yield dana, eli
    other.dispose()


def at_once(*acts: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
    """What each of them is answered; nobody begins before the others are there."""
    start = Barrier(len(acts))

    def act(one: Callable[[], httpx2.Response]) -> httpx2.Response:
        start.wait(timeout=60)
        return one()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))


def sure(pages: Pages, said: str) -> Callable[[], httpx2.Response]:
    """The last press of the button that sends these words, as a browser has it ready."""
    shown = pages.post(f"{PAGE}/reply", on=PAGE, words=said).text
    kept = {name: value for name in ("form", "once", "after", "seen") if (value := _value(shown, name)) is not None}
    return lambda: pages.client.post(f"{PAGE}/reply", data={**kept, "words": said, "sure": "yes"})


def _value(shown: str, name: str) -> str | None:
    found = re.search(rf'name="{name}" value="([^"]*)"', shown)
    return found[1] if found else None


def test_of_two_answers_one_leaves_and_the_other_is_told_of_it(both: tuple[Pages, Pages]) -> None:
    acts = [sure(pages, said) for pages, said in zip(both, WORDS.values(), strict=True)]
    answers = at_once(*acts)
    assert [303, 422] == sorted(one.status_code for one in answers)
    (left,) = (one.text for one in both[0].texts(1) if one.kind == REPLY)
    (first,) = (name for name, said in WORDS.items() if said in left)
    (refused,) = (words(one) for one in answers if one.status_code == 422)
    assert f"{first} has replied to this already: “{left}”" in refused.replace('"', "“", 1).replace('"', "”", 1)


def test_of_two_who_take_it_one_has_it_and_the_other_sees_who(both: tuple[Pages, Pages], now: datetime) -> None:
    forms = [pages.token("/replies") for pages in both]
    taken = [
        lambda pages=pages, form=form: pages.client.post("/replies/1/claim", data={"form": form, "back": "/replies"})
        for pages, form in zip(both, forms, strict=True)
    ]
    assert [303, 303] == [one.status_code for one in at_once(*taken)]
    with reading(both[0].engine) as session:
        claim = current_claim(session, TaskRef(TaskKind.REPLY, 1), now=now)
    assert claim is not None
    for pages in both:
        assert f"{claim.by.removeprefix('staff:')} is on it." in pages.read("/replies")
