"""What a patient would get if enrolled now: planned by what plans, while staff are still typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from notifier.db.tables import Enrollment
from notifier.domain.kinds import NEVER_TEXT
from notifier.domain.names import check_name
from notifier.domain.phone import parse_phone
from notifier.domain.planning.first_text import FirstText, first_text
from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules
from notifier.domain.planning.warnings import of_plan
from notifier.domain.protocol_choice import say_waiting
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING, EnrollmentState
from notifier.enrollments.approved import approved_catalogue
from notifier.enrollments.effect import Effect, others_of
from notifier.enrollments.effect_sentences import sentences_about
from notifier.enrollments.eligibility import refuse_unready
from notifier.enrollments.enroll_effect import effect_of_known, effect_of_new, visible_of
from notifier.enrollments.first_texts import first_text_json, numbers_in_a_course
from notifier.enrollments.identity import next_ordinal
from notifier.enrollments.outlook import Outlook, look_ahead
from notifier.enrollments.plans import company_of, enrollments_on, facts_of
from notifier.enrollments.requests import Checked, EnrollRequest, check_request, check_when
from notifier.numbers.never_text import Person, is_never_texted
from notifier.numbers.open_replies import what_holds_for
from notifier.numbers.opt_outs import is_opted_out
from schedules.protocol import CareProtocol
from schedules.timeline_json import timeline_json

_STAND_INS = {"name": "Patient", "phone": "+12025550100", "consent": "stands in"}
"""For what is not typed yet, so that the rest can be checked; they never reach the plan."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan and the problems of a request that may be incomplete."""

    plan: Plan | None
    phone: str | None
    """The number as E.164, once it is one."""
    problems: tuple[Refused, ...]
    """What is wrong, in the order of the form; nothing that is merely not filled in yet."""
    missing: tuple[str, ...]
    """Fields that are still empty."""
    opted_out: bool
    waits_for: str | None
    """Why texts to this number wait for a person."""
    known: int | None
    """The enrollment that the patient has already."""
    earlier: tuple[int, ...]
    """Her enrollments for other treatments."""
    warnings: tuple[str, ...]
    """What enrolling would leave unsaid, to the patient or to others on the number, in sentences."""
    first: FirstText | None
    """The text that would leave at enrollment."""
    after_visit: Plan | None
    """For a visit to come: what the patient would get if the treatment ended when the appointment is."""
    effect: Effect | None
    """What enrolling would do, once nothing is missing or wrong."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that a person should know before enrolling, where no form shows it."""
        found = []
        if self.known is not None:
            found.append(f"the patient is enrolled already, as enrollment {self.known}: nothing would change")
        if self.opted_out:
            found.append("this number has opted out: nothing will be sent; tell the patient in person")
        if self.waits_for:
            found.append(f"texts to this number wait for a person: {self.waits_for}")
        return (*found, *self.warnings)

    def to_json(self) -> dict[str, Any]:
        """As enrolling says it, with no text stored yet. Only where nothing is missing or wrong."""
        assert self.plan is not None
        assert self.effect is not None
        answer = timeline_json(self.plan.timeline)
        for message in answer["messages"]:
            message |= {"message": None, "state": None}
        first = first_text_json(self.first, self.plan.timeline.zone, None)
        said = {"enrollment": self.known, "already": self.known is not None, **answer, "first_text": first}
        return said | {"warnings": list(self.sentences), "effect": self.effect.to_json()}


def preview(
    session: Session,
    request: EnrollRequest,
    *,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
) -> Preview:
    """Plan what can be planned and say what is wrong; writes nothing and raises nothing."""
    problems: list[Refused] = []
    lenient, missing = _fill_in(request, problems)
    if len(rules.choices) > 1 and not request.office:
        missing.append("office")
    approved = approved_catalogue(session, protocols, rules)
    checked = None if "office" in missing else _check(lenient, approved, rules, now, problems)
    has_phone = lenient.phone == request.phone
    phone = parse_phone(request.phone, vouched=bool(request.new_area_code)).e164 if has_phone else None
    on_phone = enrollments_on(session, [phone]) if phone else []
    outlook, known = None, None
    if checked is not None:
        checked = _without_stand_ins(checked, lenient, request)
        known = _known(checked, on_phone, rules, problems)
        person = Person(checked.facts.folded_name, phone, lenient.external_id)
        if is_never_texted(session, person):
            problems.append(Refused(f"{NEVER_TEXT}, whatever the number", "name"))
        outlook = _look_ahead(session, checked, [one for one in on_phone if one.id != known], rules, now, problems)
    plan = outlook.plans[0] if outlook else None
    others = others_of(outlook.differences()) if outlook and known is None else ()
    is_out = phone is not None and is_opted_out(session, phone) is not None
    offices = {one.id or 0: one.office for one in on_phone}
    after = _after_visit(session, checked, on_phone, known, rules, now) if checked and plan else None
    first = _first(session, checked.facts, plan, rules, now) if checked and plan and known is None else None
    effect = None
    if checked is not None and known is not None:
        stored = next(one for one in on_phone if one.id == known)
        effect = effect_of_known(stored, facts_of(session, stored), opted_out=is_out)
    elif checked is not None and plan is not None and not problems and not missing:
        unplanned = outlook is not None and outlook.others_unplanned
        about: dict[str, Any] = {
            "first": first,
            "opted_out": is_out,
            "offices": offices,
            "yours": rules.yours,
            "now": now,
        }
        effect = effect_of_new(checked, plan, others, enrollment=0, others_unplanned=unplanned, **about)
    said = say_waiting(checked.facts.protocol, protocols.get(checked.facts.protocol.id)) if checked else None
    waiting = (said,) if said else ()
    office = checked.facts.office if checked else None
    holds = what_holds_for(session, phone, office) if phone else []
    return Preview(
        plan=plan,
        phone=phone,
        problems=tuple(problems),
        missing=tuple(missing),
        opted_out=is_out,
        waits_for=holds[0].reason if holds else None,
        known=known,
        earlier=_earlier(checked, known, [one for one in on_phone if rules.is_yours(one.office)]),
        warnings=(*waiting, *of_plan(plan), *sentences_about(visible_of(others, offices, rules.yours))) if plan else (),
        first=first,
        after_visit=after,
        effect=effect,
    )


def rehearse(
    session: Session,
    request: EnrollRequest,
    *,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
) -> Preview:
    """What enrolling would do, of a request that must be whole; writes nothing. Raises Refused for its first fault."""
    check_request(request, approved_catalogue(session, protocols, rules), rules)
    found = preview(session, request, protocols=protocols, rules=rules, now=now)
    if found.problems:
        raise found.problems[0]
    return found


def _earlier(checked: Checked | None, known: int | None, on_phone: list[Enrollment]) -> tuple[int, ...]:
    name = checked.facts.folded_name if checked else ""
    same_patient = [one for one in on_phone if name and one.folded_name == name and one.state in RUNNING]
    return tuple(one.id for one in same_patient if one.id is not None and one.id != known)


def _fill_in(request: EnrollRequest, problems: list[Refused]) -> tuple[EnrollRequest, list[str]]:
    """Stand-ins for what is empty or wrong."""
    missing: list[str] = []
    stand_ins: dict[str, Any] = {}
    for field, check in (
        ("name", check_name),
        ("phone", partial(parse_phone, vouched=bool(request.new_area_code))),
        ("consent", str),
    ):
        typed: str = getattr(request, field)
        if not typed.strip():
            missing.append(field)
        else:
            try:
                check(typed)
                continue
            except ValueError as why:
                problems.append(Refused(str(why), field))
        stand_ins[field] = _STAND_INS[field]
    return replace(request, **stand_ins), missing


def _check(
    request: EnrollRequest,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
    problems: list[Refused],
) -> Checked | None:
    try:
        checked = check_request(request, protocols, rules)
    except Refused as why:
        problems.append(why)
        return None
    try:
        check_when(checked, now)
    except Refused as why:
        problems.append(why)
    return checked


def _without_stand_ins(checked: Checked, lenient: EnrollRequest, request: EnrollRequest) -> Checked:
    facts = checked.facts
    if lenient.name != request.name:
        facts = replace(facts, first_name="", folded_name="")
    if lenient.phone != request.phone:
        facts = replace(facts, phone="")
    return replace(checked, facts=facts)


def _look_ahead(
    session: Session,
    checked: Checked,
    on_phone: Sequence[Enrollment],
    rules: PlanningRules,
    now: datetime,
    problems: list[Refused],
) -> Outlook | None:
    try:
        refuse_unready(session, checked.facts, rules)
    except Refused as why:
        problems.append(why)
    # Without a name nobody can say whether others on this phone are the same patient, but their texts take places.
    try:
        company = company_of(session, on_phone, checked.facts)
        return look_ahead(session, [*company, checked.facts], rules, now, before=company)
    except ValueError as why:
        problems.append(Refused(str(why)))
        return None


def _after_visit(
    session: Session,
    checked: Checked,
    on_phone: Sequence[Enrollment],
    known: int | None,
    rules: PlanningRules,
    now: datetime,
) -> Plan | None:
    facts = checked.facts
    if facts.treated_at is not None or facts.appointment_at is None or facts.appointment_at < now:
        return None
    treated = replace(facts, treated_at=facts.appointment_at, state=EnrollmentState.ACTIVE)
    company = company_of(session, [one for one in on_phone if one.id != known], treated)
    return look_ahead(session, [*company, treated], rules, now, before=company).plans[0]


def _first(
    session: Session, facts: EnrollmentFacts, plan: Plan, rules: PlanningRules, now: datetime
) -> FirstText | None:
    in_course = numbers_in_a_course(session, {facts.phone}, now) if facts.phone else ()
    if not rules.first_text or (facts.phone, facts.office) in in_course:
        return None
    return first_text(facts, plan, rules, now)


def _known(checked: Checked, on_phone: list[Enrollment], rules: PlanningRules, problems: list[Refused]) -> int | None:
    visible = [one for one in on_phone if rules.is_yours(one.office)]
    try:
        if next_ordinal(checked, visible, rules) is not None:
            return None
    except Refused as why:
        problems.append(why)
        return None
    facts = checked.facts
    same = [
        one
        for one in visible
        if (one.folded_name, one.protocol, one.treated_on) == (facts.folded_name, facts.protocol.id, facts.local_day)
    ]
    return max(same, key=lambda one: one.ordinal).id
