"""The words of the fixed answer that clinicians have approved: the last ones of each language go on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import AnswerApproval


def approved_answers(session: Session) -> dict[str, str]:
    """By language, the words that were approved last; clinic and phone are not filled in yet."""
    return {language: one.words for language, one in last_approvals(session).items()}


def last_approvals(session: Session) -> dict[str, AnswerApproval]:
    """The last approval in each language."""
    return {one.language: one for one in session.scalars(select(AnswerApproval).order_by(col(AnswerApproval.id)))}


def approve_answer(session: Session, language: str, words: str, *, by: str, at: datetime) -> bool:
    """A clinician stands behind these words in this language; False where they were the last approved already."""
    if approved_answers(session).get(language) == words:
        return False
    insert_rows_for_ids(session, AnswerApproval, [{"language": language, "words": words, "by": by, "at": at}])
    record_event(session, at=at, by=by, what="answer_approved", why=language)
    return True
