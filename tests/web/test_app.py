"""What surrounds every request, whatever part of the app answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from fastapi import APIRouter, Response
from sqlalchemy import Engine

from notifier.logs import configure_logs
from notifier.web.middleware import HEADERS
from tests.web.conftest import PATIENT, Web, open_web


@pytest.fixture
def logged() -> StringIO:
    """What the program would write to stderr."""
    stream = StringIO()
    configure_logs(stream)
    return stream


@pytest.fixture
def web(sqlite_engine: Engine, now: datetime) -> Iterator[Web]:
    router = APIRouter()

    @router.get("/patients/{phone}")
    async def patient(phone: str) -> dict[str, bool]:
        return {"known": True}

    @router.get("/crash/{phone}")
    async def crash(phone: str) -> None:
        raise RuntimeError(f"{phone} has no page")

    @router.get("/picture")
    async def picture() -> Response:
        return Response(headers={"Cache-Control": "max-age=60"})

    with open_web(sqlite_engine, now, routers=[router]) as web:
        yield web


def test_every_answer_carries_the_security_headers(subtests: pytest.Subtests, web: Web) -> None:
    for path in ("/patients/1", "/crash/1", "/nowhere", "/twilio/status", "/healthz", "/readyz"):
        with subtests.test(path=path):
            headers = web.client.get(path).headers
            assert dict(HEADERS) == {name: headers.get(name) for name in HEADERS}


def test_a_page_may_say_that_it_can_be_kept(web: Web) -> None:
    assert "max-age=60" == web.client.get("/picture").headers["cache-control"]


def test_a_crash_is_a_plain_sentence_and_its_values_stay_out_of_the_log(web: Web, logged: StringIO) -> None:
    response = web.client.get(f"/crash/{PATIENT}?a=secret")
    assert (500, "text/plain; charset=utf-8") == (response.status_code, response.headers["content-type"])
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert ["request_failed", "request"] == [line["event"] for line in lines]
    assert [] == [word for word in (PATIENT[1:], "secret", "no page") if word in response.text + logged.getvalue()]


def test_a_request_is_one_line_with_the_pattern_and_without_the_query(web: Web, logged: StringIO) -> None:
    web.client.get(f"/patients/{PATIENT}?name=Ana")
    web.client.get(f"/nowhere/{PATIENT}")
    web.client.get("/healthz")
    lines: list[Any] = [json.loads(line) for line in logged.getvalue().splitlines()]
    said = [(line["method"], line["route"], line["status"], line["ms"]) for line in lines]
    assert [("GET", "/patients/{phone}", 200, 0.0), ("GET", "(none)", 404, 0.0)] == said
    assert [] == [word for word in (PATIENT[1:], "Ana", "name") if word in logged.getvalue()]
