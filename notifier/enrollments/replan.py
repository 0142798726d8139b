"""Plan anew what has changed without a command: a text that told a rule has bounced, expired, or arrived after all.

Only what follows from that is written: the catch-up texts, and the lifts that wait for their rule to be told. A text
that was withdrawn stays so, be it that its number takes none any more. Where the settings have changed, all follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace as with_
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import replans
from notifier.db.events import record_event
from notifier.db.outbox import messages_of
from notifier.db.protocols import UnreadableVersion
from notifier.db.seen_to import mark_informed
from notifier.db.tables import Enrollment, Message
from notifier.domain.informed import informed_by_text
from notifier.domain.kinds import TELLS
from notifier.domain.planning.difference import PlanDifference, PlannedChange
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import BOUNCED, RUNNING, MessageState
from notifier.enrollments.outlook import look_ahead
from notifier.enrollments.plans import carry_out, enrollments_on, facts_of, lock_plans
from notifier.numbers.never_text import never_texted_of
from notifier.numbers.opt_outs import opted_out_phones
from schedules.catch_up import is_catch_up
from schedules.moments import NOT_TOLD
from schedules.protocol import StepKind

AT_ONCE: Final = 100
"""Enrollments in one transaction."""
_BY: Final = "worker"


def replan(session: Session, rules: PlanningRules, now: datetime, *, most: int = AT_ONCE) -> int:
    """Plan anew the enrollments for which that was asked, in the caller's transaction; how many there were."""
    lock_plans(session)
    asked_for = replans.take(session, most)
    whole = {one for one, is_whole in asked_for.items() if is_whole}
    _close_informed(session, list(asked_for), now)
    found = select(Enrollment).where(col(Enrollment.id).in_(list(asked_for)), col(Enrollment.state).in_(RUNNING))
    numbers: dict[str, set[int]] = {}
    never_texted = never_texted_of(session, asked_for)
    for one in session.scalars(found.order_by(col(Enrollment.id))):
        if one.id in never_texted:
            continue
        numbers.setdefault(one.phone, set()).add(one.id or 0)
    opted_out = opted_out_phones(session, numbers)
    for phone, whose in numbers.items():
        # What is planned for whoever must not be texted is suppressed at once, and would ask for its plan again, for
        # ever. The end of an opt-out asks for it (notifier.numbers.opt_outs).
        if phone not in opted_out:
            _replan_number(session, phone, whose, whole, rules, now)
    return len(asked_for)


def _close_informed(session: Session, asked_for: Sequence[int], now: datetime) -> None:
    """Nobody has to say any more what a text of a rule did not, where the patient has heard all of it otherwise; a rule
    that is over counts too where its lift was withheld, for that one asks for the call."""
    failed = (*BOUNCED, MessageState.EXPIRED)
    open_ones = select(Message, Enrollment).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    open_ones = open_ones.where(
        col(Message.enrollment_id).in_(asked_for), col(Message.kind).in_(TELLS),
        col(Message.seen_to).is_(None), col(Message.state).in_(failed),
    )  # fmt: skip
    told = []
    for message, enrollment in session.execute(open_ones).all():
        texts = messages_of(session, enrollment.id or 0)
        seen_to = {
            *(enrollment.informed or {}),
            *informed_by_text(texts, enrollment.phone),
            *(topic for one in texts if _asks_for_a_call(one, now) for topic in one.topics or ()),
        }
        if message.topics and seen_to.issuperset(message.topics):
            told.append(message.id or 0)
            record_event(
                session, at=now, by=_BY, what="seen_to", why="its rule was told otherwise", enrollment_id=enrollment.id,
                message_id=message.id,
            )  # fmt: skip
    mark_informed(session, told)


def _asks_for_a_call(text: Message, now: datetime) -> bool:
    is_over = text.kind == StepKind.LIFT and text.nominal_at <= now
    return is_over and text.state is MessageState.EXPIRED and text.seen_to is None and _says_so([text.reason])


def _replan_number(
    session: Session, phone: str, whose: set[int], whole: set[int], rules: PlanningRules, now: datetime
) -> None:
    try:
        company = [facts_of(session, one) for one in enrollments_on(session, [phone])]
    except UnreadableVersion:
        return  # nobody can plan this number; what was told is asked once more before a lift leaves
    outlook = look_ahead(session, company, rules, now, before=company, lock=True)
    for facts in company:
        if facts.enrollment in whose:
            difference = outlook.difference(facts)
            if facts.enrollment not in whole:
                difference = _what_follows(difference)
            carry_out(session, facts, difference, at=now, by=_BY, opted_out=False)


def _what_follows(difference: PlanDifference) -> PlanDifference:
    lists = {
        name: tuple(filter(_follows, getattr(difference, name)))
        for name in ("added", "passed", "moved", "reworded", "adjusted", "cancelled", "expired")
    }
    return with_(PlanDifference(), **lists)


def _follows(entry: PlannedChange) -> bool:
    """Whether it is a catch-up, or a lift that is withheld, left out or offered again because of what was told."""
    if is_catch_up(entry.step):
        return True
    kind = entry.planned.kind if entry.planned else entry.row and entry.row.kind
    if kind != StepKind.LIFT:
        return False
    was_withheld = entry.row is not None and entry.row.state is MessageState.EXPIRED and _says_so([entry.row.reason])
    return was_withheld or entry.planned is None or _says_so(entry.planned.notes)


def _says_so(reasons: Iterable[str | None]) -> bool:
    return any(reason and reason.startswith(NOT_TOLD) for reason in reasons)
