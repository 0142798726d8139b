"""Answers to questions of ours: which question a reply answers, what follows from it, and what the patient reads then.

An answer counts once. One that says something else than an earlier one is for people, unless it asks for more care; so
is one where two questions are open on the number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.reading.choices import Choices
from notifier.db.enrollments import the_enrollment
from notifier.db.protocols import UnreadableVersion, load_version
from notifier.db.tables import Enrollment, Reply
from notifier.numbers.asks import OpenAsk, open_asks
from schedules.asking import ClosedAnswer, Consequence

_CARE: Final = (Consequence.FILE, Consequence.TASK, Consequence.URGENT)
"""From the least care to the most."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that the patient may be answering, as the protocol says that was planned."""

    ask: OpenAsk
    enrollment: Enrollment
    answers: dict[str, ClosedAnswer]


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    """What follows from an answer."""

    question: OpenQuestion | None = None
    """None: two are open, and a person decides which is meant."""
    choice: str | None = None
    then: Consequence = Consequence.TASK
    gets_text: bool = False
    """Whether the patient reads what the question says for this answer."""

    @property
    def ask_id(self) -> int | None:
        """The message that asked."""
        return self.question.ask.message_id if self.question else None

    @property
    def is_urgent(self) -> bool:
        """People are told at once."""
        return self.then is Consequence.URGENT

    @property
    def files_itself(self) -> bool:
        """Nobody has to read it."""
        return self.then is Consequence.FILE


def open_questions(session: Session, phone: str, at: datetime) -> list[OpenQuestion]:
    """What a text from this number, written at that instant, may answer; what cannot be read any more is left out."""
    found = []
    for ask in open_asks(session, phone, at):
        enrollment = the_enrollment(session, ask.enrollment_id)
        try:
            protocol = load_version(session, enrollment.protocol, enrollment.version)
        except UnreadableVersion:
            continue
        answers = next((step.answers for step in protocol.steps if step.key == ask.step), {})
        if answers:
            found.append(OpenQuestion(ask, enrollment, answers))
    return found


def choices(questions: Iterable[OpenQuestion]) -> Choices:
    """What each digit means; where two questions differ, a person decides anyhow."""
    return {choice: answer.means for one in questions for choice, answer in one.answers.items()}


def outcome(session: Session, questions: Sequence[OpenQuestion], choice: str) -> AnswerOutcome:
    """What follows from this choice, with what the same patient has answered before."""
    if len(questions) > 1:
        worst = max((one.answers[choice].then for one in questions if choice in one.answers), key=_CARE.index)
        return AnswerOutcome(then=max(worst, Consequence.TASK, key=_CARE.index))
    (question,) = questions
    then = question.answers[choice].then
    earlier = _answers_to(session, question)
    if not earlier:
        return AnswerOutcome(question, choice, then, gets_text=True)
    same = [one for one in earlier if one.choice == choice]
    if any(one.closed_at is None for one in same):
        return AnswerOutcome(question, choice, Consequence.FILE)  # the open one says it all
    if then is Consequence.FILE:
        return AnswerOutcome(question, choice, then if len(same) == len(earlier) else Consequence.TASK)
    most = max((question.answers[str(one.choice)].then for one in earlier), key=_CARE.index)
    needs_more = bool(same) or _CARE.index(then) > _CARE.index(most)
    return AnswerOutcome(question, choice, then, gets_text=needs_more)


def _answers_to(session: Session, question: OpenQuestion) -> list[Reply]:
    found = select(Reply).where(col(Reply.ask_id) == question.ask.message_id, col(Reply.choice).is_not(None))
    return [one for one in session.scalars(found.order_by(col(Reply.id))) if one.choice in question.answers]
