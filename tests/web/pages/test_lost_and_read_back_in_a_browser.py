"""In Chromium: a lost address has a way on, a number is read back before it changes, blanks are told apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.web.pages.browsing import Visitor, in_a_browser, visiting
from tests.web.pages.conftest import Pages

pytestmark = in_a_browser


@pytest.fixture
def visitor(admin: Pages, browser: Browser) -> Iterator[Visitor]:
    """Dr. Sol, an admin, has signed in; Ana is a patient."""
    admin.enroll()
    with visiting(admin, browser, "Dr. Sol") as visitor:
        yield visitor


def test_a_lost_address_fits_and_leads_on(visitor: Visitor) -> None:
    for width in (360, 1280):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        for path in ("/nonsense", "/patients/99999", "/patients/1/change"):
            visitor.go(path)
            assert (path, [], True) == (path, visitor.axe(), visitor.width <= width)
            visitor.page.get_by_role("link", name="Back to").first.click()
            way_on = "Ana Ruiz" if "change" in path else "Fri Mar 6"
            expect(visitor.page.get_by_role("heading", level=1)).to_have_text(way_on)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_new_number_is_read_back_and_a_wrong_one_leads_back(visitor: Visitor, width: int) -> None:
    page = visitor.page
    page.set_viewport_size({"width": width, "height": 800})
    for typed in ("978 555 01", "978 555 0188"):
        visitor.go("/patients/1")
        page.get_by_text("Change what we know").click()
        page.get_by_label("Mobile", exact=True).fill(typed)
        page.get_by_role("button", name="Show what changes").click()
        if typed == "978 555 01":
            assert ([], True) == (visitor.axe(), visitor.width <= width)
            page.get_by_role("link", name="Leave it as it is").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Ana Ruiz")
    expect(page.locator(".asked")).to_have_text("Mobile+1 212 555 0123 → +1 978 555 0188")
    assert ([], True) == (visitor.axe(), visitor.width <= width)
    page.get_by_role("button", name="Change it").click()
    expect(page.locator(".head")).to_contain_text("+1 978 555 0188")


def test_whoever_approves_sees_what_is_filled_in_and_can_look_at_what_is_written(visitor: Visitor) -> None:
    page = visitor.page
    page.set_default_timeout(30_000)  # the check behind an approval takes its time
    visitor.go("/protocols/microneedling/approve/en")
    first = page.locator(".steps .text").first
    filled = first.locator("mark.filled").filter(has_text="Sat Mar 7 2:00 PM")
    expect(filled).to_have_attribute("title", "the end of “no makeup” for the patient")
    assert "underline" in filled.evaluate("one => getComputedStyle(one).textDecorationLine")
    expect(first.get_by_text("{makeup.until}")).to_be_hidden()
    first.get_by_text("As it is written").click()
    expect(first.get_by_text("{makeup.until}")).to_be_visible()
    assert [] == visitor.complaints
