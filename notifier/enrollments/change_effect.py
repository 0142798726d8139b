"""Changing an enrollment: first the difference that it makes to every text concerned, then the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.enrollments import sharing_phone
from notifier.db.events import record
from notifier.db.protocols import store_version
from notifier.db.tables import Enrollment, Message
from notifier.domain.names import Name, check_name
from notifier.domain.offices import choose_office
from notifier.domain.planning.difference import Difference
from notifier.domain.planning.plan import Facts, PlanningRules
from notifier.domain.protocol_choice import check_allowed
from notifier.domain.states import RUNNING, EnrollmentState, MessageState
from notifier.enrollments.fields import PLANNED
from notifier.enrollments.identity import refuse_ended
from notifier.enrollments.keys import unplanned_columns
from notifier.enrollments.outlook import look_ahead
from notifier.enrollments.plans import OPTED_OUT, carry_out, enrollments_on, facts_of, take_turn
from notifier.enrollments.requests import ChangeRequest, changed, names_of
from notifier.enrollments.write import refuse_unready
from notifier.numbers.holds import hold_number, open_holds
from notifier.numbers.opt_outs import is_opted_out, opt_out, opted_out_among


@dataclass(frozen=True, slots=True)
class Change:
    """What a change does: to the enrollment itself, and to others on her phone."""

    enrollment: int
    before: Facts
    after: Facts
    difference: Difference
    others: Mapping[int, Difference]
    """By enrollment: only those whose texts change so that a person would say so."""
    opted_out: bool
    """Her number, or the one that she will have, has opted out: whatever the difference says, she gets no text."""
    unseen: Mapping[int, Difference] = field(default_factory=dict)
    """Others whose texts change in nothing but how early or late they may leave."""


def find_change(
    session: Session,
    enrollment: Enrollment,
    changes: ChangeRequest,
    rules: PlanningRules,
    now: datetime,
    *,
    lock: bool = False,
) -> Change:
    """The difference that a change makes; nothing is written. Raises Refused with a sentence.

    Her name and number are hers, not the enrollment's: they change in all her enrollments, so that a second treatment
    is still known as hers.
    """
    _refuse_ended(enrollment, changes)
    before = facts_of(session, enrollment)
    after = changed(before, changes, now)
    if changes.office is not None:
        choose_office(changes.office, rules.offices, rules.yours)
    if changes.office is not None or changes.protocol is not None:
        check_allowed(after.protocol, after.office, rules)
    if changes.protocol is not None or after.language != before.language:
        refuse_unready(session, after, rules)  # other words than she was enrolled on
    company = _company(session, enrollment, after)
    later = [_follow(other, before, after) for other in company]
    unplanned_columns(session, enrollment, changes, after)
    outlook = look_ahead(session, later, rules, now, before=company, lock=lock)
    mine, differences = outlook.difference(after), outlook.differences(but=before.enrollment)
    others = {whose: difference for whose, difference in differences.items() if difference.changes_anything}
    unseen = {whose: difference for whose, difference in differences.items() if whose not in others}
    opted_out = bool(opted_out_among(session, {before.phone, after.phone}))
    return Change(before.enrollment, before, after, mine, others, opted_out, unseen)


def make_change(
    session: Session,
    enrollment: Enrollment,
    changes: ChangeRequest,
    rules: PlanningRules,
    *,
    now: datetime,
    by: str,
    what: str,
) -> Change:
    """Find the difference again and write it, all in the caller's transaction. Raises Refused with a sentence."""
    take_turn(session)
    change = find_change(session, enrollment, changes, rules, now, lock=True)
    before, after = change.before, change.after
    columns = unplanned_columns(session, enrollment, changes, after)
    if changes.protocol is not None:
        store_version(session, changes.protocol, now)
    hers = [one for one in sharing_phone(session, before.phone) if one.folded_name == before.folded_name]
    for one in hers:
        if changes.name is not None:
            name: Name = check_name(changes.name)
            one.name, one.folded_name = name.full, name.folded
        one.phone = after.phone
    for column, value in columns.items():
        setattr(enrollment, column, value)
    _write(enrollment, after)
    session.flush()
    if before.phone != after.phone:
        _opt_out_follows(session, before.phone, after.phone, now, by)
    opted_out = opted_out_among(session, {before.phone, after.phone})
    seen = before.state.value
    record(
        session,
        enrollment_id=before.enrollment,
        at=now,
        by=by,
        what=what,
        from_state=seen,
        to_state=enrollment.state.value,
        why=names_of(changes),
    )
    now_on_phone = {row.id: facts_of(session, row) for row in _on(session, change)}
    for whose, difference in {before.enrollment: change.difference, **change.others, **change.unseen}.items():
        facts = now_on_phone[whose]
        is_out = facts.phone in opted_out
        carry_out(session, facts, difference, at=now, by=by, opted_out=is_out)
    if after.phone in opted_out:
        _suppress(session, [one.id for one in hers if one.id is not None], now, by)
    return change


def _refuse_ended(enrollment: Enrollment, changes: ChangeRequest) -> None:
    """What has ended is not changed, but taken back; a no-show also by a treatment or another appointment."""
    if changes.resumed:
        return
    comes_after_all = changes.treated_at is not None or changes.appointment_at is not None
    if enrollment.state is not EnrollmentState.NO_SHOW or not comes_after_all:
        refuse_ended(enrollment)


def _company(session: Session, enrollment: Enrollment, after: Facts) -> list[Facts]:
    """Everybody on her number, and on the number that she will have."""
    stored = enrollments_on(session, [enrollment.phone, after.phone])
    return [facts_of(session, one) for one in stored]


def _follow(other: Facts, before: Facts, after: Facts) -> Facts:
    if other.enrollment == before.enrollment:
        return after
    if not other.is_same_patient(before):
        return other
    return replace(other, phone=after.phone, first_name=after.first_name, folded_name=after.folded_name)


def _write(enrollment: Enrollment, after: Facts) -> None:
    if after.state is not EnrollmentState.HELD:
        enrollment.state_before_hold = None
    elif after.treated_at is not None:
        enrollment.state_before_hold = EnrollmentState.ACTIVE.value
    if enrollment.state not in RUNNING:
        enrollment.reason = None
    enrollment.state = after.state
    enrollment.protocol, enrollment.version = after.protocol.id, after.protocol.version
    for name in PLANNED:
        setattr(enrollment, name, getattr(after, name))
    enrollment.answers = dict(after.answers)
    enrollment.treated_on = after.local_day


def _on(session: Session, change: Change) -> list[Enrollment]:
    return enrollments_on(session, [change.before.phone, change.after.phone])


def _opt_out_follows(session: Session, old: str, new: str, now: datetime, by: str) -> None:
    """A patient who said stop, or whose words nobody has read yet, is the same patient with another number."""
    if is_opted_out(session, old) is not None:
        opt_out(session, new, source="number_changed", at=now, by=by)
    for hold in open_holds(session, old):
        hold_number(session, new, reason=hold.reason, at=now, by=by, kinds=hold.kinds)


def _suppress(session: Session, enrollment_ids: Sequence[int], now: datetime, by: str) -> None:
    outbox.move_where(
        session,
        col(Message.enrollment_id).in_(enrollment_ids),
        seen=MessageState.PLANNED,
        to=MessageState.SUPPRESSED,
        at=now,
        by=by,
        why=OPTED_OUT,
    )
