"""What a command would do to an enrollment and to every text on its number: found by planning anew, not written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import messages_of
from notifier.db.protocols import UnreadableVersion
from notifier.db.tables import Enrollment, Message
from notifier.domain.kinds import REPLY
from notifier.domain.offices import choose_office
from notifier.domain.planning.difference import PlanDifference, PlannedChange, sent_steps
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.protocol_choice import check_allowed
from notifier.domain.pseudonyms import is_pseudonym
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING, EnrollmentState, MessageState
from notifier.enrollments.clearing import refuse_gates
from notifier.enrollments.command import Command
from notifier.enrollments.eligibility import refuse_unready
from notifier.enrollments.first_text_changes import FirstTextChange, plan_first_changes
from notifier.enrollments.keys import unplanned_columns
from notifier.enrollments.outlook import Outlook, look_ahead
from notifier.enrollments.plans import company_of, enrollments_on, facts_of, facts_without_protocol
from notifier.numbers.holds import is_held_whole
from notifier.numbers.opt_outs import opted_out_phones
from schedules.asking import first_asking

_ON_ITS_WAY = frozenset({MessageState.ATTEMPTING, MessageState.UNKNOWN})
_WAITS = "waits until somebody lets it go on"
_WITHDRAWN = "waits until somebody decides: consent was withdrawn"


@dataclass(frozen=True, slots=True)
class CommandPlan:
    """What a command would do, found at one instant; nothing is written."""

    before: EnrollmentFacts
    after: EnrollmentFacts
    opted_out: bool
    """The number, or the one that it becomes, has opted out: whatever the differences say, no text is sent."""
    already: bool = False
    """It was done before; nothing changes."""
    own: PlanDifference = field(default_factory=PlanDifference)
    others: Mapping[int, PlanDifference] = field(default_factory=dict)
    """By enrollment: all on the number that something is written for, be it how early or late a text may leave."""
    offices: Mapping[int, str | None] = field(default_factory=dict)
    """By enrollment: where the others belong."""
    on_their_way: tuple[str, ...] = ()
    """Steps that may have left a moment ago, where the command stops the others."""
    others_unplanned: bool = False
    """Whether the texts of others on the number stay as they are because a protocol version cannot be read."""
    first: tuple[FirstTextChange, ...] = ()
    """What becomes of the texts that leave at enrollment."""
    uninformed: tuple[str, ...] = ()
    """Topics that no text tells, and no person has."""
    nobody_tells: tuple[tuple[int, str], ...] = ()
    """Enrollment and step: texts of the patient's other treatments that gave way to these and do not come back."""


def plan_command(
    session: Session,
    stored: Enrollment,
    command: Command,
    rules: PlanningRules,
    now: datetime,
    *,
    lock: bool = False,
) -> CommandPlan:
    """What the command would do. Raises Refused with a sentence.

    `lock` is for a session that will write what is found: no text can leave meanwhile.
    """
    if is_pseudonym(stored.phone):
        raise Refused(f"the patient of enrollment {stored.id} was erased; enroll the patient anew")
    before = _facts_before(session, stored, command)
    if command.is_done(stored):
        return CommandPlan(before, before, _opted_out(session, before, before), already=True)
    command.refuse(stored, now)
    if command.holds_number:
        return _number_held(session, stored, before)
    after = command.after(before, now)
    plan = CommandPlan(before, after, _opted_out(session, before, after))
    if after.state not in RUNNING:
        return _ended(session, plan, rules, now, lock)
    if command.to is EnrollmentState.HELD:
        return _held(session, plan)
    return _changed(session, stored, plan, command, rules, now, lock)


def _facts_before(session: Session, stored: Enrollment, command: Command) -> EnrollmentFacts:
    """What ends or holds an enrollment must work whatever it was enrolled on."""
    try:
        return facts_of(session, stored)
    except UnreadableVersion:
        if command.to is None and not command.holds_number:
            raise
        return facts_without_protocol(stored)


def _opted_out(session: Session, before: EnrollmentFacts, after: EnrollmentFacts) -> bool:
    return bool(opted_out_phones(session, {before.phone, after.phone}))


def _changed(
    session: Session,
    stored: Enrollment,
    plan: CommandPlan,
    command: Command,
    rules: PlanningRules,
    now: datetime,
    lock: bool,
) -> CommandPlan:
    """The name and the number are the patient's, not the enrollment's: they change in all of the patient's enrollments,
    so that a second treatment is still known as the same patient's."""
    before, after, wanted = plan.before, plan.after, command.wanted()
    if wanted.office is not None:
        choose_office(wanted.office, rules.offices, rules.yours)
    if wanted.office is not None or wanted.protocol is not None:
        check_allowed(after.protocol, after.office, rules)
    if command.checks_words and (wanted.protocol is not None or after.language != before.language):
        refuse_unready(session, after, rules)  # other words than the patient was enrolled on
    on_phone = enrollments_on(session, [before.phone, after.phone])
    company = company_of(session, on_phone, before, after)
    later = [_follow(other, before, after) for other in company]
    unplanned_columns(session, stored, wanted, after, rules, for_preview=not lock)
    outlook = look_ahead(session, later, rules, now, before=company, lock=lock)
    others = outlook.differences(but=before.enrollment)
    refuse_gates(before, after, wanted, later, outlook.rows.get(after.enrollment, ()))
    said = sent_steps(outlook.rows.get(after.enrollment, ()))
    first = plan_first_changes(session, before, after, company, outlook.plans[after.enrollment], rules, now, said=said)
    plan = replace(plan, own=outlook.difference(after), others=others, others_unplanned=outlook.others_unplanned)
    uninformed = outlook.plans[after.enrollment].uninformed if after.enrollment in outlook.plans else ()
    return replace(plan, offices=_offices(company), first=first, uninformed=uninformed)


def _ended(session: Session, plan: CommandPlan, rules: PlanningRules, now: datetime, lock: bool) -> CommandPlan:
    """What has not left does not leave, and what gave way to it on the number comes back."""
    whose = plan.before.enrollment
    on_phone = enrollments_on(session, [plan.before.phone])
    running = [one.id for one in on_phone if one.id is not None and one.state in RUNNING]
    if lock:
        _lock(session, running)
    planned, on_their_way = _unsent(session, whose)
    withdrawn = tuple(PlannedChange(text.step, text) for text in planned)
    plan = replace(plan, own=PlanDifference(cancelled=withdrawn), on_their_way=on_their_way)
    if running == [whose]:
        return plan
    try:
        company = [facts_of(session, one) for one in on_phone]
    except UnreadableVersion:
        return replace(plan, others_unplanned=True)
    later = [plan.after if one.enrollment == whose else one for one in company]
    outlook = look_ahead(session, later, rules, now, before=company, lock=lock)
    was = look_ahead(session, company, rules, now)
    nobody_tells = tuple(_without_a_text(was, outlook, plan.after, planned))
    return replace(plan, others=outlook.differences(), offices=_offices(company), nobody_tells=nobody_tells)


def _held(session: Session, plan: CommandPlan) -> CommandPlan:
    """The texts stay planned and keep their places among those of others: they only do not leave."""
    planned, on_their_way = _unsent(session, plan.before.enrollment)
    waits = tuple(PlannedChange(text.step, text, why=_WAITS) for text in planned)
    return replace(plan, own=PlanDifference(moved=waits), on_their_way=on_their_way)


def _number_held(session: Session, stored: Enrollment, before: EnrollmentFacts) -> CommandPlan:
    """Every text to the number stays planned and waits. A number that has opted out has nothing that could wait."""
    opted_out = _opted_out(session, before, before)
    held = stored.consent_withdrawn_at is not None and is_held_whole(session, stored.phone)
    plan = CommandPlan(before, before, opted_out, already=opted_out or held)
    if plan.already:
        return plan
    running = [one for one in enrollments_on(session, [stored.phone]) if one.state in RUNNING]
    unsent = {one.id or 0: _unsent(session, one.id or 0) for one in running}
    waits = {
        whose: PlanDifference(moved=tuple(PlannedChange(text.step, text, why=_WITHDRAWN) for text in planned))
        for whose, (planned, _) in unsent.items()
    }
    offices = {one.id or 0: one.office for one in running}
    own, on_their_way = waits.pop(before.enrollment, PlanDifference()), unsent.get(before.enrollment, ([], ()))[1]
    return replace(plan, own=own, others=waits, offices=offices, on_their_way=on_their_way)


def _unsent(session: Session, whose: int) -> tuple[list[Message], tuple[str, ...]]:
    """Texts that are planned, and the steps of those that may have left a moment ago."""
    texts = messages_of(session, whose)
    planned = [text for text in texts if text.state is MessageState.PLANNED and text.kind != REPLY]
    return planned, tuple(text.step for text in texts if text.state in _ON_ITS_WAY)


def _offices(company: Sequence[EnrollmentFacts]) -> dict[int, str | None]:
    return {one.enrollment: one.office for one in company}


def _follow(other: EnrollmentFacts, before: EnrollmentFacts, after: EnrollmentFacts) -> EnrollmentFacts:
    if other.enrollment == before.enrollment:
        return after
    if not other.is_same_patient(before):
        return other
    return replace(other, phone=after.phone, first_name=after.first_name, folded_name=after.folded_name)


def _lock(session: Session, enrollment_ids: Sequence[int]) -> None:
    """Let no text of theirs leave meanwhile."""
    messages = select(col(Message.id)).where(col(Message.enrollment_id).in_(enrollment_ids))
    session.execute(messages.order_by(col(Message.id)).with_for_update())


def _without_a_text(
    was: Outlook, becomes: Outlook, ended: EnrollmentFacts, withdrawn: Sequence[Message]
) -> Iterator[tuple[int, str]]:
    """What the withdrawn texts would have told the patient, and what the other treatments leave to staff now."""
    withdrawn_topics = {(text.kind, topic) for text in withdrawn for topic in text.topics or ()}
    for other in becomes.after:
        if other.state not in RUNNING or not other.is_same_patient(ended):
            continue
        covered = {one.step for one in was.plans[other.enrollment].withheld if not one.for_staff}
        said = sent_steps(becomes.rows.get(other.enrollment, ()))
        for withheld in becomes.plans[other.enrollment].withheld:
            if (
                withheld.for_staff
                and withheld.step in covered - said
                and withdrawn_topics & _says(other, withheld.step)
            ):
                yield other.enrollment, withheld.step


def _says(facts: EnrollmentFacts, key: str) -> set[tuple[str, str]]:
    step = next(step for step in facts.protocol.steps if step.key == first_asking(key))
    return {(step.kind.value, topic) for topic in step.named_topics}
