"""A clinic's API over a real database, and programs that call it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from sqlmodel import SQLModel

from notifier.access.api_keys import add_key
from notifier.db.engine import reading, writing
from notifier.db.tables import Role, Scope, Staff
from notifier.domain.planning.plan import PlanningRules
from notifier.web.api.app import api_router
from notifier.web.app import create_app
from notifier.web.context import WebContext
from schedules.catalogue import Catalogue, shipped
from schedules.protocol import CareProtocol
from schedules.wording import Voice
from tests.setups.fakes import FakeClock
from tests.setups.keys import KEYS

V1 = "/api/v1"
RULES = PlanningRules(Voice("Lakeside Skin", "(978) 555-0142"), "America/New_York", must_be_approved=False)
ANA = {
    "name": "Ana Ruiz",
    "phone": "(212) 555-0123",
    "protocol": "microneedling",
    "treated_at": "2026-03-06T14:00:00-05:00",
    "consent": "signed form",
}
"""Treated ten minutes ago."""


@dataclass
class Api:
    """A program with a key for everything; it calls on a Friday at 14:10 in New York."""

    engine: Engine
    clock: FakeClock
    context: WebContext
    app: FastAPI
    client: TestClient
    key: str = ""

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.client.get(f"{V1}{path}", headers=self.headers(), **options)

    def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return self.client.post(f"{V1}{path}", json=body, headers=self.headers() | headers)

    def send(self, path: str, body: bytes, kind: str = "application/json") -> httpx2.Response:
        """A body as it is."""
        return self.client.post(f"{V1}{path}", content=body, headers={**self.headers(), "Content-Type": kind})

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def enroll(self, **values: Any) -> int:
        return int(self.post("/enrollments", {**ANA, **values}).json()["enrollment"])

    def new_key(self, name: str, *scopes: Scope) -> str:
        with writing(self.engine) as session:
            return add_key(session, name, scopes or tuple(Scope), now=self.clock.now(), by="test")

    def all(self, table: type[SQLModel]) -> list[Any]:
        with reading(self.engine) as session:
            return list(session.scalars(select(table)))


@contextmanager
def open_program(
    engine: Engine, now: datetime, more: dict[str, CareProtocol] | None = None, **settings: Any
) -> Iterator[Api]:
    """`more`: protocols that the clinic has beside the shipped ones."""
    clock = FakeClock(now)
    surroundings = WebContext(engine, clock, RULES, Catalogue({**shipped(), **(more or {})}), KEYS, **settings)
    app = create_app(engine, clock, routers=[api_router(surroundings)])
    with TestClient(app, client=("127.0.0.1", 9), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        api = Api(engine, clock, surroundings, app, client)
        api.key = api.new_key("EHR")
        yield api


@pytest.fixture
def api(engine: Engine, now: datetime) -> Iterator[Api]:
    """On both databases."""
    with open_program(engine, now) as api:
        yield api


@pytest.fixture
def sqlite_api(sqlite_engine: Engine, now: datetime) -> Iterator[Api]:
    """For what no database has a say in."""
    with open_program(sqlite_engine, now) as api:
        yield api


def add_reader(engine: Engine, now: datetime) -> None:
    """Luz, who reads Spanish, as her account says; she never signs in."""
    with writing(engine) as session:
        session.add(
            Staff(
                name="Luz", folded_name="luz", password_hash="none", role=Role.STAFF, created_at=now, created_by="test",
                languages=["es"],
            )
        )  # fmt: skip
