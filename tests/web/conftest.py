"""The web application over a real database, and what Twilio would post to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select
from sqlmodel import SQLModel
from twilio.request_validator import RequestValidator

from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import reading, writing
from notifier.db.tables import Attempt, Message
from notifier.domain.states import MessageState
from notifier.sms.signature import SignatureCheck
from notifier.web.app import create_app
from notifier.web.webhooks.twilio import WebhookSettings
from schedules.wording import Voice
from tests.conftest import Rows
from tests.setups.fakes import FakeClock

PUBLIC_URL = "https://texts.example.org"
ACCOUNT_SID = "AC" + "5a" * 16
TOKEN = "the-auth-token"
PATIENT, CLINIC = "+12125550101", "+15005550006"
SID = "SM" + "1" * 32
STATUS, INBOUND = "/twilio/status", "/twilio/inbound"


@dataclass
class Web:
    """The app, and a Twilio that posts to it."""

    engine: Engine
    clock: FakeClock
    client: TestClient
    rows: Rows
    replied: list[bool] = field(default_factory=list)
    """One for each time that somebody was told that a reply had come."""

    def post(
        self,
        path: str,
        form: list[tuple[str, str]],
        *,
        query: str = "",
        token: str = TOKEN,
        signed_for: str = PUBLIC_URL,
        **headers: str,
    ) -> httpx2.Response:
        """As Twilio posts a form: signed over the public address."""
        address = path + (f"?{query}" if query else "")
        signature = signed(f"{signed_for}{address}", form, token)
        sent = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.client.post(address, content=urlencode(form), headers=sent)

    def receipt(self, status: str = "delivered", sid: str = SID, *, token: str = "", **more: str) -> httpx2.Response:
        form = {"AccountSid": ACCOUNT_SID, "MessageSid": sid, "MessageStatus": status, "To": PATIENT, **more}
        return self.post(STATUS, list(form.items()), query=f"a={token}" if token else "")

    def reply(self, body: str, sid: str = "SM" + "2" * 32, *, from_: str = PATIENT, **more: str) -> httpx2.Response:
        form = {
            "AccountSid": ACCOUNT_SID,
            "MessageSid": sid,
            "From": from_,
            "To": CLINIC,
            "Body": body,
            "NumMedia": "0",
        }
        form |= more
        return self.post(INBOUND, list(form.items()))

    def text(self, state: MessageState = MessageState.ACCEPTED, sid: str | None = SID, **values: Any) -> int:
        """A text that has left; its id."""
        now = self.clock.now()
        with writing(self.engine) as session:
            patient = self.rows.enrollment(session, folded_name=f"patient {values.pop('patient', 'ana')}")
            return self.rows.message(
                session, patient, **{"state": state, "sid": sid, "left_at": now, "due_at": now, **values}
            )

    def attempt(self, message_id: int, token: str) -> None:
        now = self.clock.now()
        with writing(self.engine) as session:
            session.add(Attempt(id=token, message_id=message_id, worker_id="w", started_at=now, lease_until=now))

    def message(self, message_id: int) -> Message:
        with reading(self.engine) as session:
            found = session.get(Message, message_id)
            assert found is not None
            return found

    def all(self, table: type[SQLModel]) -> list[Any]:
        with reading(self.engine) as session:
            return list(session.scalars(select(table)))

    def count(self, table: type[SQLModel]) -> int:
        with reading(self.engine) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def metric(self, line: str) -> float:
        """The value of one line of /metrics; 0 where it is not there."""
        found = [one for one in self.client.get("/metrics").text.splitlines() if one.startswith(f"{line} ")]
        return float(found[0].split()[-1]) if found else 0.0


def inbound_form(body: str, sid: str = "SM1", *, from_: str = PATIENT, **more: str) -> list[tuple[str, str]]:
    """What Twilio always sends of a patient's text."""
    form = {"AccountSid": ACCOUNT_SID, "MessageSid": sid, "From": from_, "To": CLINIC, "Body": body, "NumMedia": "0"}
    return list((form | more).items())


def signed(address: str, form: list[tuple[str, str]], token: str = TOKEN) -> str:
    """Twilio's signature of a form; of a repeated parameter each value counts."""
    several: dict[str, list[str]] = {}
    for name, value in form:
        several.setdefault(name, []).append(value)

    class Several(dict[str, list[str]]):
        def getall(self, name: str) -> list[str]:
            return self[name]

    return str(RequestValidator(token).compute_signature(address, Several(several)))


@contextmanager
def open_web(engine: Engine, now: datetime, **options: Any) -> Iterator[Web]:
    """With a minute for every answer: these tests are about what is answered; `test_serving.py` has the clock."""
    clock = FakeClock(now)
    check = SignatureCheck([TOKEN, "the-other-token"], PUBLIC_URL)
    answers = AnswerRules(Voice("Glow", "555-0100"), ZoneInfo("America/New_York"))
    replied: list[bool] = []
    settings = WebhookSettings(
        ACCOUNT_SID, check, answers, read_seconds=60, answer_seconds=60, replied=lambda: replied.append(True)
    )
    app = create_app(engine, clock, **{"webhooks": settings, "health_seconds": 60, **options})
    with TestClient(app, client=("127.0.0.1", 50000), base_url="http://127.0.0.1") as client:
        yield Web(engine, clock, client, Rows(now), replied)


@pytest.fixture
def web(engine: Engine, now: datetime) -> Iterator[Web]:
    """On both databases."""
    with open_web(engine, now) as web:
        yield web


@pytest.fixture
def sqlite_web(sqlite_engine: Engine, now: datetime) -> Iterator[Web]:
    """For what no database has a say in."""
    with open_web(sqlite_engine, now) as web:
        yield web
