"""The staff page as staff use it: in Chromium, with a mouse or without, on a phone or at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from notifier.access.accounts import account_called
from notifier.access.second_factor import SecondFactorRule
from notifier.db.engine import writing
from tests.web.pages.browsing import Visitor, in_a_browser, visiting
from tests.web.pages.conftest import PASSWORD, Pages
from tests.web.pages.test_today import S, move

pytestmark = in_a_browser
PAGES = [
    "/",
    "/enroll",
    "/patients/1",
    "/patients/2",
    "/texts/1",
    "/texts/day-0",
    "/tasks",
    "/replies",
    "/overdue",
    "/account",
    "/protocols/compare?a=microneedling&b=microneedling-week",
    "/protocols",
    "/protocols/microneedling-regimen",
]


@pytest.fixture
def visitor(pages: Pages, browser: Browser) -> Iterator[Visitor]:
    """Dana has signed in."""
    with visiting(pages, browser) as visitor:
        yield visitor


def test_a_patient_is_enrolled_in_nine_steps_and_gets_what_was_shown(visitor: Visitor) -> None:
    """Name, mobile, protocol, an answer, consent, Enroll: a person needs some twenty seconds for that."""
    page = visitor.page
    visitor.go("/enroll")
    page.get_by_role("textbox", name="Name", exact=True).fill("Ana Ruiz")
    page.get_by_role("textbox", name="Mobile", exact=True).fill("(212) 555-0123")
    page.get_by_label("Protocol").select_option("microneedling-regimen")
    page.get_by_role("group", name="Does the patient shave").get_by_label("yes", exact=True).check()
    page.get_by_label("Signed form").check()
    visitor.preview("you may shave")
    expect(page.locator("#note-phone")).to_have_text("+1 212 555 0123")
    shown = page.locator("#preview .text:not(.in-person)").evaluate_all(
        "all => all.map(one => [one.querySelector('time').dateTime, one.querySelector('.bubble').textContent])"
    )
    page.get_by_role("button", name="Enroll", exact=True).click()
    page.wait_for_url("**/patients/1?form=*#enrolled")
    expect(page.locator("#enrolled")).to_be_visible()
    planned = [[row.due_at.isoformat(), row.text] for row in visitor.pages.texts(1) if row.due_at]
    assert sorted(shown) == sorted(planned)
    assert [] == visitor.complaints


def test_it_works_without_a_mouse(visitor: Visitor) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    visitor.go("/enroll")
    page.get_by_role("textbox", name="Name", exact=True).focus()
    keys.type("Ana Ruiz")
    keys.press("Tab")
    keys.type("2125550123")
    keys.press("Tab")  # protocol
    keys.press("Tab")  # treatment
    keys.press("Tab")  # zone
    keys.press("Tab")  # language
    keys.press("ArrowDown")
    keys.press("Tab")  # consent
    keys.press("Space")
    visitor.preview("no use maquillaje")
    keys.press("Enter")
    page.wait_for_url("**/patients/1?form=*#enrolled")
    assert "no use maquillaje" in visitor.pages.texts(1)[0].text


def test_a_double_click_and_the_back_button_enroll_once(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/enroll")
    page.get_by_role("textbox", name="Name", exact=True).fill("Ana Ruiz")
    page.get_by_role("textbox", name="Mobile", exact=True).fill("2125550123")
    page.get_by_label("Signed form").check()
    page.get_by_role("button", name="Enroll", exact=True).dblclick()
    page.wait_for_url("**/patients/1?form=*#enrolled")
    page.go_back()
    page.get_by_role("textbox", name="Name", exact=True).wait_for()
    if page.get_by_role("textbox", name="Name", exact=True).input_value() == "Ana Ruiz":
        page.get_by_role("button", name="Enroll", exact=True).click()
        page.wait_for_url("**/patients/1?form=*#enrolled")
    page.reload()
    assert [] == visitor.pages.texts(2)


def has_a_second_factor(pages: Pages) -> pyotp.TOTP:
    """Dana has set one up; her app."""
    object.__setattr__(pages.context, "second_factor", SecondFactorRule.ADMINS)
    with writing(pages.engine) as session:
        staff = account_called(session, "Dana")
        assert staff is not None
        staff.otp_secret = pyotp.random_base32()
        return pyotp.TOTP(staff.otp_secret)


def test_a_locked_form_is_still_filled_in_after_the_password_and_the_code_that_is_due(visitor: Visitor) -> None:
    page, pages = visitor.page, visitor.pages
    visitor.go("/enroll")
    page.get_by_role("textbox", name="Name", exact=True).fill("Ana Ruiz")
    pages.clock.pass_(minutes=16)
    page.get_by_role("textbox", name="Mobile", exact=True).fill("2125550123")
    lock = page.get_by_role("dialog")
    lock.wait_for()
    assert [] == visitor.axe()
    lock.get_by_label("Password").fill("not it at all")
    page.keyboard.press("Enter")
    lock.get_by_text("do not belong together").wait_for()
    lock.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    lock.wait_for(state="hidden")
    app = has_a_second_factor(pages)
    page.get_by_role("textbox", name="Name", exact=True).fill("Ana Cruz")
    pages.clock.pass_(hours=12)
    page.get_by_role("textbox", name="Mobile", exact=True).fill("2125550124")
    lock.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    for code, said in (("000000", "wrong"), (app.at(pages.clock.now()), "")):
        lock.get_by_label("Code").fill(code)
        page.keyboard.press("Enter")
        if said:
            lock.get_by_text(said).wait_for()
    lock.wait_for(state="hidden")
    assert "Ana Cruz" == page.get_by_role("textbox", name="Name", exact=True).input_value()
    page.get_by_label("Signed form").check()
    page.get_by_role("button", name="Enroll", exact=True).click()
    page.wait_for_url("**/patients/1?form=*#enrolled")


def test_nothing_a_patient_writes_is_executed(visitor: Visitor) -> None:
    visitor.pages.enroll()
    visitor.pages.says("<img src=x onerror=alert(1)><script>alert(2)</script>")
    dialogs: list[str] = []
    visitor.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for path in ("/", "/patients/1"):
        visitor.go(path)
        expect(visitor.page.get_by_text("<script>alert(2)</script>").first).to_be_visible()
    assert ([], []) == (dialogs, visitor.complaints)


def test_a_change_shows_its_difference_and_then_happens(visitor: Visitor) -> None:
    visitor.pages.enroll(appointment_at=visitor.pages.clock.now() + timedelta(minutes=20))
    visitor.pages.clock.pass_(minutes=10)
    page = visitor.page
    visitor.go("/")
    page.get_by_role("button", name="Ana Ruiz: treated").click()
    page.get_by_role("heading", name="Treated until").wait_for()
    page.get_by_role("button", name="Treated").click()
    expect(page.locator("#marked")).to_contain_text("Ana Ruiz: treated until")
    assert {"planned"} == {row.state.value for row in visitor.pages.texts(1)}


def not_sent(pages: Pages) -> None:
    """One text of another patient is in each list of Today."""
    texts = pages.texts(pages.enroll(name="Mia Long-Hyphenated Lang", phone="+12125550126").enrollment)
    ways = ((S.ATTEMPTING, S.NEEDS_REVIEW), (S.ATTEMPTING, S.FAILED), (S.EXPIRED,))
    for text, way in zip(texts, ways, strict=False):
        move(pages, text, *way, why="a reason that takes some words")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_every_page_fits_and_axe_finds_nothing(visitor: Visitor, width: int, scheme: str) -> None:
    pages, page = visitor.pages, visitor.page
    pages.enroll(protocol="microneedling-regimen", answers={"shaves": "yes"}, rebook_consent=True)
    pages.enroll(name="Eva Cruz", phone="+12125550124", appointment_at=pages.clock.now() + timedelta(minutes=20))
    not_sent(pages)
    pages.says("it is bleeding a lot")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found = []
    for path in PAGES:
        visitor.go(path)
        found += [f"{path}: {said}" for said in visitor.axe()]
        found += [f"{path}: {visitor.width} px wide"] if visitor.width > width else []
    assert [] == found
    assert [] == visitor.complaints
    assert {visitor.home} == {address[: len(visitor.home)] for address in visitor.asked}
