"""The same request twice is done once: the response to an Idempotency-Key, kept for 24 hours, and what a form did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_if_new
from notifier.db.tables import ApiResponse, StaffForm

KEPT: Final = timedelta(hours=24)


class AnotherBody(Exception):
    """The same Idempotency-Key, or the same form, came with another body before."""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request as an integration named it."""

    key_id: int
    idempotency_key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What the integration was sent: an HTTP status and a JSON body."""

    status: int
    body: dict[str, Any]


def stored_response(session: Session, request: KeyedRequest, *, now: datetime) -> StoredResponse | None:
    """The response to the same request within the last 24 hours; None where this request is new and now holds the key.

    A second request with the same key waits until this transaction ends. Raises AnotherBody.
    """
    forget_old_responses(session, now)
    row = {"api_key_id": request.key_id, "idempotency_key": request.idempotency_key}
    if insert_if_new(session, ApiResponse, {**row, "at": now, "body_hash": request.body_hash}):
        return None
    known = session.get(ApiResponse, (request.key_id, request.idempotency_key))
    if known is None or known.body_hash != request.body_hash:
        raise AnotherBody
    return StoredResponse(known.status or 0, known.answer or {})


def store_response(session: Session, request: KeyedRequest, response: StoredResponse) -> None:
    """Store the response in the transaction that did the work."""
    session.execute(
        update(ApiResponse)
        .where(col(ApiResponse.api_key_id) == request.key_id)
        .where(col(ApiResponse.idempotency_key) == request.idempotency_key)
        .values(status=response.status, answer=response.body)
    )


def forget_old_responses(session: Session, now: datetime) -> None:
    """Delete responses older than 24 hours; texts and names are in them."""
    session.execute(delete(ApiResponse).where(col(ApiResponse.at) <= now - KEPT))


def claim_form(session: Session, token: str, digest: str, *, now: datetime) -> StaffForm | None:
    """The staff page's form as it was sent before; None where this is the first time, and it has the turn until the
    commit. A second that comes meanwhile waits for it. Raises AnotherBody where it was sent with another digest."""
    row = {"token": token, "at": now, "digest": digest}
    if insert_if_new(session, StaffForm, row):
        return None
    sent = session.get(StaffForm, token)
    if sent is None or sent.digest != digest:
        raise AnotherBody
    return sent


def finish_form(session: Session, token: str, enrollment_id: int, warnings: Sequence[str] = ()) -> None:
    """Write down what the form has done, in the transaction that did it."""
    this = update(StaffForm).where(col(StaffForm.token) == token)
    session.execute(this.values(enrollment_id=enrollment_id, warnings=list(warnings)))
