"""What becomes of first texts when something changes: found by planning anew, and written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.rows import insert_rows
from notifier.db.tables import Enrollment, Message
from notifier.domain.kinds import FIRST
from notifier.domain.planning.difference import UNSENT
from notifier.domain.planning.first_text import FirstText, first_text
from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules
from notifier.domain.states import LEGAL_MOVES, RUNNING, MessageState
from notifier.enrollments.effect import TextEffect, What
from notifier.enrollments.first_texts import NOT_HEARD, first_content, first_row, first_rows, numbers_in_a_course
from schedules.protocol import FIRST_TEXT

_MOVED = "the number was changed"
_NOTHING_FOLLOWS = "no text follows that it could announce"


@dataclass(frozen=True, slots=True)
class FirstTextChange:
    """What becomes of one first text: a new one, other words, or none any more."""

    what: What
    row: Message | None = None
    text: FirstText | None = None
    why: str = ""

    @property
    def effect(self) -> TextEffect:
        """The same as every door shows it."""
        row, text = self.row, self.text
        return TextEffect(
            what=self.what,
            step=FIRST_TEXT,
            kind=FIRST,
            message=row.id if row is not None else None,
            was_due_at=row.due_at if row is not None else None,
            due_at=text.due_at if text is not None else None,
            text=text.text if text is not None else row.text if row is not None else "",
            why=self.why or "; ".join(text.notes if text is not None else ()),
            needs_call=False,
        )


def plan_first_changes(
    session: Session,
    before: EnrollmentFacts,
    after: EnrollmentFacts,
    company: Iterable[EnrollmentFacts],
    plan: Plan,
    rules: PlanningRules,
    now: datetime,
    *,
    said: Collection[str],
) -> tuple[FirstTextChange, ...]:
    """What a change of an enrollment does to first texts; `company` are all on its number, as they were.

    One that waits follows the plan. A new one is for a new number, for who comes after all, and for a patient who was
    booked and is treated now, unless the number is in a course already.
    """
    has_moved = before.phone != after.phone
    theirs = {one.enrollment for one in company if one.is_same_patient(before)} | {before.enrollment}
    rows = first_rows(session, theirs)
    changes = []
    if has_moved:
        old = [row for row in rows if row.phone == before.phone and row.state in UNSENT]
        changes += [FirstTextChange(What.WITHDRAWN, row, why=_MOVED) for row in old]
    else:
        mine = [row for row in rows if row.enrollment_id == after.enrollment and row.state is MessageState.PLANNED]
        changes += [one for row in mine if (one := _follow(row, first_text(after, plan, rules, now, said=said)))]
    starts_anew = (
        has_moved or before.state not in RUNNING or (before.treated_at is None and after.treated_at is not None)
    )
    has_heard = any(
        row.enrollment_id == after.enrollment and row.phone == after.phone and row.state not in NOT_HEARD
        for row in rows
    )
    knows = has_heard or (after.phone, after.office) in numbers_in_a_course(session, {after.phone}, now)
    if rules.first_text and starts_anew and not knows:
        text = first_text(after, plan, rules, now, said=said)
        changes += [FirstTextChange(What.ADDED, None, text)] if text else []
    return tuple(changes)


def _follow(row: Message, text: FirstText | None) -> FirstTextChange | None:
    if text is None:
        return FirstTextChange(What.WITHDRAWN, row, why=_NOTHING_FOLLOWS)
    if (row.text, row.expires_at) == (text.text, text.expires_at):
        return None
    return FirstTextChange(What.REWORDED, row, text)


def write_first_changes(
    session: Session,
    changes: Sequence[FirstTextChange],
    before: EnrollmentFacts,
    after: EnrollmentFacts,
    *,
    now: datetime,
    by: str,
    opted_out: bool,
) -> None:
    """Write what was planned, in the transaction in which it was found; what left for an old number stays there."""
    for one in changes:
        row, text = one.row, one.text
        if one.what is What.ADDED and text is not None:
            revision = len(first_rows(session, {after.enrollment}))
            new = first_row(after.enrollment, after.phone, text, now, opted_out=opted_out, revision=revision)
            insert_rows(session, Message, [new])
        elif row is not None and row.id is not None and text is not None:
            content = {name: value for name, value in first_content(text).items() if name != "due_at"}
            outbox.rewrite(session, row.id, at=now, by=by, why="its words follow", **content)
        elif row is not None and row.id is not None:
            _withdraw(session, row, now, by, one.why)
    if before.phone != after.phone:
        _keep_from_coming_back(session, before, now, by)


def _withdraw(session: Session, row: Message, now: datetime, by: str, why: str) -> None:
    assert row.id is not None
    if row.state is MessageState.SUPPRESSED:
        planned = MessageState.PLANNED
        outbox.move(session, row.id, seen=row.state, to=planned, at=now, by=by, why="withdrawn below")
    outbox.move(session, row.id, seen=MessageState.PLANNED, to=MessageState.CANCELLED, at=now, by=by, why=why)


def _keep_from_coming_back(session: Session, before: EnrollmentFacts, now: datetime, by: str) -> None:
    """What has left for the old number must not be tried again there."""
    found = (
        select(Message)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(
            col(Message.phone) == before.phone,
            col(Message.kind) == FIRST,
            col(Enrollment.phone) != before.phone,
            col(Message.expires_at) > now,
        )
    )
    for row in session.scalars(found):
        if row.id is not None and row.state not in UNSENT and MessageState.PLANNED in LEGAL_MOVES[row.state]:
            outbox.rewrite(session, row.id, seen=row.state, at=now, by=by, why=_MOVED, expires_at=now)
