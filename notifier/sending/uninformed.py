"""Lifts whose rule nobody has told the patient: no "you may again" before "you must not"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.tables import Enrollment, Message
from notifier.domain.informed import why_uninformed
from notifier.domain.states import MessageState
from schedules.protocol import StepKind

_LIFTS = (
    select(
        col(Message.id), col(Message.enrollment_id), col(Message.topics), col(Enrollment.phone),
        col(Enrollment.informed), col(Enrollment.catches_up),
    )
    .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    .where(in_array(col(Message.id), "lifts"))
)  # fmt: skip
_RULE_TEXTS = select(
    col(Message.enrollment_id), col(Message.kind), col(Message.topics), col(Message.phone), col(Message.state)
).where(in_array(col(Message.enrollment_id), "enrollments"), col(Message.kind) == StepKind.RESTRICT.value)


@dataclass(frozen=True, slots=True)
class _RuleText:
    kind: str
    topics: Sequence[str] | None
    phone: str
    state: MessageState


def uninformed_lifts(session: Session, lifts: Sequence[int]) -> dict[int, str]:
    """Those of these lifts, by their ids, that must wait, and why; read as the tables are in this transaction."""
    if not lifts:
        return {}
    ask = session.connection().execute
    found = ask(_LIFTS, {"lifts": lifts}).all()
    rows: dict[int, list[_RuleText]] = defaultdict(list)
    for row in ask(_RULE_TEXTS, {"enrollments": list({lift.enrollment_id for lift in found})}):
        rows[row.enrollment_id].append(_RuleText(row.kind, row.topics, row.phone, row.state))
    why = {
        lift.id: why_uninformed(
            lift.topics or (),
            rows[lift.enrollment_id],
            lift.informed or {},
            lift.phone,
            catches_up=lift.catches_up,
        )
        for lift in found
    }
    return {lift: said for lift, said in why.items() if said}
