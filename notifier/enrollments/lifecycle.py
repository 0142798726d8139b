"""The life of an enrollment: what a command would do (`preview`), and doing it (`apply`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import enrollments, outbox
from notifier.db.enrollments import sharing_phone, the_enrollment
from notifier.db.events import record_event
from notifier.db.protocols import store_version
from notifier.db.search_words import keep_former_number, refresh_words
from notifier.db.seen_to import mark_ended, mark_running
from notifier.db.tables import Enrollment, Message
from notifier.domain.cleared import cleared_note
from notifier.domain.informed import informed_note
from notifier.domain.names import Name, check_name
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.states import RUNNING, EnrollmentState, MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.command_effect import effect_of
from notifier.enrollments.command_plan import CommandPlan, plan_command
from notifier.enrollments.effect import Effect
from notifier.enrollments.fields import PLANNED
from notifier.enrollments.first_text_changes import write_first_changes
from notifier.enrollments.keys import ordinals_of_followers, unplanned_columns
from notifier.enrollments.plans import OPTED_OUT, carry_out, enrollments_on, facts_of, lock_plans
from notifier.numbers.asks import keep_from_old_number
from notifier.numbers.erased import recall_number
from notifier.numbers.holds import hold_number, is_held_whole, open_holds
from notifier.numbers.open_replies import follow_number
from notifier.numbers.opt_outs import is_opted_out, opt_out, opted_out_phones


def preview(session: Session, enrollment_id: int, command: Command, *, rules: PlanningRules, now: datetime) -> Effect:
    """What the command would do; nothing is written. Raises Refused with a sentence."""
    stored = the_enrollment(session, enrollment_id)
    return _effect(stored, plan_command(session, stored, command, rules, now), command, rules)


def apply(
    session: Session, enrollment_id: int, command: Command, *, rules: PlanningRules, now: datetime, by: str
) -> Effect:
    """Find the effect again and write it, all in the caller's transaction. Raises Refused with a sentence.

    One planner at a time: nobody plans the same number meanwhile, and no text of it leaves.
    """
    lock_plans(session)
    stored = the_enrollment(session, enrollment_id)
    session.refresh(stored)  # somebody else's turn may have come first
    plan = plan_command(session, stored, command, rules, now, lock=True)
    effect = _effect(stored, plan, command, rules)  # what it says of a text is gone once that is written
    if plan.already:
        return effect
    if command.holds_number:
        _write_hold(session, stored, command, now, by)
        return effect
    if command.to is None:
        _write_change(session, stored, plan, command, rules, now, by)
    else:
        _write_state(session, stored, plan, command, command.to, now, by)
    _write_texts(session, plan, now, by, but_own=command.to is not None)
    is_out = is_opted_out(session, plan.after.phone) is not None
    write_first_changes(session, plan.first, plan.before, plan.after, now=now, by=by, opted_out=is_out)
    if stored.state not in RUNNING:
        mark_ended(session, enrollment_id)
    elif plan.before.state not in RUNNING:
        mark_running(session, enrollment_id)
    return effect


def _effect(stored: Enrollment, plan: CommandPlan, command: Command, rules: PlanningRules) -> Effect:
    return effect_of(stored, plan, command.wanted(), rules.yours)


def _write_hold(session: Session, stored: Enrollment, command: Command, now: datetime, by: str) -> None:
    """The texts stay planned; a person ends the hold, the enrollment, or the number."""
    for one in sharing_phone(session, stored.phone):
        if one.folded_name == stored.folded_name and one.state in RUNNING:
            one.consent_withdrawn_at = now
            record_event(session, enrollment_id=one.id, at=now, by=by, what=command.event, why=command.note())
    if not is_held_whole(session, stored.phone):
        hold_number(session, stored.phone, reason=command.note(), at=now, by=by)
    session.flush()


def _write_state(
    session: Session,
    stored: Enrollment,
    plan: CommandPlan,
    command: Command,
    to: EnrollmentState,
    now: datetime,
    by: str,
) -> None:
    """A hold keeps the texts planned; an ending withdraws them."""
    whose, why = plan.before.enrollment, command.note()
    before_hold = {"state_before_hold": stored.state.value} if to is EnrollmentState.HELD else {}
    if to not in RUNNING:
        outbox.move_where(
            session,
            col(Message.enrollment_id) == whose,
            ~outbox.is_reply_or_test(),
            seen=MessageState.PLANNED,
            to=MessageState.CANCELLED,
            at=now,
            by=by,
            why=why,
        )
    enrollments.move(session, whose, seen=stored.state, to=to, at=now, by=by, why=why, **before_hold)


def _write_change(
    session: Session,
    stored: Enrollment,
    plan: CommandPlan,
    command: Command,
    rules: PlanningRules,
    now: datetime,
    by: str,
) -> None:
    before, after, wanted = plan.before, plan.after, command.wanted()
    if wanted.protocol is not None:
        store_version(session, wanted.protocol, now)
    columns = unplanned_columns(session, stored, wanted, after, rules)
    follow = ordinals_of_followers(session, stored, after, columns["ordinal"], rules)
    _rename(session, before, after, wanted, follow)
    for column, value in columns.items():
        setattr(stored, column, value)
    _write_fields(stored, after)
    session.flush()
    _keep_words(session, before, after)
    if before.phone != after.phone:
        recall_number(session, after.phone, rules.pseudonyms)
        _opt_out_follows(session, before.phone, after.phone, now, by)
    if command.event != "informed" and after.informed != before.informed:
        why = informed_note(after.informed)
        record_event(session, enrollment_id=before.enrollment, at=now, by=by, what="informed", why=why)
    if command.event != "cleared" and (note := cleared_note(before.cleared, after.cleared)):
        record_event(session, enrollment_id=before.enrollment, at=now, by=by, what="cleared", why=note)
    record_event(
        session,
        enrollment_id=before.enrollment,
        at=now,
        by=by,
        what=command.event,
        from_state=before.state.value,
        to_state=after.state.value,
        why=command.note(),
        words=None if _is_same_person(before, after) else f"{stored.phone}\n{stored.name}",
    )


def _is_same_person(before: EnrollmentFacts, after: EnrollmentFacts) -> bool:
    return (before.phone, before.folded_name) == (after.phone, after.folded_name)


def _rename(
    session: Session,
    before: EnrollmentFacts,
    after: EnrollmentFacts,
    wanted: ChangeRequest,
    ordinals: Mapping[int, int],
) -> None:
    """Name and number are the patient's: they change in all of the patient's enrollments.

    `ordinals`: which treatment of its day each of the others then is.
    """
    name: Name | None = None if wanted.name is None else check_name(wanted.name)
    for one in sharing_phone(session, before.phone):
        if one.folded_name == before.folded_name:
            one.phone, one.ordinal = after.phone, ordinals.get(one.id or 0, one.ordinal)
            if name is not None:
                one.name, one.folded_name = name.full, name.folded


def _keep_words(session: Session, before: EnrollmentFacts, after: EnrollmentFacts) -> None:
    """What the patient is found by follows; a former number is one more."""
    who = [one.id or 0 for one in sharing_phone(session, after.phone) if one.folded_name == after.folded_name]
    refresh_words(session, who)
    if before.phone != after.phone:
        keep_former_number(session, who, before.phone)


def _write_fields(stored: Enrollment, after: EnrollmentFacts) -> None:
    if after.state is not EnrollmentState.HELD:
        stored.state_before_hold = None
    elif after.treated_at is not None:
        stored.state_before_hold = EnrollmentState.ACTIVE.value
    if stored.state not in RUNNING:
        stored.reason = None
    stored.state = after.state
    stored.protocol, stored.version = after.protocol.id, after.protocol.version
    for name in PLANNED:
        setattr(stored, name, getattr(after, name))
    stored.answers = dict(after.answers)
    stored.informed = dict(after.informed)
    stored.restrictions, stored.cleared = dict(after.restrictions), dict(after.cleared)
    stored.treated_on = after.local_day


def _write_texts(session: Session, plan: CommandPlan, now: datetime, by: str, *, but_own: bool) -> None:
    """The texts of everybody on the number follow; `but_own`: those of the enrollment itself are written already."""
    before, after = plan.before, plan.after
    differences = {} if but_own else {before.enrollment: plan.own}
    differences |= plan.others
    opted_out = opted_out_phones(session, {before.phone, after.phone})
    on_phone = enrollments_on(session, [before.phone, after.phone]) if differences else []
    now_on_phone = {one.id: facts_of(session, one) for one in on_phone if one.id in differences}
    for whose, difference in differences.items():
        facts = now_on_phone[whose]
        is_out = facts.phone in opted_out
        carry_out(session, facts, difference, at=now, by=by, opted_out=is_out)
    if not but_own and after.phone in opted_out:
        who = (after.phone, after.folded_name)
        theirs = [one.id for one in on_phone if one.id is not None and (one.phone, one.folded_name) == who]
        _suppress(session, theirs, now, by)


def _opt_out_follows(session: Session, old: str, new: str, now: datetime, by: str) -> None:
    """A patient who said stop, or whose words nobody has read yet, is the same patient with another number."""
    if is_opted_out(session, old) is not None:
        opt_out(session, new, source="number_changed", at=now, by=by)
    for hold in open_holds(session, old):
        hold_number(session, new, reason=hold.reason, at=now, by=by, kinds=hold.kinds)
    follow_number(session, old, new, at=now)
    keep_from_old_number(session, old, at=now, by=by)


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
