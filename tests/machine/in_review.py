"""Texts of which staff are asked whether they left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import Attempt, Enrollment, Message
from notifier.domain.states import MessageState
from notifier.sending.review import review

if TYPE_CHECKING:
    from tests.machine.world import World


def in_review(engine: Engine) -> set[tuple[str, str]]:
    """Whose course, as the machine calls it, and which step."""
    return {(whose, step) for whose, step, _ in _asked(engine).values()}


def say_whether_they_left(world: World) -> None:
    """Staff have asked the provider or the patient, and say of each as it is."""
    world.operations += 1
    for message, (whose, step, attempt) in _asked(world.engine).items():
        with writing(world.engine) as session:
            then = review(session, message, sent=attempt in world.made, now=world.now, by="desk")
        if then is MessageState.CANCELLED:
            world.given_up.add((whose, step))


def _asked(engine: Engine) -> dict[int, tuple[str, str, str]]:
    """By message: whose it is, which step, and its latest attempt."""
    found = (
        select(col(Message.id), col(Enrollment.provider), col(Message.step), col(Attempt.id))
        .join(Enrollment, col(Message.enrollment_id) == col(Enrollment.id))
        .join(Attempt, col(Attempt.message_id) == col(Message.id))
        .where(col(Message.state) == MessageState.NEEDS_REVIEW)
        .order_by(col(Attempt.started_at))
    )
    with reading(engine) as session:
        rows = session.execute(found).all()
    return {message: (str(doctor).removeprefix("Dr. "), step, attempt) for message, doctor, step, attempt in rows}
