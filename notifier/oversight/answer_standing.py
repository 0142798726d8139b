"""Where the fixed answer stands in each language: what leaves now, who approved it, and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.conversations.auto_reply import AnswerRules
from notifier.db.fixed_answers import last_approvals
from notifier.db.tables import AnswerApproval
from schedules.languages.registry import languages


@dataclass(frozen=True, slots=True)
class AnswerStanding:
    """The fixed answer in one language, in the clinic's own voice."""

    language: str
    says: str
    """What leaves at that moment."""
    wish: str
    """The words that the clinic wants, with clinic and phone not filled in."""
    approval: AnswerApproval | None
    """The last one, of whatever words."""

    @property
    def waits(self) -> str | None:
        """The words that no clinician stands behind yet; None where the last approval is of exactly these."""
        return None if self.approval is not None and self.approval.words == self.wish else self.wish


def answer_standings(session: Session, rules: AnswerRules, at: datetime) -> list[AnswerStanding]:
    """Where it stands at `at`, in every language."""
    last = last_approvals(session)
    approved = {code: one.words for code, one in last.items()}
    return [
        AnswerStanding(one.code, rules.say(one.code, at, approved), rules.wish(one.code), last.get(one.code))
        for one in languages()
    ]
