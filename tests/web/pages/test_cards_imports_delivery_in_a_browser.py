"""The card on paper, an import that is watched, and the delivery page, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from notifier.enrollments.importing.import_rows import import_rows
from notifier.web.app import create_app
from notifier.web.pages.patients import imports
from notifier.web.pages.routes import staff_router
from notifier.web.uploads import LARGEST
from tests.web.pages.browsing import Visitor, in_a_browser, served, visiting
from tests.web.pages.conftest import Pages

pytestmark = in_a_browser
HEADER = "external_id,name,phone,protocol,treated_at,consent"
GOOD = "A-1,Ana Ruiz,+12125550123,microneedling,2026-03-06T13:00,signed form"
BAD = "A-2,Jo Sun,12,microneedling,2026-03-06T13:30,signed form"


@pytest.fixture
def visitor(pages: Pages, browser: Browser) -> Iterator[Visitor]:
    """Dana has signed in."""
    with visiting(pages, browser) as visitor:
        yield visitor


def choose(visitor: Visitor, *rows: str) -> None:
    data = "\n".join((HEADER, *rows)).encode()
    visitor.page.set_input_files("#file", {"name": "patients.csv", "mimeType": "text/csv", "buffer": data})


def test_every_protocols_card_is_one_sheet_of_paper(visitor: Visitor) -> None:
    answers = {question: "yes" for one in visitor.pages.context.protocols.values() for question in one.questions}
    for number, (key, protocol) in enumerate(visitor.pages.context.protocols.items()):
        said = {
            question: "yes"
            if "yes" in protocol.questions[question].answers
            else protocol.questions[question].answers[0]
            for question in answers
            if question in protocol.questions
        }
        whose = visitor.pages.enroll(
            name=f"Ana {chr(65 + number)}y",
            phone=f"+1212555{number:04d}",
            protocol=key,
            answers=said,
            rebook_consent=True,
        ).enrollment
        visitor.go(f"/patients/{whose}/card")
        for paper in ("A5", "A4", "Letter"):
            sheets = re.findall(rb"/Type\s*/Page\b", visitor.page.pdf(format=paper))
            assert (key, paper, 1) == (key, paper, len(sheets))


def test_on_paper_there_is_the_card_and_nothing_else(visitor: Visitor) -> None:
    visitor.pages.enroll()
    visitor.go("/patients/1/card")
    expect(visitor.page.get_by_role("button", name="Print")).to_be_visible()
    visitor.page.emulate_media(media="print")
    expect(visitor.page.locator(".sheet")).to_be_visible()
    for gone in ("header.top", ".off-paper"):
        expect(visitor.page.locator(gone)).to_be_hidden()


def test_an_import_is_watched_and_then_there_without_a_click(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    page, go_on = visitor.page, Event()

    def slowly(*given: Any, **named: Any) -> Any:
        named["progress"]("checked", 500, 1000)
        assert go_on.wait(20)
        return import_rows(*given, **named)

    monkeypatch.setattr(imports, "import_rows", slowly)
    visitor.go("/import")
    choose(visitor, GOOD)
    page.get_by_role("button", name="Check the file").press("Enter")
    page.get_by_text("500 of 1,000 rows checked").wait_for()
    assert [] == visitor.axe()
    go_on.set()
    page.get_by_role("button", name="Import 1 row").press("Enter")
    page.get_by_role("heading", name="1 row imported").wait_for()
    assert [] == visitor.complaints


def test_without_javascript_it_is_watched_too(pages: Pages, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()

    def slowly(*given: Any, **named: Any) -> Any:
        assert go_on.wait(20)
        return import_rows(*given, **named)

    monkeypatch.setattr(imports, "import_rows", slowly)
    app = create_app(pages.engine, pages.clock, routers=[staff_router(pages.context)])
    with served(app) as home, browser.new_context(java_script_enabled=False) as context:
        visitor = Visitor(context.new_page(), pages, home)
        visitor.sign_in()
        visitor.go("/import")
        choose(visitor, GOOD)
        visitor.page.get_by_role("button", name="Check the file").click()
        visitor.page.get_by_text("Reading the file").wait_for()
        go_on.set()
        visitor.page.get_by_role("button", name="Import 1 row").wait_for()


def test_too_large_a_file_is_said_before_it_is_sent_and_after(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/import")
    # In the page: Playwright would carry ten mebibytes through its own pipe.
    fill = """size => {
        const held = new DataTransfer();
        held.items.add(new File(["x".repeat(size)], "patients.csv"));
        const field = document.querySelector("#file");
        field.files = held.files;
        field.dispatchEvent(new Event("change"));
    }"""
    page.evaluate(fill, LARGEST + 200_000)
    expect(page.locator("#file-note")).to_have_text("This file has more than 10 MiB. Split it into smaller ones.")
    page.get_by_role("button", name="Check the file").click()
    expect(page).to_have_url(f"{visitor.home}/import")
    page.evaluate("document.querySelector('#file').form.submit()")
    page.get_by_text("The file has more than 10 MiB.").wait_for()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_every_page_fits_and_axe_finds_nothing(visitor: Visitor, width: int, scheme: str) -> None:
    pages, page = visitor.pages, visitor.page
    pages.enroll(protocol="microneedling-regimen", language="es")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found: list[str] = []

    def look(name: str) -> None:
        found.extend(f"{name}: {said}" for said in visitor.axe())
        found.extend([f"{name}: {visitor.width} px wide"] if visitor.width > width else [])

    for path in ("/patients/1/card", "/delivery", "/delivery?days=30", "/import"):
        visitor.go(path)
        look(path)
    choose(visitor, GOOD, BAD)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import the 1 good row").wait_for()
    look("checked")
    page.get_by_role("button", name="Import the 1 good row").click()
    page.get_by_role("heading", name="1 row imported").wait_for()
    look("imported")
    assert [] == found
    assert [] == visitor.complaints
    assert {visitor.home} == {address[: len(visitor.home)] for address in visitor.asked}
