"""A week at the desk in Chromium: three people, sixty patients, a holiday, a dead number, two answers at once, and an
urgent Saturday night. What carrier and worker do comes from `tests.setups.desk_week`; what staff do is pressed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Event, Message, Reply
from notifier.domain.kinds import REPLY
from notifier.web.app import create_app
from notifier.web.error_pages import to_staff
from notifier.web.pages.routes import staff_router
from tests.setups.desk_week import (
    ASKS,
    BOOKED,
    DEAD,
    LATE,
    MISSED,
    OPENS,
    SPANISH,
    STAFF,
    URGENT,
    DeskWeek,
    february,
)  # fmt: skip
from tests.web.pages.browsing import Visitor, in_a_browser, served
from tests.web.pages.conftest import PASSWORD, Pages, open_pages

pytestmark = in_a_browser
STEPS = {
    "enroll a patient": 4,
    "mark a patient as treated": 2,
    "take a message": 1,
    "reply with a saved answer": 3,
    "reply in one's own words": 4,
    "let the texts go on": 1,
    "release after urgent words": 2,
    "pass on what one cannot read": 1,
    "tell two in person": 2,
    "find a patient by the last digits": 2,
}
"""The ten things that staff do most, and how often a hand moves: a click, a choice, a field, a key that sends."""


@dataclass
class Person(Visitor):
    """Somebody of the staff at a browser of their own; counts what the hands do."""

    name: str = ""
    steps: Counter[str] = field(default_factory=Counter)
    doing: str = ""

    def comes(self, path: str = "/") -> None:
        """Signs in anew, as after every quarter of an hour away."""
        signed = self.page.context.request.post(
            f"{self.home}/sign-in", form={"name": self.name, "password": PASSWORD}, max_redirects=0
        )
        assert signed.status == 303
        self.go(path)

    def leaves(self) -> None:
        self.page.goto("about:blank")

    def press(self, what: Locator) -> None:
        self.steps[self.doing] += 1
        what.click()

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("button", name=name, exact=True).first)

    def types(self, label: str, words: str) -> None:
        self.steps[self.doing] += 1
        self.page.get_by_role("textbox", name=label, exact=True).fill(words)

    def enters(self) -> None:
        self.steps[self.doing] += 1
        self.page.keyboard.press("Enter")


@dataclass
class Desk:
    """The three, and the street."""

    week: DeskWeek
    dana: Person
    luz: Person
    kim: Person

    @property
    def pages(self) -> Pages:
        pages = self.week.pages
        assert isinstance(pages, Pages)
        return pages

    @property
    def people(self) -> tuple[Person, ...]:
        return (self.dana, self.luz, self.kim)


@pytest.fixture
def desk(sqlite_engine: Engine, browser: Browser) -> Iterator[Desk]:
    with ExitStack() as open_ones:
        pages = open_ones.enter_context(open_pages(sqlite_engine, OPENS))
        week = DeskWeek(pages)
        week.begin()
        routers, error_page = [staff_router(pages.context)], to_staff(pages.context)
        app = create_app(pages.engine, pages.clock, routers=routers, error_page=error_page)
        home = open_ones.enter_context(served(app))
        people = {}
        for name in STAFF:
            size = {"width": 1280, "height": 900}
            runs = name != "Kim"  # whose browser runs no JavaScript
            context = open_ones.enter_context(browser.new_context(viewport=size, java_script_enabled=runs))  # type: ignore[arg-type]  # two numbers
            people[name.lower()] = Person(context.new_page(), pages, home, name=name)
        yield Desk(week, **people)


def test_nothing_of_a_week_is_forgotten_or_said_twice(desk: Desk) -> None:
    _thursday(desk)
    _friday(desk)
    _saturday_night(desk)
    _tuesday_after_the_holiday(desk)
    steps = sum((one.steps for one in desk.people), Counter())
    del steps[""]
    complaints = [said for one in desk.people for said in one.complaints if "422" not in said]  # what was refused
    assert (STEPS, []) == (dict(steps), complaints)
    with reading(desk.pages.engine) as session:
        closed = session.execute(select(col(Reply.closed_by), col(Reply.decision)).order_by(col(Reply.id))).all()
        by = set(session.scalars(select(col(Event.by)).where(col(Event.by).like("staff:%"))))
        wrong = select(col(Message.id)).where(
            col(Message.kind) == "lift", col(Message.left_at) < col(Message.not_before)
        )
        assert [] == session.scalars(wrong).all()
    assert [("staff:Luz", "go-on"), ("staff:Luz", "go-on"), ("staff:Luz", "go-on")] == [tuple(one) for one in closed]
    assert {f"staff:{name}" for name in STAFF} == by


def _thursday(desk: Desk) -> None:
    """Dana enrolls the sixtieth patient; the texts of the others leave, and one number is dead."""
    dana = desk.dana
    dana.comes("/enroll")
    dana.doing = "enroll a patient"
    dana.types("Name", "Ana Ruiz")
    dana.types("Mobile", "(212) 555-0123")
    dana.press(dana.page.get_by_label("Signed form"))
    dana.preview("no makeup")
    dana.button("Enroll")
    dana.page.wait_for_url("**/patients/60?form=*#enrolled")
    dana.leaves()


def _friday(desk: Desk) -> None:
    """A visit is marked; one question, two people who would answer it."""
    week, dana, luz, kim = desk.week, desk.dana, desk.luz, desk.kim
    week.pass_until(february(13, 10, 40), dead=DEAD)
    kim.comes()
    kim.doing = "mark a patient as treated"
    kim.button("Bo Diaz: treated")
    kim.button("Treated")
    kim.page.wait_for_url(re.compile(rf"/\?marked=treated-{week.enrollment(BOOKED)}#"))
    week.writes(ASKS, "can I wear makeup today?")
    dana.comes()
    luz.comes()
    dana.doing, luz.doing = "reply with a saved answer", "reply in one's own words"
    dana.press(dana.page.get_by_role("link", name="Reply to Mia Stone"))
    _in_view_together(dana, "can I wear makeup today?")
    luz.press(luz.page.get_by_role("link", name="Reply to Mia Stone"))
    dana.button("Makeup?")
    expect(dana.page.locator(".to-send .bubble")).to_contain_text("No makeup until Fri Feb 13 noon.")
    luz.types("Reply", "Yes, go ahead.")
    luz.button("Look at it, then send")
    dana.button("Send it")
    dana.page.wait_for_url("**#replied")
    luz.button("Send it")  # the opposite; seen by neither yet
    expect(luz.page.get_by_role("alert")).to_contain_text("Dana has replied to this already")
    assert 1 == len(_replies(desk, ASKS))
    luz.go("/")
    luz.doing = "let the texts go on"
    luz.press(luz.page.get_by_role("button", name=re.compile("^Texts go on.*Mia Stone")))
    expect(luz.page.get_by_text("can I wear makeup today?")).to_have_count(0)
    for one in desk.people:
        one.leaves()


def _saturday_night(desk: Desk) -> None:
    """Urgent words reach a page that is open, by themselves, and are the first thing on it."""
    week, luz = desk.week, desk.luz
    week.pass_until(february(14, 23, 40), dead=DEAD)
    luz.comes()
    week.writes(URGENT, "my face is swelling and I have trouble breathing")
    week.pass_until(february(14, 23, 41), dead=DEAD)  # what a page asked for is a second old at most
    row = luz.page.locator(".urgent", has_text="trouble breathing").first
    row.wait_for()
    assert re.match(r"\(\d+\) URGENT", luz.page.title())
    assert f"tel:{week.phone(URGENT)}" in luz.page.content()
    assert [] == luz.axe()
    week.pass_until(february(14, 23, 45), dead=DEAD)
    luz.doing = "take a message"
    luz.button("I take it")
    expect(luz.page.get_by_text("Luz is on it").first).to_be_visible()
    luz.doing = "release after urgent words"
    luz.button("Texts go on: Zoe Park")
    luz.button("I have read it: texts go on")
    expect(luz.page.get_by_text("trouble breathing")).to_have_count(0)
    luz.leaves()


def _tuesday_after_the_holiday(desk: Desk) -> None:
    """Nobody was there since; everything of those days still stands, a row for each patient."""
    week, dana, luz, kim = desk.week, desk.dana, desk.luz, desk.kim
    week.pass_until(february(16, 11), dead=DEAD, late=LATE)
    week.writes(SPANISH, "¿ya puedo usar maquillaje?")
    week.pass_until(february(17, 9), dead=DEAD, late=LATE)
    dana.comes()
    needs = dana.page.locator("section", has=dana.page.get_by_role("heading", name="Needs a person"))
    for name in ("Eva Cruz", "Inés Vega", "Una Frey"):
        expect(needs.get_by_role("link", name=name, exact=True).first).to_be_visible()
    assert [] == dana.axe()
    dana.page.set_viewport_size({"width": 640, "height": 450})  # the same window at 200 %
    assert dana.width <= 640
    dana.page.set_viewport_size({"width": 1280, "height": 900})
    dana.doing = "pass on what one cannot read"
    dana.press(dana.page.get_by_role("button", name="I cannot read this: Inés Vega"))
    luz.comes()
    expect(luz.page.get_by_text("for you")).to_be_visible()
    luz.doing = ""
    luz.press(luz.page.get_by_role("button", name=re.compile("^Texts go on.*Inés Vega")))
    dana.doing = "find a patient by the last digits"
    dana.press(dana.page.get_by_role("searchbox").or_(dana.page.locator("#find")))
    dana.page.keyboard.type(week.phone(MISSED)[-4:])
    dana.enters()
    dana.page.get_by_role("heading", name="Kay Lund").wait_for()
    kim.comes("/tasks?older=1")
    kim.doing = ""
    kim.press(kim.page.get_by_role("button", name="No-show: Kay Lund"))
    kim.press(kim.page.get_by_role("button", name="No-show", exact=True))
    expect(kim.page.get_by_role("button", name="Undo: Kay Lund did not come")).to_be_in_viewport()
    dana.go("/tasks")
    dana.doing = "tell two in person"
    for name in ("Eva Cruz", "Una Frey"):  # three texts of one, two of the other
        dana.button(f"Told in person: {name}")
    dana.go("/")
    expect(dana.page.get_by_text("Nothing. Every reply is closed and every text found its way.")).to_be_visible()


def _in_view_together(person: Person, words: str) -> None:
    """Whoever answers sees the words and the box at once, on a phone too."""
    person.page.set_viewport_size({"width": 360, "height": 640})
    person.page.evaluate("document.querySelector('#reply').scrollIntoView()")
    for shown in (person.page.get_by_text(words).last, person.page.get_by_role("textbox", name="Reply")):
        expect(shown).to_be_in_viewport()
    assert person.width <= 360
    person.page.set_viewport_size({"width": 1280, "height": 900})


def _replies(desk: Desk, number: int) -> list[str]:
    with reading(desk.pages.engine) as session:
        of_patient = col(Message.enrollment_id) == desk.week.enrollment(number)
        return list(session.scalars(select(col(Message.text)).where(of_patient, col(Message.kind) == REPLY)))
