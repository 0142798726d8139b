"""A real browser before a real server: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from notifier.web.app import create_app
from notifier.web.error_pages import to_staff
from notifier.web.pages.routes import staff_router
from tests.web.pages.conftest import PASSWORD, Pages

CHROMIUM = shutil.which("chromium")
in_a_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"),
]
"""The marks of a module whose tests drive one."""
_BROKEN = 20_000
"""Milliseconds after which a page that does not react is broken, on a slow machine that does other things too."""


@dataclass
class Visitor:
    """Somebody who looks at the page, and what the browser complained about meanwhile."""

    page: Page
    pages: Pages
    home: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Every address that the browser asked for."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(_BROKEN)
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def go(self, path: str) -> None:
        self.page.goto(f"{self.home}{path}")

    def sign_in(self, name: str = "Dana") -> None:
        self.go("/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("header.top")

    def preview(self, holds: str) -> None:
        """Wait until the preview says this."""
        self.page.locator("#preview .bubble").filter(has_text=holds).first.wait_for()

    def axe(self) -> list[str]:
        """What axe finds wrong with this page for people who see, hear or move differently."""
        self.page.wait_for_load_state()  # without its style sheets a page has other colors
        found: dict[str, Any] = Axe().run(self.page).response
        return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]

    @property
    def width(self) -> int:
        """How wide the page wants to be."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of a running server; it ends with the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # whoever calls before the server runs waits for it
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def visiting(pages: Pages, browser: Browser, name: str = "Dana") -> Iterator[Visitor]:
    """Somebody has signed in at this desk, at 1280 pixels."""
    routers, error_page = [staff_router(pages.context)], to_staff(pages.context)
    app = create_app(pages.engine, pages.clock, routers=routers, error_page=error_page)
    with served(app) as home, browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        visitor = Visitor(context.new_page(), pages, home)
        visitor.sign_in(name)
        yield visitor
