"""A form that Twilio signed: read with limits, checked before anything else looks at it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from notifier.sms.signature import SignatureCheck
from notifier.web.counters import Counts

MOST_BYTES: Final = 64 * 1024
"""Twilio's longest text has 1,600 characters; its form stays far below."""
READ_SECONDS: Final = 5.0
_MOST_PARAMETERS: Final = 500
_READ: Final = ("ErrorCode", "MessagingServiceSid", "OptOutType")
"""What is read beside the mandatory ones."""
_TRY_AGAIN: Final = "5"
_FORM: Final = "application/x-www-form-urlencoded"


class NotTaken(Exception):
    """The request is refused with this HTTP status; `reason` is what the metrics and the log call it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters as they came: blank ones kept, repeated ones too, in order."""

    pairs: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value of that name; empty where there is none."""
        return next((value for key, value in self.pairs if key == name), "")


async def signed_form(
    request: Request,
    path: str,
    check: SignatureCheck,
    account_sid: str,
    *,
    mandatory: Collection[str],
    read_seconds: float = READ_SECONDS,
) -> Form:
    """The form of a request that is Twilio's and about our account; raises NotTaken for any other.

    `mandatory`: what Twilio always sends here, once. What it signs is one string without seams: a body "STOP" beside a
    sender "+1555" and a body "STOPFrom+1555" are the same there. So a form that lacks one of them, or says anything
    twice that is read, or whose sender is two in one, has been cut anew.
    """
    form = _parsed(await limited_body(request, read_seconds))
    signatures = request.headers.getlist("x-twilio-signature")
    query = request.scope["query_string"].decode("latin-1")
    if len(signatures) != 1 or not check.accepts(path, query, form.pairs, signatures[0]):
        raise NotTaken(403, "signature")
    if form.get("AccountSid") != account_sid:
        raise NotTaken(403, "account")
    said = Counter(name for name, _ in form.pairs)
    once = all(said[name] == 1 for name in mandatory) and all(said[name] <= 1 for name in _READ)
    if not once or any(form.get(name).count("+") > 1 for name in ("From", "To")):
        raise NotTaken(403, "fields")
    return form


async def limited_body(
    request: Request, read_seconds: float, *, media_type: str | None = _FORM, most_bytes: int = MOST_BYTES
) -> bytes:
    """The body, of at most so many bytes and within so many seconds; raises NotTaken. `media_type` None: any."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type is not None and said != media_type:
        raise NotTaken(415, "content_type")
    declared = request.headers.get("content-length", "0")
    if len(declared) > 9 or (declared.isdecimal() and int(declared) > most_bytes):
        raise NotTaken(413, "too_long")
    body = bytearray()
    try:
        async with asyncio.timeout(read_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most_bytes:
                    raise NotTaken(413, "too_long")
    except TimeoutError:
        raise NotTaken(408, "too_slow") from None
    except ClientDisconnect:
        raise NotTaken(400, "broken_off") from None
    return bytes(body)


def refusal_response(request: Request, counts: Counts, refusal: NotTaken) -> Response:
    """What is answered where a request is refused; it is counted by its reason."""
    counts.webhooks_refused.labels(refusal.reason).inc()
    request.state.refused = refusal.reason
    # The rest of the body may still be on its way, and nobody will read it.
    headers = {"Connection": "close"}
    if refusal.status == 503:
        headers["Retry-After"] = _TRY_AGAIN
    return Response(f"{refusal.reason}\n", refusal.status, headers, media_type="text/plain")


def _parsed(body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:  # not UTF-8, or too many parameters: Twilio has signed no such form
        raise NotTaken(403, "signature") from None
    return Form(tuple(pairs))
