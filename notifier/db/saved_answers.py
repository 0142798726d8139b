"""The answers that a clinic has saved, in each language as they were written last and as they were approved last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import SavedAnswer, SavedWording


@dataclass(frozen=True, slots=True)
class WordingStanding:
    """Where one answer stands in one language."""

    written: SavedWording
    """The last edit."""
    approved: SavedWording | None
    """The last edit that a clinician stands behind."""

    @property
    def waits(self) -> bool:
        """Whether the last edit waits for a clinician."""
        return self.approved is None or self.approved.id != self.written.id

    def leaves(self, *, must_be_approved: bool) -> str | None:
        """The words that staff may send; None where none were ever approved and they must be."""
        if not must_be_approved:
            return self.written.words
        return self.approved.words if self.approved else None


@dataclass(frozen=True, slots=True)
class SavedStanding:
    """One saved answer, by language."""

    answer: SavedAnswer
    wordings: Mapping[str, WordingStanding]


def saved_answers(session: Session) -> list[SavedStanding]:
    """Those that are not retired, by title."""
    found = select(SavedAnswer).where(col(SavedAnswer.retired_at).is_(None)).order_by(col(SavedAnswer.folded_title))
    answers = list(session.scalars(found))
    ids = [one.id or 0 for one in answers]
    rows = session.scalars(
        select(SavedWording).where(col(SavedWording.answer_id).in_(ids)).order_by(col(SavedWording.id))
    )
    written: dict[tuple[int, str], SavedWording] = {}
    approved: dict[tuple[int, str], SavedWording] = {}
    for row in rows:
        written[row.answer_id, row.language] = row
        if row.approved_at is not None:
            approved[row.answer_id, row.language] = row
    standings: dict[int, dict[str, WordingStanding]] = {one: {} for one in ids}
    for (answer, language), last in written.items():
        standings[answer][language] = WordingStanding(last, approved.get((answer, language)))
    return [SavedStanding(one, standings[one.id or 0]) for one in answers]
