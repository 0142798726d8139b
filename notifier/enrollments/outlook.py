"""The outlook of some numbers: what everybody on them will hear, against what stands in the outbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.outbox import left_today
from notifier.db.tables import Enrollment, Message
from notifier.db.threads import working
from notifier.domain.planning.difference import (
    OutboxRow,
    PlanDifference,
    PlannedChange,
    compare,
    informed_topics,
    over_steps,
    placeless_steps,
)
from notifier.domain.planning.draft import draft_for
from notifier.domain.planning.number_plan import Member, plan_for, plan_together
from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules, for_comparison, rule_texts_of
from notifier.domain.planning.still_right import is_still_right
from notifier.domain.planning.wrong_now import OTHER_WORDS, Comparison, find_wrong
from notifier.domain.states import RUNNING
from notifier.enrollments.corrections import with_corrections
from notifier.enrollments.plans import at_number, company_of, enrollments_on, facts_of
from schedules.asking import AGAIN


@dataclass(frozen=True, slots=True)
class Outlook:
    """The plans of every enrollment on some numbers, before and after a change, found at `now`; nothing is written."""

    now: datetime
    rules: PlanningRules
    after: Sequence[EnrollmentFacts]
    """Every enrollment on these numbers, as it will be."""
    before: Sequence[EnrollmentFacts]
    """The same, as they are."""
    plans: Mapping[int, Plan]
    """By enrollment: those that are running and whose protocol can be read."""
    rows: Mapping[int, Sequence[OutboxRow]]
    """Their texts in the outbox."""

    def difference(self, after: EnrollmentFacts) -> PlanDifference:
        """What becomes of the texts of one of them; what was said and is wrong now among it."""
        rows = self.rows.get(after.enrollment, ())
        found = self._wrong(after, rows)
        wrong = [one for one in found if one.why != OTHER_WORDS]
        reread = [one for one in found if one.why == OTHER_WORDS]
        return compare(rows, self.plans[after.enrollment], after.phone, self.now, wrong, reread)

    def differences(self, *, but: int = 0) -> dict[int, PlanDifference]:
        """Those that write anything, by enrollment, but for one; 0 is the one that is not stored yet."""
        planned = (one for one in self.after if one.enrollment in self.plans and one.enrollment != but)
        found = {one.enrollment: self.difference(one) for one in planned}
        return {whose: difference for whose, difference in found.items() if difference.writes_anything}

    @property
    def others_unplanned(self) -> bool:
        """Whether the texts of some stay as they are, because their protocol version cannot be read."""
        return any(one.state in RUNNING and one.enrollment not in self.plans for one in self.after)

    def _wrong(self, after: EnrollmentFacts, rows: Sequence[OutboxRow]) -> list[PlannedChange]:
        if not any(row.left_at for row in rows):
            return []
        before = next((one for one in self.before if one.enrollment == after.enrollment), None)
        if before is None:
            return []
        language = _compared_in(before, after)
        was, is_now = (
            draft_for(
                for_comparison(one, language),
                [for_comparison(other) for other in at_number(one, company)],
                self.rules,
                enrolled_at=None,
            )
            for one, company in ((before, self.before), (after, self.after))
        )
        found = find_wrong(rows, Comparison(was, is_now, language))
        if not found:
            return []
        says = draft_for(after, at_number(after, self.after), self.rules, enrolled_at=None)
        own = after.moments.ends
        return [entry for entry in found if entry.row is None or not is_still_right(entry.row, says, own)]


def look_ahead(
    session: Session,
    after: Sequence[EnrollmentFacts],
    rules: PlanningRules,
    now: datetime,
    *,
    before: Sequence[EnrollmentFacts] = (),
    new: Collection[int] = (),
    lock: bool = False,
    left: Mapping[str, Sequence[datetime]] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Outlook:
    """Plan the numbers of these enrollments: `after` must name everybody on them.

    `new` were stored a moment ago: they have no texts yet. `lock` is for a session that will write what is found: no
    text can leave meanwhile. `left`: what `left_today` says of the numbers, where it is read already. `meanwhile` is
    what the database has to do while all is planned.
    """
    running = [one for one in after if one.state in RUNNING]
    rows = _rows(session, [one.enrollment for one in running if one.enrollment and one.enrollment not in new], lock)
    if left is None:
        left = left_today(session, {one.phone for one in running}, now)
    numbers: dict[str, list[Member]] = {}
    for one in after:
        numbers.setdefault(one.phone, []).append(_member(one, rows.get(one.enrollment, ()), now))
    plans: dict[int, Plan] = {}
    with working(session, meanwhile) if meanwhile else nullcontext():
        for phone, members in numbers.items():
            plans |= plan_together(members, rules, enrolled_at=now, left=left.get(phone, ()))
    plans |= with_corrections(session, after, plans, rows, rules, now)
    return Outlook(now, rules, after, before, plans, rows)


def plan_beside(
    session: Session, facts: EnrollmentFacts, rules: PlanningRules, now: datetime, *, enrolled_at: datetime | None
) -> Plan:
    """The plan of somebody who is not stored, beside all the others on the number; nothing is written."""
    key = (facts.folded_name, facts.protocol.id, facts.local_day)
    company = company_of(session, enrollments_on(session, [facts.phone]), facts)
    others = [one for one in company if (one.folded_name, one.protocol.id, one.local_day) != key]
    rows = _rows(session, [one.enrollment for one in others if one.state in RUNNING], lock=False)
    members = [_member(one, rows.get(one.enrollment, ()), now) for one in others]
    left = left_today(session, {facts.phone}, now).get(facts.phone, ())
    return plan_together([*members, Member(facts)], rules, enrolled_at=enrolled_at, left=left)[facts.enrollment]


def plan_when_enrolled(session: Session, enrollment: Enrollment, rules: PlanningRules) -> Plan:
    """The plan as it was on enrolling, also where it has ended since, but beside all who are on the number today.

    Its restrictions end where the texts say that they do: later than the treatment's own where another one overlaps.
    """
    facts = facts_of(session, enrollment)
    company = company_of(session, enrollments_on(session, [facts.phone]), facts)
    return plan_for(facts, company, rules, enrolled_at=enrollment.enrolled_at)


def _compared_in(before: EnrollmentFacts, after: EnrollmentFacts) -> str | None:
    """The patient's own language, in which alone a text may have been put right; not where it is what changes.

    None: the two protocols share none.
    """
    own = before.language if before.language == after.language else None
    shared = [one for one in before.protocol.languages if one in after.protocol.languages]
    return own if own in shared else next(iter(shared), None)


def _member(facts: EnrollmentFacts, rows: Sequence[OutboxRow], now: datetime) -> Member:
    texts = rule_texts_of(facts, rows, now)
    if not rows:
        return Member(facts, texts=texts)
    return Member(facts, over_steps(rows), placeless_steps(rows, facts.phone), informed_topics(rows), texts)


def _rows(session: Session, enrollments: Sequence[int], lock: bool) -> dict[int, list[OutboxRow]]:
    if not enrollments:
        return {}
    found = select(Message).where(  # the second asking follows from what happens, not from a plan
        col(Message.enrollment_id).in_(enrollments), outbox.is_of_plan(), ~col(Message.step).endswith(AGAIN)
    )
    found = found.order_by(col(Message.id)).execution_options(populate_existing=True)
    rows: dict[int, list[OutboxRow]] = {}
    for row in session.scalars(found.with_for_update() if lock else found):
        if row.enrollment_id is not None:
            rows.setdefault(row.enrollment_id, []).append(row)
    return rows
