"""What nobody has told the patient yet: lifts that must wait for it, and the texts that tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.tables import Enrollment, Message
from notifier.domain.informed import informed_by_text, on_their_way, why_uninformed
from notifier.domain.kinds import TELLS
from notifier.domain.states import MessageState

_LIFTS = (
    select(
        col(Message.id), col(Message.enrollment_id), col(Message.topics), col(Enrollment.phone),
        col(Enrollment.informed), col(Enrollment.catches_up),
    )
    .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    .where(in_array(col(Message.id), "lifts"))
)  # fmt: skip
_RULE_TEXTS = select(
    col(Message.enrollment_id), col(Message.kind), col(Message.topics), col(Message.phone), col(Message.state),
    col(Message.expires_at),
).where(in_array(col(Message.enrollment_id), "enrollments"), col(Message.kind).in_(TELLS))  # fmt: skip


_RULES = select(
    col(Message.id), col(Message.enrollment_id), col(Message.topics), col(Message.phone), col(Message.state)
).where(in_array(col(Message.id), "rules"))


@dataclass(frozen=True, slots=True)
class _RuleText:
    kind: str
    topics: Sequence[str] | None
    phone: str
    state: MessageState


def uninformed_lifts(session: Session, lifts: Sequence[int], now: datetime) -> dict[int, str]:
    """Those of these lifts, by their ids, that must wait, and why; read as the tables are in this transaction."""
    if not lifts:
        return {}
    found = session.connection().execute(_LIFTS, {"lifts": lifts}).all()
    rows = _rule_texts(session, {lift.enrollment_id for lift in found}, now)
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


def uninformed_rules(session: Session, texts: Sequence[int]) -> frozenset[int]:
    """Those of these `restrict` texts, by their ids, that name a rule which no text to their number has told, or may
    have. What a person has told counts for nothing here, as in the plan.

    One that is claimed is among them: its claim has found it so, and at the last look it is itself on its way."""
    if not texts:
        return frozenset()
    found = session.connection().execute(_RULES, {"rules": texts}).all()
    rows = _rule_texts(session, {one.enrollment_id for one in found})

    def informed_of(enrollment: int, phone: str) -> frozenset[str]:
        return informed_by_text(rows[enrollment], phone) | on_their_way(rows[enrollment], phone)

    return frozenset(
        one.id
        for one in found
        if one.state is MessageState.ATTEMPTING or set(one.topics or ()) - informed_of(one.enrollment_id, one.phone)
    )


def _rule_texts(
    session: Session, enrollments: Collection[int], now: datetime | None = None
) -> Mapping[int, Sequence[_RuleText]]:
    """By enrollment. At `now` a planned one that is too late counts as given up, which it will be."""
    rows: dict[int, list[_RuleText]] = defaultdict(list)
    for row in session.connection().execute(_RULE_TEXTS, {"enrollments": list(enrollments)}):
        is_over = now is not None and row.state is MessageState.PLANNED and row.expires_at <= now
        state = MessageState.EXPIRED if is_over else row.state
        rows[row.enrollment_id].append(_RuleText(row.kind, row.topics, row.phone, state))
    return rows
