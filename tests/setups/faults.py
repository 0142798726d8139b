"""What a provider may do to a request instead of answering it well, as scripts for the sandbox.

A fault creates nothing unless it is wrapped in `created_then`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from notifier.sandbox.faults import Act, Fault
from notifier.sandbox.responses import refusal
from notifier.sandbox.wire import HttpReply

_HTML: Final = b"<!DOCTYPE html><html><body><h1>It works</h1></body></html>"


def ok() -> Fault:
    """No fault: for a place in a script."""
    return Fault(Act.ANSWER, create=True)


def refused(status: int, code: int, message: str = "Refused by the script") -> Fault:
    """Any error of Twilio's own, with its code."""
    return Fault(Act.ANSWER, reply=refusal(status, code, message))


def slow_down(retry_after: int | None = None) -> Fault:
    """429 and code 20429, with or without Retry-After (seconds)."""
    wait = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return Fault(Act.ANSWER, reply=replace(refusal(429, 20429, "Too Many Requests"), headers=wait))


def server_error(status: int = 503, *, html: bool = False) -> Fault:
    """A 5xx, as Twilio's JSON or as a proxy's HTML."""
    reply = HttpReply(status, _HTML, "text/html") if html else refusal(status, 20500, "Internal Server Error")
    return Fault(Act.ANSWER, reply=reply)


def answered(status: int, body: bytes, content_type: str = "application/json") -> Fault:
    """Any status with any body."""
    return Fault(Act.ANSWER, reply=HttpReply(status, body, content_type))


def empty_201() -> Fault:
    """A 201 without a body."""
    return answered(201, b"")


def html_201() -> Fault:
    """A 201 with HTML."""
    return answered(201, _HTML, "text/html")


def captive_portal() -> Fault:
    """A 200 with HTML."""
    return answered(200, _HTML, "text/html")


def sid_null() -> Fault:
    """A 201 whose SID is null."""
    return answered(201, b'{"sid": null, "status": "queued"}')


def sid_odd() -> Fault:
    """A 201 whose SID is not a message's."""
    return answered(201, b'{"sid": "XX123", "status": "queued"}')


def huge(megabytes: int = 10) -> Fault:
    """A 201 with a valid SID in a body far too long."""
    body = b'{"sid": "SM' + b"0" * 32 + b'", "status": "queued", "body": "' + b"x" * (megabytes << 20) + b'"}'
    return answered(201, body)


def redirect(location: str, status: int = 307) -> Fault:
    """A redirect to somewhere else."""
    return Fault(Act.ANSWER, reply=HttpReply(status, headers=(("Location", location),)))


def hang() -> Fault:
    """Reads the request and never answers."""
    return Fault(Act.HANG)


def reset_after_read() -> Fault:
    """Reads the request and breaks off with RST."""
    return Fault(Act.RESET)


def close_after_read() -> Fault:
    """Reads the request and closes without a word."""
    return Fault(Act.CLOSE)


def truncate() -> Fault:
    """Half of an answer, then closed."""
    return Fault(Act.TRUNCATE)


def drip() -> Fault:
    """An answer at twenty bytes a second."""
    return Fault(Act.DRIP)


def created_then(fault: Fault) -> Fault:
    """Creates the message first: the text exists, whatever the client hears."""
    return replace(fault, create=True)
