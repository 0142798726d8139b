"""Ask once more: whoever has written nothing since a question left gets it again, in other words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.reply_texts import listener_of
from notifier.db import outbox
from notifier.db.events import record_event
from notifier.db.protocols import UnreadableVersion, load_version
from notifier.db.rows import table_of
from notifier.db.tables import Enrollment, Message
from notifier.domain.instants import zone_called
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.asks import is_ask, wrote_since
from notifier.numbers.opt_outs import opted_out_phones
from schedules.asking import AGAIN
from schedules.protocol import Step, StepKind
from schedules.wording import Printable, render

_HAS_LEFT: Final = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED)
_SOONEST: Final = timedelta(minutes=15)
"""The shortest `again_after` that a protocol may say."""
_AT_ONCE: Final = 500


def ask_again(session: Session, rules: AnswerRules, now: datetime) -> int:
    """Plan the second asking of every question whose time for it has come; how many."""
    second = table_of(Message).alias()
    asked_twice = select(second.c.id).where(
        second.c.enrollment_id == col(Message.enrollment_id), second.c.step == col(Message.step) + AGAIN
    )
    silent = (
        select(Message, Enrollment)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(
            is_ask(), col(Message.expires_at) > now, col(Message.left_at) <= now - _SOONEST,
            col(Message.state).in_(_HAS_LEFT), ~col(Message.step).endswith(AGAIN),
            col(Message.phone) == col(Enrollment.phone), col(Enrollment.state) == EnrollmentState.ACTIVE,
            ~asked_twice.exists(), ~wrote_since(),
        )
        .order_by(col(Message.left_at))
        .limit(_AT_ONCE)
    )  # fmt: skip
    found = session.execute(silent).all()
    opted_out = opted_out_phones(session, {message.phone for message, _ in found})
    wanted = [(message, enrollment) for message, enrollment in found if message.phone not in opted_out]
    versions = {(enrollment.protocol, enrollment.version) for _, enrollment in wanted}
    steps = {version: _steps(session, *version) for version in versions}
    return sum(
        _plan(
            session, message, enrollment, steps[enrollment.protocol, enrollment.version].get(message.step), rules, now
        )
        for message, enrollment in wanted
    )


def _steps(session: Session, protocol: str, version: str) -> dict[str, Step]:
    """By key; none of a version that cannot be read any more."""
    try:
        return {one.key: one for one in load_version(session, protocol, version).steps}
    except UnreadableVersion:
        return {}


def _plan(
    session: Session, first: Message, enrollment: Enrollment, step: Step | None, rules: AnswerRules, now: datetime
) -> bool:
    words = step.again_text.get(enrollment.language) if step else None
    if step is None or step.again_after is None or words is None or first.left_at is None:
        return False
    due = first.left_at + step.again_after.length
    if now < due or due >= first.expires_at:
        return False
    here = rules.at(enrollment.office)
    facts = (("provider", enrollment.provider),) if enrollment.provider else ()
    printable = Printable(
        enrollment.treated_at or now, zone_called(enrollment.timezone), series=enrollment.answers or {}
    )
    said = render(words, replace(here.voice, facts=facts), listener_of(session, enrollment), printable)
    (message_id,) = outbox.insert(session, [{
        "enrollment_id": enrollment.id, "step": first.step + AGAIN, "revision": 0, "kind": StepKind.ASK.value,
        "phone": first.phone, "state": MessageState.PLANNED, "nominal_at": due, "not_before": due, "due_at": now,
        "expires_at": first.expires_at, "text": said,
    }])  # fmt: skip
    record_event(
        session, at=now, by="worker", what="asked_again", enrollment_id=enrollment.id, message_id=message_id,
        why=f"nothing has come since message {first.id} left")  # fmt: skip
    return True
