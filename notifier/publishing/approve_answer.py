"""A clinician stands behind the words of the fixed answer, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.fixed_answers import approve_answer
from notifier.domain.refused import RefusalCode, Refused


def approve_answers(
    session: Session, words: Mapping[str, str], *, by: str, now: datetime, language: str | None = None
) -> list[str]:
    """Approve the words in one language, or in all; the languages that are newly approved. Raises Refused.

    `words`: as the clinic wants them, by language, with clinic and phone not filled in: those never lapse an approval.
    """
    by = by.strip()
    if not by:
        raise Refused("say who approves it", "by", code=RefusalCode.APPROVER_MISSING)
    if language is not None and language not in words:
        raise Refused(f'there is no fixed answer in "{language}"; say one of {", ".join(words)}', "language")
    chosen = [language] if language else list(words)
    return [one for one in chosen if approve_answer(session, one, words[one], by=by, at=now)]
