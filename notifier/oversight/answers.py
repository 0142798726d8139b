"""What the questions of some days have brought: answers by day, and how soon a person came to what needed one."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.protocols import UnreadableVersion, load_version
from notifier.db.tables import Enrollment, Message, Reply, TaskClaim
from notifier.domain.states import MessageState
from notifier.domain.tasks import TaskKind
from notifier.numbers.asks import is_ask
from schedules.asking import AGAIN, AnswerMeaning, first_asking
from schedules.protocol import StepKind

_NEVER_LEFT = (MessageState.PLANNED, MessageState.CANCELLED, MessageState.SUPPRESSED, MessageState.FAILED)


@dataclass(slots=True)
class AnswersOfDay:
    """How many questions left on one day, and what was answered on it; each question once."""

    since: datetime
    asked: int = 0
    answers: Counter[AnswerMeaning] = field(default_factory=Counter)


def answers_by_day(session: Session, edges: Sequence[datetime]) -> list[AnswersOfDay]:
    """Between each two of these instants."""
    # In the words of the small index of questions, by when they are of no more use: that is after they have left. When
    # that was is not asked for, or SQLite would go through all texts that left then.
    asked = select(col(Message.left_at)).where(
        is_ask(), col(Message.expires_at) >= edges[0], ~col(Message.step).endswith(AGAIN),
        col(Message.state).not_in(_NEVER_LEFT),
    )  # fmt: skip
    found = [AnswersOfDay(since) for since in edges[:-1]]
    for left_at in session.scalars(asked):
        if left_at is not None and edges[0] <= left_at < edges[-1]:
            found[bisect_right(edges, left_at) - 1].asked += 1
    first = select(func.min(col(Reply.id))).where(col(Reply.ask_id).is_not(None)).group_by(col(Reply.ask_id))
    answered = (
        select(col(Reply.at), col(Enrollment.protocol), col(Enrollment.version), col(Message.step), col(Reply.choice))
        .select_from(Reply)
        .join(Message, col(Message.id) == col(Reply.ask_id))
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(col(Reply.at) >= edges[0], col(Reply.at) < edges[-1], col(Reply.id).in_(first))
    )
    rows = session.execute(answered).all()
    many = Counter(((one[1], one[2], one[3], one[4]), bisect_right(edges, one[0]) - 1) for one in rows)
    meanings = {about: meaning_of(session, *about) for about in {about for about, _ in many}}
    for (about, day), count in many.items():
        if (meaning := meanings[about]) is not None:
            found[day].answers[meaning] += count
    return found


def meaning_of(session: Session, protocol: str, version: str, step: str, choice: str | None) -> AnswerMeaning | None:
    """What a digit means to the question of that step; None where it cannot be read any more."""
    try:
        steps = load_version(session, protocol, version).steps
    except UnreadableVersion:
        return None
    answers = next((one.answers for one in steps if one.key == first_asking(step)), {})
    return answers[choice].means if choice in answers else None


def minutes_to_a_person(session: Session, since: datetime, until: datetime) -> float | None:
    """The median, in minutes, from what needed a person to the one who took or closed it; None where nothing did."""
    waited = waits_for_a_person_of(session, since, until)
    return median(minutes for _, _, minutes in waited) if waited else None


def waits_for_a_person_of(session: Session, since: datetime, until: datetime) -> list[tuple[str, datetime, float]]:
    """Number, moment and minutes of each message that needed a person, and to which one came.

    Not what filed itself: such as thanks, a bare STOP, or an answer with which all is well.
    """
    by_a_person = col(Reply.closed_by).is_not(None) & (col(Reply.closed_by) != "itself")
    found = (
        select(col(Reply.phone), col(Reply.at), col(Reply.closed_at), col(TaskClaim.at))
        .join(
            TaskClaim,
            (col(TaskClaim.number) == col(Reply.id)) & (col(TaskClaim.kind) == TaskKind.REPLY.value),
            isouter=True,
        )
        .where(col(Reply.at) >= since, col(Reply.at) < until, col(Reply.closed_at).is_(None) | by_a_person)
    )
    waited = []
    for phone, at, closed_at, claimed_at in session.execute(found).all():
        came = [one for one in (closed_at, claimed_at) if one is not None]
        waited += [(phone, at, (min(came) - at).total_seconds() / 60)] if came else []
    return waited


def normal_at(session: Session, ask_id: int, at: datetime) -> str | None:
    """What the protocol calls normal by then: the latest text of that kind whose moment has come; None: it says none.

    For staff alone: a patient with something unread does not hear it.
    """
    whose = select(col(Message.enrollment_id)).where(col(Message.id) == ask_id).scalar_subquery()
    found = select(col(Message.text)).where(
        col(Message.enrollment_id) == whose, col(Message.kind) == StepKind.EXPECT.value, col(Message.nominal_at) <= at
    )
    return session.scalar(found.order_by(col(Message.nominal_at).desc()).limit(1))


def what_followed(session: Session, message: Message) -> str | None:
    """What came back on a question, as a sentence for staff; None for a text that is none."""
    if message.kind != StepKind.ASK or message.left_at is None:
        return None
    first = select(col(Message.id)).where(
        col(Message.enrollment_id) == message.enrollment_id, col(Message.step) == first_asking(message.step),
        col(Message.left_at).is_not(None),
    )  # fmt: skip
    found = select(Reply).where(col(Reply.ask_id).in_(first)).order_by(col(Reply.id))
    given = [f"{one.choice} (reply {one.id})" for one in session.scalars(found)]
    if given:
        return f"The patient answered {', then '.join(given)}."
    again = "" if message.step.endswith(AGAIN) else "; where nothing comes it is asked once more"
    return f"No answer has come yet{again}."
