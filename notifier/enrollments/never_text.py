""" "Never text this person": ends somebody on every number, for every import and enrollment to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import the_enrollment
from notifier.db.events import record_event
from notifier.db.outbox import in_state
from notifier.db.tables import Enrollment, Message
from notifier.domain.consent import read_reconsent
from notifier.domain.kinds import NEVER_TEXT
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING, MessageState
from notifier.enrollments.commands import Cancel
from notifier.enrollments.lifecycle import apply
from notifier.numbers.never_text import Person, forget, is_never_texted, remember


@dataclass(frozen=True, slots=True)
class NeverTexted:
    """What it does to end a person."""

    enrollment: int
    already: bool
    ends: tuple[int, ...]
    """The person's enrollments that run, on whatever number."""
    ends_elsewhere: int
    """How many more there are at offices of which whoever asks may not see the patients."""
    withdrawn: int
    """How many planned texts of `ends` do not leave."""


def plan_never_text(session: Session, enrollment_id: int, rules: PlanningRules) -> NeverTexted:
    """What it would do; nothing is written. Raises Refused where there is no such enrollment."""
    stored = the_enrollment(session, enrollment_id)
    running = _running_of(session, stored)
    ends = tuple(one.id or 0 for one in running if rules.is_yours(one.office))
    planned = select(func.count()).select_from(Message).where(in_state(MessageState.PLANNED))
    withdrawn = session.scalar(planned.where(col(Message.enrollment_id).in_(ends))) or 0
    already = is_never_texted(session, _person(stored))
    return NeverTexted(enrollment_id, already, ends, len(running) - len(ends), withdrawn)


def never_text(session: Session, enrollment_id: int, *, rules: PlanningRules, now: datetime, by: str) -> NeverTexted:
    """End the person: every enrollment that runs is cancelled, and no other gets a text. Others on the number go on."""
    found = plan_never_text(session, enrollment_id, rules)
    stored = the_enrollment(session, enrollment_id)
    persons = [_person(one) for one in _everything_of(session, stored)]
    new = [one for one in persons if not is_never_texted(session, one)]
    remember(session, new, enrollment=enrollment_id, at=now, by=by)
    for running in _running_of(session, stored):
        apply(session, running.id or 0, Cancel(NEVER_TEXT), rules=rules, now=now, by=by)
    record_event(session, at=now, by=by, what="never_text", enrollment_id=enrollment_id, why=NEVER_TEXT)
    return found


def text_again(session: Session, enrollment_id: int, *, reconsent: str, now: datetime, by: str) -> None:
    """The person has agreed to texts again: enroll anew. Raises Refused for somebody who may be texted."""
    stored = the_enrollment(session, enrollment_id)
    if (how := read_reconsent(reconsent)) is None:
        raise Refused("say how the patient agreed to texts again", "reconsent")
    if not forget(session, [_person(one) for one in _everything_of(session, stored)], at=now, by=by):
        raise Refused("nobody has said that this person must never be texted")
    record_event(session, at=now, by=by, what="reconsented", enrollment_id=enrollment_id, why=how)


def _running_of(session: Session, stored: Enrollment) -> list[Enrollment]:
    return [one for one in _everything_of(session, stored) if one.state in RUNNING]


def _person(one: Enrollment) -> Person:
    return Person(one.folded_name, one.phone, one.external_id)


def _everything_of(session: Session, stored: Enrollment) -> list[Enrollment]:
    """Every enrollment of the same folded name that shares a number or external id with one of them."""
    found = {stored.id: stored}
    while True:
        phones = {one.phone for one in found.values()}
        ids = {one.external_id for one in found.values()} - {None}
        same = or_(col(Enrollment.phone).in_(phones), col(Enrollment.external_id).in_(ids))
        more = session.scalars(select(Enrollment).where(col(Enrollment.folded_name) == stored.folded_name, same))
        before = len(found)
        found |= {one.id: one for one in more}
        if len(found) == before:
            return sorted(found.values(), key=lambda one: one.id or 0)
