"""The OpenAPI document says what the API really does: schemathesis makes up requests from it, good and bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from sqlalchemy import Engine

from tests.web.api.conftest import ANA, V1, Program, open_program

api = schemathesis.pytest.from_fixture("document")
BOUNDED = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture
def document(sqlite_engine: Engine, now: datetime) -> Iterator[Any]:
    """Over a clinic where two patients are enrolled."""
    with open_program(sqlite_engine, now) as program:
        program.enroll()
        program.enroll(name="Bea Lund", phone="+12125550124", external_id="b-1")
        schema = schemathesis.openapi.from_asgi(f"{V1}/openapi.json", program.app)
        schema.config.headers = program.headers()
        yield schema


@api.parametrize()
@BOUNDED
def test_every_answer_is_as_documented(case: Any) -> None:
    case.call_and_validate()
