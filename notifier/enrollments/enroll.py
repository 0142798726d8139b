"""Enroll one patient: the enrollment and every text that will be sent, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment, Message
from notifier.domain.instants import local_text
from notifier.domain.planning.first_text import FirstText
from notifier.domain.planning.number_plan import plan_for
from notifier.domain.planning.plan import Plan, PlanningRules
from notifier.domain.planning.warnings import NOTHING_LEFT, of_plan, says_nothing
from notifier.domain.protocol_choice import say_waiting
from notifier.domain.refused import RefusalCode, Refused
from notifier.enrollments.approved import approved_catalogue
from notifier.enrollments.course_over import refuse_another_visit
from notifier.enrollments.effect import Effect
from notifier.enrollments.effect_sentences import sentences_about
from notifier.enrollments.eligibility import Standing, lock_and_read_standing, person_of
from notifier.enrollments.enroll_effect import effect_of_known, effect_of_new, visible_of
from notifier.enrollments.field_values import stored
from notifier.enrollments.fields import CHANGEABLE, Field
from notifier.enrollments.first_texts import StoredText, first_text_json
from notifier.enrollments.known_erased import refuse_erased
from notifier.enrollments.plans import company_of, enrollments_on, facts_of
from notifier.enrollments.requests import Checked, EnrollRequest, check_request, check_when
from notifier.enrollments.write import Written, write_enrollments
from notifier.numbers.never_text import refuse_never_texted
from notifier.numbers.opt_outs import is_opted_out
from schedules.protocol import FIRST_TEXT, CareProtocol
from schedules.saying import say_moment
from schedules.timeline_json import timeline_json


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What staff see after they enrolled somebody."""

    enrollment: int
    already: bool
    """The same enrollment was there before; nothing was changed."""
    plan: Plan
    warnings: tuple[str, ...]
    find_effect: Callable[[], Effect]
    first: FirstText | None = None
    """The text that leaves at enrollment, where this enrollment has one."""

    @property
    def effect(self) -> Effect:
        """What enrolling did: the texts of the patient, and what changed for others on the number.

        Worked out where it is asked for: a page does not ask.
        """
        return self.find_effect()

    def to_json(self, texts: Iterable[StoredText]) -> dict[str, Any]:
        """The timeline with the number and the state of each of its `texts_of`, for programs."""
        answer = timeline_json(self.plan.timeline)
        rows = {row.step: row for row in texts}
        for message in answer["messages"]:
            row = rows.get(message["step"])
            message["message"] = row.id if row else None
            message["state"] = row.state.value if row else None
        first = first_text_json(self.first, self.plan.timeline.zone, rows.get(FIRST_TEXT))
        said = {"enrollment": self.enrollment, "already": self.already, **answer, "first_text": first}
        said["warnings"] = list(self.warnings)
        return said | {"effect": self.effect.to_json()}


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
    wanted = check_request(request, approved_catalogue(session, protocols, rules), rules)
    standing = lock_and_read_standing(session, [wanted], rules, now)
    asks = refuse_never_texted(standing.is_never_texted(person_of(wanted)))
    if standing.anybody_erased:
        refuse_erased(session, wanted, rules.pseudonyms)
    known = _of_that_id(wanted, standing)
    if known is not None and rules.is_yours(known.office):
        refuse_another_visit(session, known, wanted, now)
        _refuse_other_content(known, wanted)
        written = Written(known.id or 0, True, facts_of(session, known))
    else:
        check_when(wanted, now)
        written = write_enrollments(session, [wanted], rules, now=now, by=by, standing=standing)[0]
    done = _enrolled(session, written, wanted, rules, now, protocols.get(wanted.facts.protocol.id))
    return replace(done, warnings=(*done.warnings, asks)) if asks else done


def _of_that_id(wanted: Checked, standing: Standing) -> Enrollment | None:
    """The enrollment that the clinic's own system calls as the request says."""
    known = (one for one in standing.enrollments if one.external_id == wanted.external_id)
    return next(known, None) if wanted.external_id else None


def _refuse_other_content(known: Enrollment, wanted: Checked) -> None:
    """The same external id with the same content is the same enrollment; with other content it is a change."""
    different = [
        one.name
        for one in CHANGEABLE
        if one.is_kept and _is_compared(one, known, wanted) and wanted.value(one.name) != stored(one, known)
    ]
    if different:
        said = " and ".join(different)
        raise Refused(
            f"the id {wanted.external_id} is enrollment {known.id} already, with another {said}; change that one",
            "external_id",
            code=RefusalCode.ENROLLED_OTHERWISE,
            enrollment=known.id,
        )


def _is_compared(field: Field, known: Enrollment, wanted: Checked) -> bool:
    if field.name == "appointment_at":  # of a treated patient it says nothing any more
        return known.treated_at is None and wanted.facts.treated_at is None
    return field.whole or (field.name in wanted.given and field.name != "second" and not field.is_key)


def _enrolled(
    session: Session,
    written: Written,
    wanted: Checked,
    rules: PlanningRules,
    now: datetime,
    present: CareProtocol | None,
) -> Enrolled:
    plan = written.plan
    if plan is not None:
        find_effect = partial(
            effect_of_new,
            wanted,
            plan,
            written.others,
            enrollment=written.enrollment,
            first=written.first,
            opted_out=written.opted_out,
            others_unplanned=written.others_unplanned,
            offices=written.offices,
            yours=rules.yours,
            now=now,
        )
    else:
        enrollment = the_enrollment(session, written.enrollment)
        is_out = is_opted_out(session, enrollment.phone) is not None
        find_effect = partial(effect_of_known, enrollment, written.facts, opted_out=is_out)
        company = company_of(session, enrollments_on(session, [enrollment.phone]), written.facts)
        plan = plan_for(written.facts, company, rules, enrolled_at=enrollment.enrolled_at)
    return Enrolled(
        enrollment=written.enrollment,
        already=written.already,
        plan=plan,
        warnings=tuple(_warnings(written, wanted, plan, rules.yours, present)),
        find_effect=find_effect,
        first=written.first,
    )


def texts_of(session: Session, enrollment: int) -> list[StoredText]:
    """The texts of an enrollment in the outbox, the oldest first."""
    found = session.connection().execute(_TEXTS_OF, {"enrollment": enrollment})
    return [StoredText(id_, step, state) for id_, step, state in found]


_TEXTS_OF: Final = (
    select(col(Message.id), col(Message.step), col(Message.state))
    .where(col(Message.enrollment_id) == bindparam("enrollment"))
    .order_by(col(Message.id))
)


def _warnings(
    written: Written, wanted: Checked, plan: Plan, yours: frozenset[str] | None, present: CareProtocol | None
) -> Iterator[str]:
    """What staff should hear at once, in sentences."""
    facts = written.facts
    if written.already:
        if facts.anchor.at != wanted.facts.anchor.at:
            when = local_text(facts.anchor.at, facts.timezone)
            yield f"the patient is enrolled with {when}; where that is wrong, change enrollment {facts.enrollment}"
        return
    if written.opted_out:
        yield "this number has opted out: nothing will be sent; tell the patient in person"
    elif says_nothing(plan):
        yield NOTHING_LEFT
    if waiting := say_waiting(wanted.facts.protocol, present):
        yield waiting
    for reason in written.held:
        yield f"texts to this number wait for a person: {reason}"
    if written.first is not None and written.first.notes:
        when = say_moment(written.first.due_at, plan.timeline.zone)
        yield f"the first text leaves only on {when}, so nobody sees now whether the number is right"
    yield from of_plan(plan)
    yield from sentences_about(visible_of(written.others, written.offices, yours))
