"""Answering, deciding and looking after people, in Chromium: a second click does nothing, and every page fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Route, expect

from notifier.domain.kinds import REPLY
from tests.web.pages.browsing import Visitor, in_a_browser, visiting
from tests.web.pages.conftest import Pages
from tests.web.pages.test_protocols import publish_ten_days_of_no_sun, were_told_otherwise
from tests.web.pages.test_today import S, move

pytestmark = in_a_browser
WEEK = "/protocols/microneedling-week"
PAGES = ["/accounts", "/api-keys", "/audit-log", "/account", "/protocols/microneedling-24h/approve/es", "/"]
PAGES += [
    f"{WEEK}/effect",
    f"{WEEK}/correction",
    "/webhooks",
    "/patients/1",
    "/patients/1/evidence",
    "/patients/1/data",
]

_NOTIFICATION = """
    window.shown = [];
    window.Notification = class { static permission = "granted"; constructor(...all) { shown.push(all); } };
"""


@pytest.fixture
def visitor(admin: Pages, browser: Browser) -> Iterator[Visitor]:
    """Dr. Sol, an admin, has signed in."""
    with visiting(admin, browser, "Dr. Sol") as visitor:
        yield visitor


def test_an_answer_goes_from_today_to_the_patient_once(visitor: Visitor) -> None:
    page, pages = visitor.page, visitor.pages
    pages.enroll()
    pages.says("when can I stop icing?")
    visitor.go("/")
    page.get_by_role("link", name="Reply to Ana Ruiz").click()
    page.get_by_label("Reply", exact=True).fill("After two days.")
    page.get_by_role("button", name="Look at it, then send").click()
    expect(page.locator(".to-send .bubble")).to_have_text("Lakeside Skin: After two days.")
    page.get_by_role("button", name="Send it").dblclick()
    page.wait_for_url("**/patients/1#replied")
    expect(page.locator("#replied")).to_be_visible()
    assert ["Lakeside Skin: After two days."] == [one.text for one in pages.texts(1) if one.kind == REPLY]
    assert [] == [address for address in visitor.asked if "555" in address or "icing" in address]


def test_the_first_text_is_seen_to_arrive_without_a_reload(visitor: Visitor) -> None:
    page, pages = visitor.page, visitor.pages
    object.__setattr__(pages.context, "rules", replace(pages.context.rules, first_text=True))
    pages.enroll()
    visitor.go("/patients/1?form=x#enrolled")
    expect(page.locator("#first-text")).to_contain_text("It is about to leave.")
    move(pages, next(one for one in pages.texts(1) if one.step == "first-text"), S.ATTEMPTING, S.ACCEPTED, S.DELIVERED)
    expect(page.locator("#first-text")).to_contain_text("It arrived at 2:10 PM.")
    assert [] == visitor.axe()
    assert [] == visitor.complaints


def test_an_admins_pages_stand_in_two_even_lines_on_a_phone(visitor: Visitor) -> None:
    """People is not left alone on a line, and each is wide and high enough for a thumb."""
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.go("/")
    boxes = visitor.page.locator(".top nav a").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    assert {4} == {sum(box["y"] == line for box in boxes) for line in {box["y"] for box in boxes}}
    assert [] == [box for box in boxes if box["height"] < 44 or box["width"] < 80]


def test_on_a_phone_the_picture_of_a_recovery_begins_with_today(visitor: Visitor) -> None:
    visitor.pages.enroll(treated_at=visitor.pages.clock.now() - timedelta(days=4))
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.go("/patients/1")
    assert visitor.page.evaluate("document.querySelector('.picture').scrollLeft") > 0


def test_a_stop_is_seen_on_the_patients_page_and_leaves_nothing_to_press(visitor: Visitor) -> None:
    visitor.pages.enroll()
    visitor.pages.says("no más por favor")
    visitor.go("/patients/1")
    expect(visitor.page.locator("#reply")).to_contain_text("call")
    expect(visitor.page.locator("main")).to_contain_text("no más por favor")
    assert {"suppressed"} == {row.state.value for row in visitor.pages.texts(1)}
    assert 0 == visitor.page.get_by_role("button", name="Send").count()


def test_a_text_in_doubt_is_decided_on_today_with_one_press(visitor: Visitor) -> None:
    pages = visitor.pages
    text = pages.texts(pages.enroll().enrollment)[0]
    move(pages, text, S.ATTEMPTING, S.NEEDS_REVIEW)
    visitor.go("/")
    visitor.page.get_by_role("button", name="It was not: Ana Ruiz").click()
    expect(visitor.page.get_by_text("Did it leave?")).to_have_count(0)
    assert S.PLANNED is pages.texts(1)[0].state


def test_a_password_is_shown_once_and_a_double_click_adds_one_account(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/accounts")
    page.get_by_label("Name to sign in with").fill("Eve")
    page.get_by_role("button", name="Add, and show the password").dblclick()
    expect(page.get_by_role("heading", name="The password of Eve")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.locator(".rows strong", has_text="Eve")).to_have_count(1)


@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_of_an_admin_fits_and_axe_finds_nothing(visitor: Visitor, width: int) -> None:
    visitor.pages.account("Somebody With-A-Long-Name")
    visitor.pages.enroll(protocol="microneedling-week")
    publish_ten_days_of_no_sun(visitor.pages)
    sure = visitor.pages.token(f"{WEEK}/effect", "sure")
    visitor.pages.post(f"{WEEK}/migrate", on=f"{WEEK}/effect", sure=sure, whom="all")
    were_told_otherwise(visitor.pages)
    visitor.page.set_default_timeout(30_000)  # the check behind an approval takes its time
    visitor.page.set_viewport_size({"width": width, "height": 800})
    found = []
    for path in PAGES:
        visitor.go(path)
        assert visitor.page.get_by_role("heading", name="Not done").count() == 0
        visitor.page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
        found += [f"{path}: {said}" for said in visitor.axe()]
        found += [f"{path}: {visitor.width} px wide"] if visitor.width > width else []
    assert ([], []) == (found, visitor.complaints)


def test_what_comes_is_seen_without_a_reload_and_moves_nothing_under_a_hand(visitor: Visitor) -> None:
    page, pages = visitor.page, visitor.pages
    pages.enroll()
    page.context.grant_permissions(["notifications"])
    page.add_init_script(_NOTIFICATION)
    pages.context.watch.every = 0.1
    visitor.go("/")
    page.get_by_role("button", name="Ring for urgent words").click()
    page.mouse.move(5, 5)
    pages.says("when can I stop icing?")
    pages.clock.pass_(seconds=2)
    expect(page.locator("#needs-a-person")).to_contain_text("when can I stop icing?")
    expect(page).to_have_title("(1) Today · Lakeside Skin")
    assert [] == page.evaluate("shown")
    page.get_by_role("button", name="I take it").focus()
    pages.says("I have trouble breathing")
    pages.clock.pass_(seconds=2)
    expect(page.get_by_role("button", name="Something has changed: show it")).to_be_visible()
    expect(page).to_have_title("(2) URGENT · Today · Lakeside Skin")
    assert "trouble breathing" not in page.locator("#needs-a-person").inner_text()
    assert [["Urgent words have come", {"body": "Look at Today.", "tag": "urgent", "requireInteraction": True}]] == (
        page.evaluate("shown")
    )
    assert "/icon/2/urgent.svg" == page.locator("link[rel=icon]").get_attribute("href")
    page.get_by_role("button", name="Something has changed: show it").click()
    expect(page.locator("#needs-a-person .rows > .urgent")).to_contain_text("I have trouble breathing")
    assert [] == visitor.axe()
    assert [] == visitor.complaints


def test_a_page_takes_over_from_the_one_that_asks_for_all_and_has_gone_silent(visitor: Visitor) -> None:
    page, pages = visitor.page, visitor.pages
    pages.enroll()
    pages.context.watch.every = 0.1

    def hasty(route: Route) -> None:
        route.fulfill(
            response=(file := route.fetch()), body=file.text().replace("60000", "300").replace("10000", "100")
        )

    page.context.route("**/watch.js*", hasty)
    visitor.go("/")
    page.evaluate("void navigator.locks.request('desk-state', { steal: true }, () => new Promise(() => {}))")
    page.mouse.move(5, 5)
    pages.says("when can I stop icing?")
    pages.clock.pass_(seconds=2)
    expect(page.locator("#needs-a-person")).to_contain_text("when can I stop icing?")


def test_a_clinics_own_words_are_checked_as_they_are_typed(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/protocols/microneedling/words")
    text = page.locator("[id='text/today/text/en']")
    beside = page.locator("[data-said-here='text/today/text/en']")
    text.fill("{clinic}: no makeup until {makeup.untl}. {phone}. STOP to opt out.")
    expect(beside).to_contain_text("did you mean {makeup.until}?")
    text.fill("{clinic}: no makeup – until {makeup.until}. {phone}. STOP to opt out.")
    expect(beside).to_contain_text("UCS-2 because of “–”")
    expect(beside.locator(".bubble")).to_contain_text("Lakeside Skin: no makeup – until Sat Mar 7 2:00 PM.")
    page.set_viewport_size({"width": 360, "height": 800})
    assert (360, [], []) == (visitor.width, visitor.axe(), visitor.complaints)
