"""Corrections that have not left follow the plan, as every text does: with its ends, its words and its number.

Where what one corrects was taken back, or the patient was moved on, it does not leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from notifier.db.corrections import correction_of, still_corrected
from notifier.domain.kinds import CORRECTION, correction_step
from notifier.domain.planning.correction import plan_correction
from notifier.domain.planning.difference import OutboxRow
from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules
from notifier.domain.planning.second_treatment import Withheld
from notifier.domain.states import LEGAL_MOVES, MessageState

_DOES_NOT_ARRIVE: Final = frozenset({MessageState.FAILED, MessageState.UNDELIVERED})
_TAKEN_BACK: Final = "what it corrects was taken back"
_MOVED_ON: Final = "the patient was moved on before it left: see what was told, and call"


def with_corrections(
    session: Session,
    enrollments: Sequence[EnrollmentFacts],
    plans: Mapping[int, Plan],
    rows: Mapping[int, Sequence[OutboxRow]],
    rules: PlanningRules,
    now: datetime,
) -> dict[int, Plan]:
    """Those of these plans that have a correction which may still leave, each with it, or with why it must not."""
    to_come = {whose: found for whose, plan in plans.items() if (found := list(_to_come(rows.get(whose, ()))))}
    if not to_come:
        return {}
    moved = still_corrected(session, to_come)
    facts = {one.enrollment: one for one in enrollments}
    return {
        whose: _with(session, plans[whose], facts[whose], found, moved, rules, now) for whose, found in to_come.items()
    }


def _to_come(rows: Sequence[OutboxRow]) -> Iterator[OutboxRow]:
    for row in rows:
        if row.kind == CORRECTION and LEGAL_MOVES[row.state] and row.state not in _DOES_NOT_ARRIVE:
            yield row


def _with(
    session: Session,
    plan: Plan,
    facts: EnrollmentFacts,
    rows: Sequence[OutboxRow],
    moved: Mapping[tuple[int, int], str],
    rules: PlanningRules,
    now: datetime,
) -> Plan:
    right_by = {
        correction_step(migration): version
        for (whose, migration), version in moved.items()
        if whose == facts.enrollment
    }
    standing = correction_of(session, facts.protocol.id, facts.protocol.version).get(facts.language)
    words = standing.stays(must_be_approved=rules.must_be_approved) if standing else None
    for row in rows:
        if row.step not in right_by:
            withheld = Withheld(row.step, _TAKEN_BACK, False, now)
            plan = replace(plan, withheld=(*plan.withheld, withheld))
        elif right_by[row.step] != facts.protocol.version:
            withheld = Withheld(row.step, _MOVED_ON, True, now)
            plan = replace(plan, withheld=(*plan.withheld, withheld))
        elif words is None:
            withheld = Withheld(row.step, f'it has no approved words in "{facts.language}"', True, now)
            plan = replace(plan, withheld=(*plan.withheld, withheld))
        else:
            text = plan_correction(row.step, words, plan, nominal_at=row.nominal_at, now=now)
            timeline = replace(plan.timeline, messages=(*plan.timeline.messages, text))
            plan = replace(plan, timeline=timeline)
    return plan
