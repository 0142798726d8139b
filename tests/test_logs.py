"""No patient data in the logs: the last filter."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog

from notifier.logs import configure_logs


@pytest.fixture
def stream() -> io.StringIO:
    written = io.StringIO()
    configure_logs(written)
    return written


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("number", ["+14155550123", "4155550123", "(415) 555-0123", "415.555.0123", "+1 415 555 0123"])
def test_a_phone_number_is_masked_wherever_it_slips_in(stream: io.StringIO, number: str) -> None:
    structlog.get_logger().info("oops", why=f"call {number} now")
    logging.getLogger("some.library").error("cannot reach %s", number)
    assert ["call ***23 now", None] == [line.get("why") for line in lines(stream)]
    assert "0123" not in stream.getvalue()


def test_what_is_no_phone_number_stays_readable(stream: io.StringIO) -> None:
    sid, uuid = "SM" + "0123456789abcdef" * 2, "3f2b8e5a-1234-5678-9012-123456789012"
    structlog.get_logger().info("fine", sid=sid, worker=uuid, message=1234567890)
    (line,) = lines(stream)
    assert (sid, uuid, 1234567890) == (line["sid"], line["worker"], line["message"])


def test_an_exception_tells_its_place_and_none_of_its_values(stream: io.StringIO) -> None:
    try:
        int("Ana Ruiz had 'Keep it clean'")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(stream)
    assert "Ana" not in stream.getvalue()
    assert line["exception"].startswith("ValueError at test_logs.py:")


@pytest.mark.parametrize(
    "library", ["twilio.http_client", "httpx2", "sqlalchemy.engine.Engine", "apscheduler.scheduler"]
)
def test_talkative_libraries_are_silent(stream: io.StringIO, library: str) -> None:
    logging.getLogger(library).info("POST /Messages.json?To=%2B14155550123")
    assert "" == stream.getvalue()


def test_a_line_that_cannot_be_written_stops_nobody(stream: io.StringIO) -> None:
    stream.close()
    structlog.get_logger().info("accepted", message=1)
