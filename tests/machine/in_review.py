"""Texts of which staff are asked whether they left."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Enrollment, Message
from notifier.domain.states import MessageState


def in_review(engine: Engine) -> set[tuple[str, str]]:
    """Whose course, as the machine calls it, and which step."""
    whose = select(col(Enrollment.provider), col(Message.step)).join(
        Message, col(Message.enrollment_id) == col(Enrollment.id)
    )
    with reading(engine) as session:
        found = session.execute(whose.where(col(Message.state) == MessageState.NEEDS_REVIEW))
        return {(str(provider).removeprefix("Dr. "), step) for provider, step in found}
