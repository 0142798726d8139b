"""Logs: one JSON object a line, on stderr. No patient data in them: not by habit only, but by a last filter."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import nullcontext, suppress
from types import TracebackType
from typing import Any, TextIO

import structlog

_NUMBER = re.compile(
    r"(?<![0-9A-Za-z-])(?:\+[0-9]{8,15}|(?:\+?1[ .-]?)?\(?[0-9]{3}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4})(?![0-9A-Za-z-])"
)
_TALKATIVE = (
    "twilio",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "sqlalchemy",
    "apscheduler",
    "alembic",
    "asyncio",
    "uvicorn.access",
)
"""Their records hold addresses, parameters or rows, and so phone numbers and names; only warnings pass."""
_NEVER_LOGGED = frozenset({"phone", "body", "text", "patient", "password", "token", "secret"})


def configure_logs(stream: TextIO | None = None, *, level: str = "INFO") -> None:
    """Send our own log lines and those of the libraries to `stream` (stderr) as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.ExceptionRenderer(_where_it_happened),
        redact,
    ]
    to = logging.StreamHandler(stream or sys.stderr)
    lines = _Lines(to)
    structlog.configure(
        processors=[*shared, _as_json],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    to.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _as_json,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [to]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


_ENCODER = json.JSONEncoder(default=str)
"""Made once: `json.dumps` makes one for each line."""


def _as_json(_logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
    return _ENCODER.encode(line)


class _Lines:
    """Our own lines, written where the libraries' are, and past `logging`: its record of each would be made twice and
    say from which file and line it comes, which nobody reads; that took two thirds of a line."""

    def __init__(self, to: logging.StreamHandler[TextIO]) -> None:
        self._to = to

    def msg(self, line: str) -> None:
        """Write one line. What cannot be written is lost, as with `logging`: a full disk must keep no text."""
        with self._to.lock or nullcontext(), suppress(OSError, ValueError):
            self._to.stream.write(line + self._to.terminator)
            self._to.flush()

    debug = info = warning = error = critical = exception = msg


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what looks like a phone number, and drop what must never be in a log. The last filter, not the first."""
    for key, value in line.items():
        if key in _NEVER_LOGGED:
            line[key] = "(redacted)"
        elif isinstance(value, str) and key not in ("at", "level"):
            line[key] = _NUMBER.sub(_masked, value)
    return line


def _masked(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0])
    return f"***{digits[-2:]}"


def _where_it_happened(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """An exception's type and place. Not its message and no values: they may quote a row or a text."""
    kind, _value, trace = exc_info
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{kind.__name__} at {' < '.join(reversed(places[-12:]))}"
