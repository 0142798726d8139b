"""When staffed hours end: whoever wrote, and was not read, learns that it may take a while, and whom to call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.auto_reply import ONE_IN, USEFUL_FOR, AnswerRules
from notifier.conversations.reading.meanings import Meaning
from notifier.conversations.reply_texts import (
    answer_step,
    answers_for,
    one_at_a_time,
    plan_reply,
    was_answered,
    was_replied_to,
)
from notifier.db.fixed_answers import approved_answers
from notifier.db.tables import Reply
from notifier.numbers.opt_outs import is_opted_out

_WRITTEN_WITHIN: Final = timedelta(days=1)
"""Before the closing: what is older had its answer on an earlier evening."""


def unanswered_at_closing(session: Session, answers: AnswerRules, now: datetime) -> list[Reply]:
    """The replies that get the fixed answer because the staffed hours of their office have ended within the hour."""
    found: list[Reply] = []
    for office in (None, *answers.offices):
        here = answers.at(office)
        closing = here.staffed.last_closing(now, here.zone) if here.staffed else None
        if closing is None or now - closing >= USEFUL_FOR:
            continue
        written = select(Reply).where(
            col(Reply.closed_at).is_(None),
            col(Reply.meaning) == Meaning.OTHER.value,
            col(Reply.at) > closing - _WRITTEN_WITHIN,
            col(Reply.at) < closing,
            col(Reply.office).is_not_distinct_from(office),
        )
        found += [one for one in session.scalars(written.order_by(col(Reply.at))) if _is_unanswered(session, one, now)]
    return found


def answer_at_closing(session: Session, answers: AnswerRules, now: datetime) -> int:
    """Plan the fixed answer to each of those; how many got it."""
    approved, planned = approved_answers(session), 0
    for reply in sorted(
        unanswered_at_closing(session, answers, now), key=lambda one: one.phone
    ):  # in one order: two processes lock the same numbers
        one_at_a_time(session, reply.phone)
        enrollment = answers_for(session, reply.phone, office=reply.office)
        if enrollment is None or not _is_unanswered(session, reply, now):
            continue
        step = answer_step(reply.id or 0, urgent=False)
        words = answers.at(reply.office).say(enrollment.language, now, approved)
        plan_reply(session, enrollment, reply.phone, words, step=step, now=now, until=now + USEFUL_FOR, by="worker")
        planned += 1
    return planned


def _is_unanswered(session: Session, reply: Reply, now: datetime) -> bool:
    return (
        answers_for(session, reply.phone, office=reply.office) is not None
        and not is_opted_out(session, reply.phone)
        and not was_replied_to(session, reply.phone, since=reply.at)
        and not was_answered(session, reply.phone, since=now - ONE_IN, urgent=False)
    )
