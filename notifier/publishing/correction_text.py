"""What one patient gets of a correction: the one text, or why somebody must call instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from notifier.db import outbox
from notifier.db.events import record_event
from notifier.db.tables import Enrollment
from notifier.domain.kinds import CORRECTION, NEVER_TEXT
from notifier.domain.planning.correction import plan_correction
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.pseudonyms import is_pseudonym
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING
from notifier.domain.waiting import waits_for
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.effect import Effect, TextEffect, What, fields_of
from notifier.enrollments.outlook import look_ahead
from notifier.enrollments.plans import (
    OPTED_OUT,
    company_of,
    enrollments_on,
    facts_of,
    facts_without_protocol,
    first_state,
    message_row,
)
from notifier.numbers.never_text import never_texted_of
from notifier.numbers.open_replies import what_holds_for
from notifier.numbers.opt_outs import is_opted_out
from schedules.moments import TELL_IN_PERSON
from schedules.planned import PlannedMessage


@dataclass(frozen=True, slots=True)
class CorrectionText:
    """What a correction says to everybody of one language, by one version."""

    step: str
    words: str
    version: str


def look_at(
    session: Session, stored: Enrollment, text: CorrectionText, rules: PlanningRules, now: datetime
) -> tuple[Effect, Mapping[str, Any] | None]:
    """The effect on one patient, and the row of the outbox; no row where a task would be nobody's."""
    if is_pseudonym(stored.phone):
        return _effect(stored, facts_without_protocol(stored), text.step, None, "the patient was erased"), None
    try:
        facts = facts_of(session, stored)
        message = _planned(session, stored, facts, text, rules, now)
    except Refused as refused:
        return _effect(stored, facts_without_protocol(stored), text.step, None, str(refused)), None
    if isinstance(message, str):
        return _effect(stored, facts, text.step, None, message), None
    if why := _why_not(session, stored, text.step):
        message = message._replace(due_at=None, notes=(why, TELL_IN_PERSON))
    state, reason = first_state(message, opted_out=False)
    row = {**message_row(facts, message, at=now, state=state, reason=reason), "kind": CORRECTION}
    return _effect(stored, facts, text.step, message, "; ".join(message.notes)), row


def _planned(
    session: Session,
    stored: Enrollment,
    facts: EnrollmentFacts,
    text: CorrectionText,
    rules: PlanningRules,
    now: datetime,
) -> PlannedMessage | str:
    if stored.state not in RUNNING:
        return f"the enrollment is {stored.state.value.replace('_', '-')}"
    if stored.version != text.version:
        return f"the patient was moved on to version {stored.version} since"
    company = company_of(session, enrollments_on(session, [stored.phone]), facts)
    plan = look_ahead(session, company, rules, now, before=company).plans[facts.enrollment]
    return plan_correction(text.step, text.words, plan, nominal_at=now, now=now)


def _why_not(session: Session, stored: Enrollment, step: str) -> str | None:
    """Why no text can go to this patient, whatever it says. A pause of the protocol ends: for that it waits."""
    if is_opted_out(session, stored.phone) is not None:
        return OPTED_OUT
    if never_texted_of(session, {stored.id or 0}):
        return NEVER_TEXT
    holds = what_holds_for(session, stored.phone, stored.office)
    return waits_for(CORRECTION, step, stored.protocol, enrollment=stored.state, holds=holds, pauses={})


def _effect(stored: Enrollment, facts: EnrollmentFacts, step: str, message: PlannedMessage | None, why: str) -> Effect:
    due_at = message.due_at if message else None
    text = TextEffect(
        what=What.ADDED if due_at else What.PASSED,
        step=step,
        kind=CORRECTION,
        message=None,
        was_due_at=None,
        due_at=due_at,
        text=message.text if message else "",
        why=why,
        needs_call=due_at is None,
    )
    fields = fields_of(stored, facts, ChangeRequest())
    return Effect(
        enrollment=stored.id or 0,
        already=False,
        timezone=stored.timezone,
        before=fields,
        after=fields,
        texts=(text,),
        others=(),
        others_elsewhere=0,
        on_their_way=(),
        opted_out=False,
        unanswered={},
        not_told=(),
        others_unplanned=False,
        nobody_tells=(),
    )


def write_text(session: Session, row: Mapping[str, Any], now: datetime, by: str) -> None:
    """Plan it, or leave it to staff as a task, in the transaction in which it was found."""
    ids = outbox.insert(session, [dict(row)])
    why = row["reason"] or "says what a text has told otherwise"
    record_event(
        session, at=now, by=by, what="corrected", why=why, enrollment_id=row["enrollment_id"], message_id=ids[0]
    )
