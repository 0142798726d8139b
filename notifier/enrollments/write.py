"""Writing new enrollments: the enrollment, its texts and what happened, in one transaction, for one or for hundreds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy.orm import Session

from notifier.db import enrollments
from notifier.db.engine import once_committed
from notifier.db.protocols import store_version
from notifier.db.rows import Row, insert_rows
from notifier.db.search_words import refresh_words, write_words
from notifier.db.tables import Enrollment, Event, Message
from notifier.domain.informed import informed_note
from notifier.domain.planning.first_text import FirstText, first_text
from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules
from notifier.domain.states import RUNNING
from notifier.enrollments.effect import OtherEffect, others_of
from notifier.enrollments.eligibility import Standing, lock_and_read_standing, person_of, read_standing
from notifier.enrollments.elsewhere import refuse_ids_elsewhere
from notifier.enrollments.fields import KEPT
from notifier.enrollments.first_texts import first_row
from notifier.enrollments.identity import next_ordinal, the_same
from notifier.enrollments.outlook import Outlook, look_ahead
from notifier.enrollments.plans import (
    carry_out,
    company_of,
    facts_of,
    first_state,
    message_row,
    stored_as,
)
from notifier.enrollments.requests import Checked
from notifier.numbers.never_text import remember

log = structlog.get_logger()
_MANY: Final = 20
"""New enrollments that take longer to plan than the thread costs in which their words are written meanwhile."""


@dataclass(frozen=True, slots=True)
class Written:
    """The enrollment of one request, new or known already, with its plan."""

    enrollment: int
    already: bool
    """It was there before; nothing was changed."""
    facts: EnrollmentFacts
    plan: Plan | None = None
    first: FirstText | None = None
    """The text that leaves at enrollment; None where the number is in a course already, or nothing follows."""
    opted_out: bool = False
    held: Sequence[str] = ()
    """Why texts to this number wait for a person."""
    others: Sequence[OtherEffect] = ()
    """Enrollments on the same phone whose unsent texts changed with this one."""
    others_unplanned: bool = False
    """The texts of others on the phone stay as they are, because a protocol version cannot be read."""
    offices: Mapping[int, str | None] = field(default_factory=dict)
    """By enrollment: where the others belong."""


def write_enrollments(
    session: Session,
    wanted: Sequence[Checked],
    rules: PlanningRules,
    *,
    now: datetime,
    by: str,
    imported_as: Sequence[str] | None = None,
    standing: Standing | None = None,
) -> list[Written]:
    """Enroll everybody who is not enrolled yet; in the order of the requests.

    `imported_as` are the digests of the rows that ask for it, where they are an import's; `standing` is what the same
    transaction has read of them, under lock. Raises Refused where only staff can tell, and for a new enrollment on a
    protocol that is not ready.

    Requests on the same number are written one after the other, so that each sees those before it.
    """
    standing = standing or lock_and_read_standing(session, wanted, rules, now)
    refuse_ids_elsewhere(standing.enrollments, wanted, rules)
    for protocol in {one.facts.protocol.version: one.facts.protocol for one in wanted}.values():
        if (protocol.id, protocol.version) not in standing.stored:
            store_version(session, protocol, now)
    written: dict[int, Written] = {}
    waiting = list(enumerate(wanted))
    while waiting:
        wave: dict[str, tuple[int, Checked]] = {}
        for position, one in waiting:
            wave.setdefault(one.facts.phone, (position, one))
        written |= _write_wave(session, list(wave.values()), standing, rules, now, by, imported_as)
        if waiting := [(position, one) for position, one in waiting if position not in written]:
            standing = read_standing(session, [one for _, one in waiting], now)
    new = [one.enrollment for one in written.values() if not one.already]
    if new:
        once_committed(session, partial(log.info, "enrolled", enrollments=new))
    return [written[position] for position in range(len(wanted))]


def _write_wave(
    session: Session,
    wave: Sequence[tuple[int, Checked]],
    standing: Standing,
    rules: PlanningRules,
    now: datetime,
    by: str,
    imported_as: Sequence[str] | None,
) -> dict[int, Written]:
    """One request for each number."""
    company: dict[str, list[Enrollment]] = {}
    for stored in standing.enrollments:
        company.setdefault(stored.phone, []).append(stored)
    written: dict[int, Written] = {}
    new: list[tuple[int, Checked, list[EnrollmentFacts]]] = []
    rows: list[Row] = []
    for position, one in wave:
        known = company.get(one.facts.phone, [])
        ordinal, digest = next_ordinal(one, known, rules), imported_as[position] if imported_as else None
        if ordinal is None:
            written[position] = _already(session, one, known, rules, digest)
            continue
        standing.refuse_unready(one.facts, rules)
        new.append((position, one, company_of(session, known, one.facts)))
        rows.append(_enrollment_row(one, ordinal, now, by, digest))
    ids = enrollments.insert(session, rows)
    words = partial(write_words, session, ids, rows)
    if are_few := len(ids) < _MANY:
        words()
    never = {id_ for id_, (_, one, _) in zip(ids, new, strict=True) if standing.is_never_texted(person_of(one))}
    texts: list[Row] = []
    on_number = [other for _, _, others in new for other in others]
    added = [stored_as(one.facts, enrollment_id) for (_, one, _), enrollment_id in zip(new, ids, strict=True)]
    outlook = look_ahead(
        session,
        [*on_number, *added],
        rules,
        now,
        before=on_number,
        new=set(ids),
        lock=True,
        left=standing.left,
        meanwhile=None if are_few else words,
    )
    for (position, _, _), facts in zip(new, added, strict=True):
        enrollment_id, plan = facts.enrollment, outlook.plans[facts.enrollment]
        is_out = facts.phone in standing.opted_out or enrollment_id in never
        held = standing.held.get(facts.phone, ())
        for message in plan.timeline.messages:
            state, reason = first_state(message, opted_out=is_out)
            texts.append(message_row(facts, message, at=now, state=state, reason=reason))
        first = None
        knows = (facts.phone, facts.office) in standing.in_course
        if rules.first_text and not knows and (first := first_text(facts, plan, rules, now)):
            texts.append(first_row(enrollment_id, facts.phone, first, now, opted_out=is_out))
        written[position] = Written(enrollment_id, False, facts, plan, first, is_out, held)
    known_again = [person_of(one) for id_, (_, one, _) in zip(ids, new, strict=True) if id_ in never]
    remember(session, known_again, enrollment=min(never, default=0), at=now, by=by)
    insert_rows(session, Message, texts)  # their ids are not needed, and without them it is one statement
    why = "imported" if imported_as else None
    informed = [
        _event(id_, now, by, informed_note(one.facts.informed), what="informed")
        for id_, (_, one, _) in zip(ids, new, strict=True)
        if one.facts.informed
    ]
    consents = [
        _event(facts.enrollment, now, by, why, words=_consent(facts, one))
        for (_, one, _), facts in zip(new, added, strict=True)
    ]
    insert_rows(session, Event, [*consents, *informed])
    for position, _, others in new:
        if others:
            changed = _update_others(session, outlook, written[position], others, by)
            offices = {other.enrollment: other.office for other in others}
            unplanned = any(one.state in RUNNING and one.enrollment not in outlook.plans for one in others)
            written[position] = replace(written[position], others=changed, others_unplanned=unplanned, offices=offices)
    return written


def _update_others(
    session: Session, outlook: Outlook, new: Written, others: Sequence[EnrollmentFacts], by: str
) -> tuple[OtherEffect, ...]:
    """The others on this phone: their unsent texts say a name now, wait for the newer treatment, or give way to it."""
    planned = (other for other in others if other.enrollment in outlook.plans)
    found = [(other, difference) for other in planned if (difference := outlook.difference(other)).writes_anything]
    changed = others_of({other.enrollment: difference for other, difference in found})
    for other, difference in found:
        carry_out(session, other, difference, at=outlook.now, by=by, opted_out=new.opted_out)
    return changed


def _already(
    session: Session, wanted: Checked, known: Sequence[Enrollment], rules: PlanningRules, digest: str | None
) -> Written:
    stored = the_same(wanted, known, rules)
    if wanted.external_id and stored.external_id is None:
        stored.external_id = wanted.external_id  # enrolled by hand first, then found in the clinic's own system
        stored.imported_as = digest
        session.flush()
        refresh_words(session, [stored.id or 0])
    return Written(stored.id or 0, True, facts_of(session, stored))


def _enrollment_row(one: Checked, ordinal: int, now: datetime, by: str, digest: str | None) -> Row:
    facts = one.facts
    return {
        **{field.name: one.value(field.name) for field in KEPT if field.name != "second"},
        "ordinal": ordinal,
        "folded_name": facts.folded_name,
        "informed": dict(facts.informed),
        "cleared": dict(facts.cleared),
        "catches_up": True,
        "version": facts.protocol.version,
        "treated_on": facts.local_day,
        "state": facts.state,
        "consent_by": by,
        "consent_at": now,
        "imported_as": digest,
        "enrolled_at": now,
        "enrolled_by": by,
    }


def _consent(facts: EnrollmentFacts, one: Checked) -> str:
    """As evidence has it: who, on which number, agreed to which texts, and how."""
    which, how = f"{facts.protocol.id} {facts.protocol.version}", one.value("consent")
    return f"{facts.phone}\n{one.value('name')}\n{which}\nconsent: {how}"


def _event(
    enrollment_id: int, now: datetime, by: str, why: str | None, *, what: str = "enrolled", words: str | None = None
) -> Row:
    return {"enrollment_id": enrollment_id, "at": now, "by": by, "what": what, "why": why, "words": words}
