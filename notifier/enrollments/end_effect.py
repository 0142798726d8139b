"""Ending an enrollment: what has not left does not leave, and what gave way to it on her number comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import enrollments, outbox
from notifier.db.outbox import messages_of
from notifier.db.tables import Enrollment, Message
from notifier.domain.instants import zone_called
from notifier.domain.kinds import ANSWER
from notifier.domain.planning.difference import Difference, said_steps
from notifier.domain.planning.plan import Facts, PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import RUNNING, EnrollmentState, MessageState
from notifier.enrollments.outlook import Outlook, look_ahead
from notifier.enrollments.plans import carry_out, enrollments_on, facts_of, take_turn
from notifier.numbers.opt_outs import is_opted_out
from schedules.saying import say_moment

_ON_ITS_WAY = frozenset({MessageState.ATTEMPTING, MessageState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Ended:
    """What an ending withdraws, what it cannot, and what it does to others on her phone."""

    enrollment: int
    already: bool
    timezone: str
    """IANA name: her clock."""
    withdrawn: tuple[str, ...] = ()
    """Steps that will not be said."""
    on_their_way: tuple[str, ...] = ()
    """Steps that may have left a moment ago."""
    others: Mapping[int, Difference] = field(default_factory=dict)
    """By enrollment: only those whose texts change so that a person would say so."""
    unseen: Mapping[int, Difference] = field(default_factory=dict)
    """Others whose texts change in nothing but how early or late they may leave."""
    nobody_tells: tuple[str, ...] = ()
    """Texts of her other treatments that gave way to this one's, and do not come back: staff tell her."""
    opted_out: bool = False
    """Her number has opted out: what comes back for the others is not sent either."""


def find_ending(
    session: Session,
    enrollment: Enrollment,
    to: EnrollmentState,
    rules: PlanningRules,
    now: datetime,
    *,
    lock: bool = False,
) -> Ended:
    """What ending this enrollment would do; nothing is written.

    Raises Refused where it has ended otherwise, and for a no-show who was treated or whose appointment is to come.
    """
    whose = enrollment.id or 0
    if has_ended_so(enrollment, to, now):
        return Ended(whose, True, enrollment.timezone)
    on_phone = enrollments_on(session, [enrollment.phone])
    running = [one.id for one in on_phone if one.id is not None and one.state in RUNNING]
    if lock:
        _lock(session, running)
    texts = messages_of(session, whose)
    planned = [text for text in texts if text.state is MessageState.PLANNED and text.kind != ANSWER]
    ended = Ended(
        whose,
        False,
        enrollment.timezone,
        withdrawn=tuple(text.step for text in planned),
        on_their_way=tuple(text.step for text in texts if text.state in _ON_ITS_WAY),
    )
    if running == [whose]:
        return ended
    before = [facts_of(session, one) for one in on_phone]
    after = [replace(one, state=to) if one.enrollment == whose else one for one in before]
    outlook = look_ahead(session, after, rules, now, before=before, lock=lock)
    found = outlook.differences()
    return replace(
        ended,
        others={other: difference for other, difference in found.items() if difference.changes_anything},
        unseen={other: difference for other, difference in found.items() if not difference.changes_anything},
        nobody_tells=tuple(_nobody_tells(look_ahead(session, before, rules, now), outlook, whose, planned)),
        opted_out=is_opted_out(session, enrollment.phone) is not None,
    )


def has_ended_so(enrollment: Enrollment, to: EnrollmentState, now: datetime) -> bool:
    """Whether it has ended in this way already. Raises Refused where it cannot end in this way."""
    if enrollment.state is to:
        return True
    if enrollment.state not in RUNNING:
        raise Refused(f"enrollment {enrollment.id} has ended already ({enrollment.state.value.replace('_', '-')})")
    if to is EnrollmentState.NO_SHOW:
        _refuse_to_miss(enrollment, now)
    return False


def _refuse_to_miss(enrollment: Enrollment, now: datetime) -> None:
    """A visit cannot be missed once it took place, nor before its hour."""
    if enrollment.treated_at is not None:
        raise Refused(
            f"enrollment {enrollment.id} was treated, so it is no no-show",
            code=RefusalCode.TREATED_ALREADY,
            enrollment=enrollment.id,
        )
    if enrollment.appointment_at is not None and enrollment.appointment_at > now:
        when = say_moment(enrollment.appointment_at, zone_called(enrollment.timezone))
        raise Refused(
            f"the appointment of enrollment {enrollment.id} is still to come ({when}), so it is no no-show yet; "
            "where it is called off, cancel it; where it moves, say to when",
            code=RefusalCode.VISIT_TO_COME,
            enrollment=enrollment.id,
        )


def end(
    session: Session,
    enrollment: Enrollment,
    to: EnrollmentState,
    rules: PlanningRules,
    *,
    now: datetime,
    by: str,
    why: str,
) -> Ended:
    """Cancel what is planned, close the enrollment, and let the others on her number follow; all in the caller's
    transaction. The second time changes nothing."""
    take_turn(session)
    session.refresh(enrollment)  # somebody else's turn may have come first
    ended = find_ending(session, enrollment, to, rules, now, lock=True)
    if ended.already:
        return ended
    outbox.move_where(
        session,
        col(Message.enrollment_id) == ended.enrollment,
        ~outbox.is_answer(),
        seen=MessageState.PLANNED,
        to=MessageState.CANCELLED,
        at=now,
        by=by,
        why=why,
    )
    enrollments.move(session, ended.enrollment, seen=enrollment.state, to=to, at=now, by=by, why=why)
    differences = {**ended.others, **ended.unseen}
    for other in enrollments_on(session, [enrollment.phone]):
        if other.id in differences:
            facts, difference = facts_of(session, other), differences[other.id]
            carry_out(session, facts, difference, at=now, by=by, opted_out=ended.opted_out)
    return ended


def _lock(session: Session, enrollment_ids: Sequence[int]) -> None:
    """Let no text of theirs leave meanwhile."""
    theirs = select(col(Message.id)).where(col(Message.enrollment_id).in_(enrollment_ids))
    session.execute(theirs.order_by(col(Message.id)).with_for_update())


def _nobody_tells(was: Outlook, becomes: Outlook, whose: int, withdrawn: Sequence[Message]) -> Iterator[str]:
    """What the withdrawn texts would have told her, and what her other treatments leave to staff now."""
    hers = next(one for one in becomes.after if one.enrollment == whose)
    untold = {(text.kind, topic) for text in withdrawn for topic in text.topics or ()}
    for other in becomes.after:
        if other.state not in RUNNING or not other.is_same_patient(hers):
            continue
        covered = {one.step for one in was.plans[other.enrollment].withheld if not one.for_staff}
        said = said_steps(becomes.rows.get(other.enrollment, ()))
        for withheld in becomes.plans[other.enrollment].withheld:
            if withheld.for_staff and withheld.step in covered - said and untold & _says(other, withheld.step):
                yield f"enrollment {other.enrollment}: {withheld.step}"


def _says(facts: Facts, key: str) -> set[tuple[str, str]]:
    step = next(step for step in facts.protocol.steps if step.key == key)
    return {(step.kind.value, topic) for topic in step.named_topics}
