"""The same request twice is done once: the answer to an Idempotency-Key, for a day, and what a form has done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_if_new
from notifier.db.tables import ApiAnswer, StaffForm

KEPT: Final = timedelta(hours=24)


class AnotherBody(Exception):
    """The same Idempotency-Key, or the same form, came with another body before."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request as an integration named it."""

    key_id: int
    idempotency_key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What it was told."""

    status: int
    answer: dict[str, Any]


def answered_before(session: Session, question: Question, *, now: datetime) -> Answered | None:
    """The answer to the same request, if it was asked within a day; else this one has the turn until the commit.

    A second request that comes meanwhile waits for it. Raises AnotherBody.
    """
    forget_old_answers(session, now)
    row = {"api_key_id": question.key_id, "idempotency_key": question.idempotency_key}
    if insert_if_new(session, ApiAnswer, {**row, "at": now, "body_hash": question.body_hash}):
        return None
    known = session.get(ApiAnswer, (question.key_id, question.idempotency_key))
    if known is None or known.body_hash != question.body_hash:
        raise AnotherBody
    return Answered(known.status or 0, known.answer or {})


def keep_answer(session: Session, question: Question, answered: Answered) -> None:
    """Write down what was answered, in the transaction that did it."""
    session.execute(
        update(ApiAnswer)
        .where(col(ApiAnswer.api_key_id) == question.key_id)
        .where(col(ApiAnswer.idempotency_key) == question.idempotency_key)
        .values(status=answered.status, answer=answered.answer)
    )


def forget_old_answers(session: Session, now: datetime) -> None:
    """Let go what is older than a day; texts and names are in it."""
    session.execute(delete(ApiAnswer).where(col(ApiAnswer.at) <= now - KEPT))


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
