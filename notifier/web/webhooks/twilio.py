"""Twilio's webhooks: what became of a text, and what a patient wrote. Stored within a second, or refused for now.

They call the same stories as polling does, so both leave the same rows behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.receive import InboundText, receive
from notifier.db.threads import DatabaseThreads
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sms.signature import SignatureCheck
from notifier.web.counters import Counts
from notifier.web.deadline import DatabaseSlow, within
from notifier.web.webhooks.signed_form import READ_SECONDS, Form, NotTaken, refusal_response, signed_form

STATUS_PATH: Final = "/twilio/status"
INBOUND_PATH: Final = "/twilio/inbound"
ANSWER_SECONDS: Final = 0.9
"""For the database. Twilio waits 15 in all, retries what got no response or a 503, and polling finds the rest."""
_ALWAYS: Final = {
    STATUS_PATH: ("AccountSid", "MessageSid", "MessageStatus", "To"),
    INBOUND_PATH: ("AccountSid", "MessageSid", "From", "To", "Body", "NumMedia"),
}
"""What Twilio sends to each of them in any case."""
log = structlog.get_logger()

Store = Callable[[Session, Form, datetime], bool]
"""Stores what a form says; False where it says nothing that we could store."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What the webhooks need to know."""

    account_sid: str
    """Ours; a form about any other is refused."""
    check: SignatureCheck
    answers: AnswerRules | None = None
    """How urgent words are answered."""
    read_seconds: float = READ_SECONDS
    """How long a request may take to arrive."""
    answer_seconds: float = ANSWER_SECONDS
    """How long the database may take."""
    replied: Callable[[], None] = lambda: None
    """Called once a reply is stored: somebody may have to be told at once."""


def webhook_router(
    settings: WebhookSettings, threads: DatabaseThreads, now: Callable[[], datetime], counts: Counts
) -> APIRouter:
    """`/twilio/status` and `/twilio/inbound`. `threads` are theirs alone: a flood must delay nobody else."""
    router = APIRouter(include_in_schema=False)

    async def take(request: Request, path: str, store: Store) -> Response | None:
        """None where the form was taken, else the response that refuses it."""
        try:
            form = await signed_form(
                request,
                path,
                settings.check,
                settings.account_sid,
                mandatory=_ALWAYS[path],
                read_seconds=settings.read_seconds,
            )
            if not await within(settings.answer_seconds, threads.write(lambda session: store(session, form, now()))):
                log.warning("webhook_says_nothing", route=path)  # Twilio's all the same: it must not come again
            counts.webhooks_taken.labels(path).inc()
            return None
        except NotTaken as refusal:
            return refusal_response(request, counts, refusal)
        except DatabaseSlow:
            return refusal_response(request, counts, NotTaken(503, "database"))

    @router.post(STATUS_PATH)
    async def status(request: Request) -> Response:
        token = request.query_params.get("a")
        store = partial(_store_receipt, token)
        return await take(request, STATUS_PATH, store) or Response(media_type="text/plain")

    @router.post(INBOUND_PATH)
    async def inbound(request: Request) -> Response:
        store = partial(_store_reply, settings)
        if refused := await take(request, INBOUND_PATH, store):
            return refused
        settings.replied()
        return Response(_NO_ANSWER, media_type="text/xml")

    return router


_NO_ANSWER: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def _store_receipt(token: str | None, session: Session, form: Form, at: datetime) -> bool:
    sid, status = _word(form.get("MessageSid")), _word(form.get("MessageStatus"))
    if sid and status:
        apply_receipt(
            session, sid=sid, status=status, error_code=_number(form.get("ErrorCode")),
            token=_word(token or "") or None, at=at, source="callback")  # fmt: skip
    return bool(sid and status)


def _store_reply(settings: WebhookSettings, session: Session, form: Form, at: datetime) -> bool:
    sid, phone = _word(form.get("MessageSid")), _word(form.get("From"))
    if sid and phone:
        found = InboundText(
            sid, phone, form.get("Body"), at, _number(form.get("NumMedia")) or 0, _word(form.get("OptOutType")) or None,
            (_word(form.get("To")), _word(form.get("MessagingServiceSid"))),
        )  # fmt: skip
        receive(session, found, at, answers=settings.answers)
    return bool(sid and phone)


def _word(value: str) -> str:
    """A value that fits its column, whatever was signed; PostgreSQL has no place for NUL."""
    return value.replace("\0", "").strip()[:40]


def _number(value: str) -> int | None:
    """A whole number that a column can hold, else None: an `ErrorCode` of "abc" is no error code."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 9 else None
