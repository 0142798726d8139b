"""A clinic of two offices, with every router that the program serves, and people and keys of either."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from sqlalchemy import Engine

from notifier.access import passwords
from notifier.access.accounts import Source
from notifier.access.api_keys import add_key
from notifier.access.manage_accounts import add_staff
from notifier.access.sessions import open_session
from notifier.bootstrap.planning import planning_rules
from notifier.bootstrap.run_web import build_app
from notifier.bootstrap.sending import answer_rules
from notifier.config.settings import Settings
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import open_engine, reading, writing
from notifier.db.outbox import messages_of
from notifier.db.tables import Scope
from notifier.enrollments.enroll import enroll
from notifier.enrollments.requests import EnrollRequest
from notifier.subscriptions.endpoints import add_endpoint
from notifier.subscriptions.happenings import Happening
from notifier.web import cookies
from schedules.catalogue import shipped
from tests.setups.fakes import FakeClock
from tests.web.conftest import ACCOUNT_SID, PUBLIC_URL, TOKEN

HERE: Final = "http://127.0.0.1"
NORTH, SOUTH = "north", "south"
OFFICES_FILE: Final = """
[north]
name = "Lakeside North"
phone = "978 555 0110"
timezone = "America/New_York"
sender = "+19785550111"

[south]
name = "Harborview South"
phone = "480 555 0120"
timezone = "America/Phoenix"
sender = "+14805550112"
"""
SENDERS: Final = {NORTH: "+19785550111", SOUTH: "+14805550112"}


@dataclass
class Clinic:
    """The application, who may ask it, and what may be asked for."""

    engine: Engine
    file: Path
    clock: FakeClock
    app: FastAPI
    client: TestClient
    settings: Settings
    sessions: dict[str, str] = field(default_factory=dict)
    """Tokens of those who are signed in, by name."""
    keys: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By office, what fills an address: the numbers of its patient, text, reply, person and key."""

    def account(self, name: str, *, admin: bool = False, office: str | None = None) -> int:
        """Somebody who is signed in."""
        now = self.clock.now()
        with writing(self.engine) as session:
            offices = [office] if office else []
            number = add_staff(
                session, name, "four words of mine", admin=admin, offices=offices, now=now, by="test"
            )  # fmt: skip
            self.sessions[name] = open_session(session, number, Source(), now=now, second_factor_at=now)
        return number

    def key(self, name: str, *scopes: Scope, office: str | None = None) -> None:
        with writing(self.engine) as session:
            now = self.clock.now()
            self.keys[name] = add_key(session, name, scopes or tuple(Scope), office=office, now=now, by="test")

    def enroll(self, office: str, **values: Any) -> int:
        """A patient of that office, treated now."""
        now, rules = self.clock.now(), planning_rules(self.settings)
        asked = {"protocol": "microneedling", "consent": "Signed form", "treated_at": now, "office": office, **values}
        with writing(self.engine) as session:
            rules = replace(rules, must_be_approved=False)
            done = enroll(session, EnrollRequest(**asked), protocols=shipped(), rules=rules, now=now, by="staff:Test")
            return done.enrollment

    def wrote(self, office: str, words: str, phone: str, *, photos: int = 0) -> int:
        """A patient writes to that office."""
        now = self.clock.now()
        text = InboundText(f"SM{abs(hash((words, phone))):032x}"[:34], phone, words, now, media_count=photos)
        with writing(self.engine) as session:
            receive(session, replace(text, written_to=(SENDERS[office],)), now, answers=answer_rules(self.settings))
            return int(session.connection().exec_driver_sql("SELECT max(id) FROM replies").scalar_one())

    def browser(self, name: str) -> Browser:
        return Browser(self.client, self.sessions.get(name, ""))

    def first_text(self, enrollment: int) -> int:
        with reading(self.engine) as session:
            return messages_of(session, enrollment)[0].id or 0

    @contextmanager
    def kept(self) -> Iterator[Any]:
        """What puts the database back as it is now."""
        with closing(sqlite3.connect(":memory:")) as copy, closing(sqlite3.connect(self.file)) as here:
            here.backup(copy)

            def put_back() -> None:
                with closing(sqlite3.connect(self.file)) as live:
                    copy.backup(live)

            yield put_back


@dataclass(frozen=True)
class Browser:
    """Somebody at the page."""

    client: TestClient
    token: str

    def get(self, path: str, method: str = "GET") -> httpx2.Response:
        return self.client.request(method, path, headers={"Cookie": f"notifier={self.token}"})

    def post(self, path: str, **fields: str) -> httpx2.Response:
        data = {"form": cookies.form_token(self.token), **fields}
        return self.client.post(path, data=data, headers={"Cookie": f"notifier={self.token}"})

    def imports(self, table: str) -> Iterator[str]:
        """The page with what a file would do, and once it is done."""
        cookie = {"Cookie": f"notifier={self.token}"}
        data, files = {"form": cookies.form_token(self.token)}, {"file": ("p.csv", table.encode(), "text/csv")}
        self.client.post("/import", data=data, files=files, headers=cookie)
        seen = self._settled()
        yield seen
        if found := re.search(r'name="file" value="([^"]+)"', seen):
            self.post("/import/commit", file=found[1])
            yield self._settled()
        self.post("/import/forget")

    def _settled(self) -> str:
        """The import's page, once no thread works on the file."""
        for thread in threading.enumerate():
            if thread.name.startswith("import"):
                thread.join()
        return self.get("/import").text


@contextmanager
def open_clinic(url: str, place: Path, now: datetime) -> Iterator[Clinic]:
    """A clinic whose two offices have one patient each; she has written, with a photo."""
    (place / "offices.toml").write_text(OFFICES_FILE, "utf-8")
    settings = Settings(
        _env_file=None, env="test", database_url=SecretStr(url), clinic_name="Lakeside Skin",
        clinic_phone="978 555 0142", timezone="America/New_York", offices_file=place / "offices.toml",
        public_url=PUBLIC_URL, twilio_account_sid=ACCOUNT_SID, twilio_auth_token=SecretStr(TOKEN),
        twilio_from_number="+19785550100", twilio_api_url="http://127.0.0.1:9",
    )  # fmt: skip
    engine, clock = open_engine(url), FakeClock(now)
    try:
        app = build_app(settings, engine, clock)
        with TestClient(app, client=("127.0.0.1", 50000), base_url=HERE, follow_redirects=False) as client:
            yield Clinic(engine, Path(str(engine.url.database)), clock, app, client, settings)
    finally:
        engine.dispose()


@dataclass(frozen=True)
class Person:
    """Who asks at the page."""

    name: str
    is_admin: bool = False
    office: str | None = None


PEOPLE: Final = (
    Person("nobody"), Person("Staff"), Person("Staff north", office=NORTH),
    Person("Admin", is_admin=True), Person("Admin north", is_admin=True, office=NORTH),
)  # fmt: skip


def fill(clinic: Clinic) -> None:
    """One patient, text, reply, person and key of each office."""
    for office, name, phone in ((NORTH, "Nadia Pine", "+12125550123"), (SOUTH, "Sol Reed", "+14805550123")):
        enrollment = clinic.enroll(office, name=name, phone=phone)
        clinic.clock.pass_(minutes=1)
        person = clinic.account(f"Colleague {office}", office=office)
        clinic.key(f"Key {office}", office=office)
        clinic.parts[office] = {
            "enrollment": enrollment,
            "message": clinic.first_text(enrollment),
            "reply": clinic.wrote(office, f"a question from the {office}", phone, photos=1),
            "person": person,
            "key": len(clinic.keys),
        }
    for one in PEOPLE[1:]:
        clinic.account(one.name, admin=one.is_admin, office=one.office)
    with writing(clinic.engine) as session:
        add_endpoint(session, "http://127.0.0.1:9/hook", Happening, now=clinic.clock.now(), by="the desk")


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Argon2 with the least work: what it costs is not what these tests are about."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_argon2", lambda: quick)
        passwords._nobodys.cache_clear()
        yield
    passwords._nobodys.cache_clear()
