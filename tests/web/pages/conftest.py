"""A clinic's staff page over a real database, and somebody who signs in and fills in its forms."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine

from notifier.access import passwords
from notifier.access.manage_accounts import add_staff
from notifier.access.second_factor import SecondFactorRule
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.db.outbox import messages_of
from notifier.db.tables import Message
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.enroll import Enrolled, enroll
from notifier.enrollments.requests import EnrollRequest
from notifier.web.app import create_app
from notifier.web.context import WebContext
from notifier.web.countings import Countings
from notifier.web.error_pages import to_staff
from notifier.web.pages.routes import staff_router
from schedules.catalogue import shipped
from schedules.wording import Voice
from tests.setups.fakes import FakeClock
from tests.setups.keys import KEYS

HERE = "http://127.0.0.1"
PASSWORD = "four words of mine"
ANA = "+12125550123"
DEFAULT = "microneedling"
RULES = PlanningRules(Voice("Lakeside Skin", "(978) 555-0142"), "America/New_York", must_be_approved=False)


@dataclass
class Pages:
    """Somebody at a browser."""

    engine: Engine
    clock: FakeClock
    context: WebContext
    client: TestClient

    def sign_in(self, name: str = "Dana", password: str = PASSWORD, **more: str) -> httpx2.Response:
        return self.client.post("/sign-in", data={"name": name, "password": password, **more})

    def has_cookie(self, token: str) -> None:
        """Somebody came by this token."""
        self.client.cookies.clear()
        self.client.cookies.set("notifier", token)

    def get(self, path: str) -> httpx2.Response:
        return self.client.get(path)

    def read(self, path: str) -> str:
        """A page as its reader sees it: words without tags."""
        return words(self.get(path))

    def post(self, path: str, *, on: str = "/enroll", **fields: str) -> httpx2.Response:
        """Send a form of the page `on`, with that page's tokens."""
        return self.client.post(path, data={"form": self.token(on), **fields})

    def token(self, on: str = "/enroll", field: str = "form") -> str:
        found = re.search(rf'name="{field}" value="([^"]+)"', self.get(on).text)
        assert found is not None
        return found[1]

    def account(self, name: str = "Dana", *, admin: bool = False) -> None:
        with writing(self.engine) as session:
            add_staff(session, name, PASSWORD, admin=admin, now=self.clock.now(), by="test")

    def enroll(self, **values: Any) -> Enrolled:
        """Enroll Ana, treated now."""
        now = self.clock.now()
        asked = {"name": "Ana Ruiz", "phone": ANA, "protocol": DEFAULT, "consent": "Signed form", **values}
        if "appointment_at" not in asked:
            asked.setdefault("treated_at", now)
        with writing(self.engine) as session:
            request = EnrollRequest(**asked)
            return enroll(session, request, protocols=shipped(), rules=self.context.rules, now=now, by="staff:Dana")

    def says(self, text: str, phone: str = ANA) -> None:
        """The patient writes."""
        with writing(self.engine) as session:
            now = self.clock.now()
            receive(session, InboundText(f"SM{abs(hash(text)):x}"[:30], phone, text, now), now)

    def texts(self, enrollment: int) -> list[Message]:
        with reading(self.engine) as session:
            return messages_of(session, enrollment)


def words(response: httpx2.Response) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.text)).split())


FORM = {
    "name": "Ana Ruiz",
    "phone": "(212) 555-0123",
    "protocol": DEFAULT,
    "when": "treated",
    "treated_at": "2026-03-06T14:00",
    "timezone": "America/New_York",
    "language": "en",
    "consent": "Signed form",
}


@contextmanager
def open_pages(engine: Engine, now: datetime, **settings: Any) -> Iterator[Pages]:
    """A desk whose browser has not signed in yet. A password is enough, unless said: other tests are about the rest."""
    clock = FakeClock(now)
    settings = {"second_factor": SecondFactorRule.OFF, **settings}
    settings = {"countings": Countings(wait=30), **settings}
    surroundings = WebContext(engine, clock, RULES, shipped(), KEYS, **settings)
    routers = [staff_router(surroundings)]
    app = create_app(engine, clock, routers=routers, error_page=to_staff(surroundings))
    with TestClient(app, client=("127.0.0.1", 50000), base_url=HERE, follow_redirects=False) as client:
        yield Pages(engine, clock, surroundings, client)


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken_passwords(monkeypatch)


def quicken_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the least work: what it costs is not what these tests are about."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr(passwords, "_argon2", lambda: quick)
    passwords._nobodys.cache_clear()


@pytest.fixture
def stranger(sqlite_engine: Engine, now: datetime) -> Iterator[Pages]:
    """A browser before a sign-in; no account exists."""
    with open_pages(sqlite_engine, now) as pages:
        yield pages


@pytest.fixture
def pages(stranger: Pages) -> Pages:
    """Dana (not an admin) has signed in, on a Friday at 14:10."""
    stranger.account()
    assert stranger.sign_in().status_code == 303
    return stranger


@pytest.fixture
def admin(stranger: Pages) -> Pages:
    """Dr. Sol has signed in, who may approve."""
    stranger.account("Dr. Sol", admin=True)
    assert stranger.sign_in("Dr. Sol").status_code == 303
    return stranger


@pytest.fixture
def at_three(now: datetime) -> datetime:
    """15:00 that Friday in New York."""
    return datetime(2026, 3, 6, 20, 0, tzinfo=UTC)


@pytest.fixture
def strict(pages: Pages) -> Pages:
    """The same desk where texts go to real phones, so that a clinician must approve."""
    object.__setattr__(pages.context, "rules", replace(pages.context.rules, must_be_approved=True))
    return pages


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium. Not for longer than a module: its event loop would be in the way of asynchronous tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()
