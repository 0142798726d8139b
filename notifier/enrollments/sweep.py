"""Sweep: lifts to come whose rule no text tells any more, whatever event was missed. Some enrollments at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Enrollment, Message
from notifier.domain.informed import is_uninformed
from notifier.domain.kinds import TELLS
from notifier.domain.states import MessageState
from schedules.protocol import StepKind

_AT_ONCE: Final = 200
_OF_RULES: Final = select(
    col(Message.enrollment_id), col(Message.kind), col(Message.topics), col(Message.phone), col(Message.state)
).where(col(Message.kind).in_((StepKind.LIFT.value, *TELLS)))

_OF_PATIENT: Final = select(
    col(Enrollment.id), col(Enrollment.phone), col(Enrollment.informed), col(Enrollment.catches_up)
)


class _TextOfRule(NamedTuple):
    """As much of a text as says whether a rule was told."""

    kind: str
    topics: Sequence[str] | None
    phone: str
    state: MessageState


def sweep(session: Session, after: int, *, most: int = _AT_ONCE) -> tuple[list[int], int]:
    """Of the next enrollments after this id with a lift to come: those to plan anew, and the id to go on after.

    The latter is 0 once all were looked at.
    """
    to_come = (
        select(col(Message.enrollment_id))
        .where(in_state(MessageState.PLANNED), col(Message.kind) == StepKind.LIFT.value)
        .where(col(Message.enrollment_id) > after)
    )
    found_ids = session.scalars(to_come.distinct().order_by(col(Message.enrollment_id)).limit(most))
    ids = [one for one in found_ids if one is not None]
    if not ids:
        return [], 0
    texts: dict[int, list[_TextOfRule]] = defaultdict(list)
    of_these = _OF_RULES.where(col(Message.enrollment_id).in_(ids))
    for enrollment, kind, topics, phone, state in session.connection().execute(of_these):
        texts[enrollment or 0].append(_TextOfRule(kind, topics, phone, state))
    found = session.connection().execute(_OF_PATIENT.where(col(Enrollment.id).in_(ids)))
    missed = [
        one
        for one, phone, informed, catches_up in found
        if one is not None and is_uninformed(texts[one], informed or {}, phone, catches_up=catches_up)
    ]
    return missed, ids[-1] if len(ids) == most else 0
