"""Enroll a patient once, however often the request arrives; and what the patient would get, without enrolling."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import Response
from sqlalchemy.orm import Session

from notifier.access.idempotency import StoredResponse
from notifier.db.engine import writing
from notifier.domain.instants import zone_called
from notifier.domain.names import check_name
from notifier.domain.offices import choose_office
from notifier.domain.own_lengths import check_own_lengths
from notifier.domain.phone import parse_phone
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.protocol_choice import check_allowed, check_field, check_words, find_protocol
from notifier.domain.refused import Refused
from notifier.domain.series_answers import with_series
from notifier.domain.states import EnrollmentState
from notifier.enrollments.enroll import enroll, texts_of
from notifier.enrollments.field_values import read_text
from notifier.enrollments.fields import BY_NAME
from notifier.enrollments.outlook import plan_beside
from notifier.enrollments.preview import rehearse
from notifier.web.api.callers import Anyone, Caller, Enroller
from notifier.web.api.enrolled import EnrolledResponse
from notifier.web.api.once import IdempotencyKey, body_hash, once
from notifier.web.api.problems import Problem
from notifier.web.api.requests import EnrollBody, TimelineBody, instant, number_text, one_anchor
from notifier.web.api.route import keyed_router
from notifier.web.api.timelines import TimelineResponse
from schedules.timeline_json import timeline_json

router = keyed_router("enroll")


@router.post("/enrollments", status_code=201, responses={200: {"model": EnrolledResponse}})
def enroll_patient(
    body: EnrollBody, caller: Enroller, response: Response, idempotency_key: IdempotencyKey = None
) -> EnrolledResponse:
    """Enroll a patient: every text is planned. 201; 200 where the patient was enrolled already, and for a `dry_run`."""
    if body.dry_run:
        response.status_code = 200
        return EnrolledResponse.model_validate(_rehearse(caller, body))
    if caller.context.missing:
        raise Problem(503, " ".join(caller.context.missing))
    with writing(caller.context.engine) as session:
        content = body_hash(body, without=frozenset({"dry_run"}))
        stored = once(session, caller, idempotency_key, content, lambda: _enroll(session, caller, body))
    response.status_code = stored.status
    response.headers["Location"] = f"/api/v1/enrollments/{stored.body['enrollment']}"
    return EnrolledResponse.model_validate(stored.body)


@router.post("/timeline")
def preview_timeline(body: TimelineBody, caller: Anyone) -> TimelineResponse:
    """The texts that a patient would get; nothing is stored.

    With `phone`, what others on that number get counts for its daily limit; with `name` too, the patient's other
    treatments do.
    """
    rules = caller.context.rules
    protocol = find_protocol(body.protocol, caller.context.protocols)
    treated_at, appointment_at = one_anchor(body.treated_at, body.appointment_at)
    office = choose_office(body.office, rules.offices, rules.yours) if body.office else None
    check_allowed(protocol, office, rules)
    zone = body.timezone or rules.at(office).timezone
    language = body.language or (rules.offices[office].language_of(protocol) if office else protocol.languages[0])
    check_field("timezone", zone_called, zone)
    name = check_field("name", check_name, body.name) if body.name else None
    answers = with_series(body.answers, number_text(body.session), number_text(body.sessions))
    check_words(protocol, language, answers)
    enrolled_at = instant(body.enrolled_at, "enrolled_at") if body.enrolled_at else None
    read_phone = partial(parse_phone, vouched=bool(body.new_area_code))
    facts = EnrollmentFacts(
        enrollment=0,
        protocol=protocol,
        phone=check_field("phone", read_phone, body.phone).e164 if body.phone else "",
        first_name=name.first if name else "",
        folded_name=name.folded if name else "",
        timezone=zone,
        language=language,
        answers=answers,
        rebook_consent=body.rebook_consent,
        separate_areas=False,
        state=EnrollmentState.ACTIVE if treated_at else EnrollmentState.BOOKED,
        treated_at=treated_at,
        appointment_at=appointment_at,
        office=office,
        provider=read_text(BY_NAME["provider"], body.provider),
        decided_by=read_text(BY_NAME["decided_by"], body.decided_by),
        quiet_days=read_text(BY_NAME["quiet_days"], body.quiet_days),
    )
    typed = {topic: length for topic, length in body.restrictions.items() if length}
    checked = check_own_lengths(typed, protocol, facts.anchor, zone, decided_by=facts.decided_by)
    facts = replace(facts, restrictions=checked)
    try:
        with writing(caller.context.engine) as session:
            caller.note(session, "saw")
            plan = plan_beside(session, facts, rules, caller.now, enrolled_at=enrolled_at)
    except ValueError as why:
        raise Refused(str(why), "treated_at" if treated_at else "appointment_at") from None
    document = timeline_json(plan.timeline)
    document["left_out"] += [{"step": one.step, "why": one.why} for one in plan.withheld]
    return TimelineResponse.model_validate(document)


def _rehearse(caller: Caller, body: EnrollBody) -> dict[str, Any]:
    context = caller.context
    with writing(context.engine) as session:
        caller.note(session, "saw")
        found = rehearse(session, body.request(), protocols=context.protocols, rules=context.rules, now=caller.now)
    return found.to_json()


def _enroll(session: Session, caller: Caller, body: EnrollBody) -> StoredResponse:
    context = caller.context
    done = enroll(
        session, body.request(), protocols=context.protocols, rules=context.rules, now=caller.now, by=caller.by
    )
    caller.note(session, "did", done.enrollment)
    return StoredResponse(200 if done.already else 201, done.to_json(texts_of(session, done.enrollment)))
