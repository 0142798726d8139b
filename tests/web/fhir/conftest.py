"""A clinic that is asked in FHIR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine

from notifier.web.fhir.app import fhir_router
from tests.web.api.conftest import Api, open_program

R4 = "/fhir/R4"


@dataclass
class Fhir:
    """A program with a key for everything."""

    api: Api

    def get(self, path: str) -> httpx2.Response:
        return self.api.client.get(f"{R4}{path}", headers=self.api.headers())

    def post(self, path: str, body: Any) -> httpx2.Response:
        headers = {**self.api.headers(), "Content-Type": "application/fhir+json"}
        return self.api.client.post(f"{R4}{path}", json=body, headers=headers)

    def found(self, path: str) -> list[dict[str, Any]]:
        """The resources of a search."""
        return [one["resource"] for one in self.get(path).json().get("entry", [])]


@pytest.fixture
def fhir(sqlite_engine: Engine, now: datetime) -> Iterator[Fhir]:
    with open_program(sqlite_engine, now) as api:
        api.app.include_router(fhir_router(api.context))
        yield Fhir(api)
