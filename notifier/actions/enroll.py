"""Enroll one patient: her enrollment and every text she will get, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.changing import the_enrollment
from notifier.db.enrolling import Written, refuse_unready, write_enrollments
from notifier.db.enrollments import by_external_id
from notifier.db.holds import open_holds
from notifier.db.outbox import messages_of
from notifier.db.plans import enrollments_on, facts_of
from notifier.db.tables import Enrollment, Message
from notifier.domain.enroll_request import Checked, EnrollRequest, check_request, check_when
from notifier.domain.instants import said_in
from notifier.domain.plan_diff import Difference
from notifier.domain.planning import Plan, PlanningRules, plan_for
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What staff see after they enrolled somebody."""

    enrollment: int
    already: bool
    """The same enrollment was there before; nothing was changed."""
    plan: Plan
    messages: tuple[Message, ...]
    """The outbox rows, oldest first."""
    others: Mapping[int, Difference]
    """Other enrollments on this phone whose unsent texts changed."""
    warnings: tuple[str, ...]


def enroll(
    session: Session,
    request: EnrollRequest,
    *,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
    by: str,
) -> Enrolled:
    """Enroll, or find the same enrollment again. Raises Refused with a sentence and the field it is about."""
    wanted = check_request(request, protocols, rules)
    if wanted.external_id and (known := by_external_id(session, rules.clinic_id, wanted.external_id)):
        _refuse_other_content(session, known, wanted)
        written = Written(known.id or 0, True, facts_of(session, known))
    else:
        check_when(wanted, now)
        refuse_unready(session, wanted.facts, rules)
        written = write_enrollments(session, [wanted], rules, now=now, by=by)[0]
    return _tell(session, written, wanted, rules)


def _refuse_other_content(session: Session, known: Enrollment, wanted: Checked) -> None:
    """The same external id with the same content is the same enrollment; with other content it is a change."""
    facts, stored = wanted.facts, facts_of(session, known)
    pairs = {
        "name": (wanted.name.full, known.name),
        "phone": (facts.phone, known.phone),
        "protocol": (facts.protocol.id, known.protocol),
        "treated_at": (facts.treated_at, known.treated_at),
        "timezone": (facts.timezone, known.timezone),
        "language": (facts.language, known.language),
        "answers": (dict(facts.answers), dict(stored.answers)),
    }
    if different := [name for name, (new, old) in pairs.items() if new != old]:
        said = " and ".join(different)
        raise Refused(
            f"external_id {wanted.external_id} is enrollment {known.id} already, with another {said}; "
            f"to change it: notifier change {known.id}",
            "external_id",
        )


def _tell(session: Session, written: Written, wanted: Checked, rules: PlanningRules) -> Enrolled:
    enrollment = the_enrollment(session, rules.clinic_id, written.enrollment)
    messages = tuple(messages_of(session, written.enrollment))
    plan = written.plan
    if plan is None:
        company = [facts_of(session, one) for one in enrollments_on(session, rules.clinic_id, [enrollment.phone])]
        plan = plan_for(written.facts, company, rules, enrolled_at=enrollment.enrolled_at)
    return Enrolled(
        enrollment=written.enrollment,
        already=written.already,
        plan=plan,
        messages=messages,
        others=written.others,
        warnings=tuple(_warnings(session, rules.clinic_id, written, wanted, messages, plan)),
    )


def _warnings(
    session: Session,
    clinic_id: str,
    written: Written,
    wanted: Checked,
    messages: tuple[Message, ...],
    plan: Plan,
) -> Iterator[str]:
    """What staff should hear at once, in sentences."""
    facts = written.facts
    if written.already:
        if facts.anchor.at != wanted.facts.anchor.at:
            when = said_in(facts.anchor.at, facts.timezone)
            yield f"she is enrolled with {when}; to change it: notifier change {facts.enrollment}"
        return
    if written.opted_out:
        yield "this number has opted out: nothing will be sent; tell the patient in person"
    elif messages and all(message.state is MessageState.EXPIRED for message in messages):
        yield "the moment of every text has passed: nothing will be sent"
    for hold in open_holds(session, clinic_id, facts.phone):
        yield f"texts to this number wait for a person: {hold.reason}"
    for withheld in plan.withheld:
        yield f"{withheld.step} is not sent: {withheld.why}"
    for whose, difference in written.others.items():
        for entry in difference.withheld:
            yield f"enrollment {whose}: {entry.step} is not sent any more: {entry.why}"
        for entry in difference.wrong_now:
            yield f"enrollment {whose}: {entry.step} was sent and is wrong now ({entry.why}); call her"
