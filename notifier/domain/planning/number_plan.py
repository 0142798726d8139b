"""What one number hears: the plans of everybody on it, made together.

The daily cap counts the texts of a number, whoever they are for; so the plan of one enrollment depends on those of all
the others. And where a newer treatment of the same patient has a text of its own about everything that an earlier
`restrict` text would say, only the newer one is sent; an earlier text that says too short a length now, and that no
newer one covers, is left to staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from notifier.domain.planning.draft import draft_for, when_treated
from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules, concerns, is_newer
from notifier.domain.planning.rule_texts import NO_TEXTS, RuleTexts, add_catch_ups, lifts_without_place, withhold_lifts
from notifier.domain.planning.second_treatment import Withheld
from notifier.domain.states import RUNNING, EnrollmentState
from schedules.daily_cap import Draft, keep_to_cap
from schedules.planned import PlannedMessage
from schedules.protocol import StepKind

Step = tuple[int, str]
"""An enrollment and the key of one of its steps."""


class Member(NamedTuple):
    """One enrollment on a number, and what has become of its texts."""

    facts: EnrollmentFacts
    over: frozenset[str] = frozenset()
    """Steps that can never leave again."""
    settled: frozenset[str] = frozenset()
    """Steps that get no new place on any day: they have left, or may have."""
    informed: frozenset[str] = frozenset()
    """Topics of the `restrict` texts that the patient has read, or may have."""
    texts: RuleTexts | None = None
    """What has become of the texts that tell rules; None of a new enrollment, or as if nothing had left."""


@dataclass(frozen=True, slots=True)
class _Cover:
    """An earlier `restrict` text, and the newer treatment's texts that say all of it."""

    text: Step
    by: tuple[Step, ...]
    before: datetime
    """When the earlier text would be stale: they must leave before."""
    withheld: Withheld


def plan_for(
    facts: EnrollmentFacts,
    on_this_phone: Iterable[EnrollmentFacts],
    rules: PlanningRules,
    *,
    enrolled_at: datetime | None,
) -> Plan:
    """The plan of one enrollment among all those on the number, as if nothing had left and it had not ended."""
    running = facts if facts.state in RUNNING else replace(facts, state=EnrollmentState.ACTIVE)
    others = [Member(other) for other in on_this_phone if other.enrollment != facts.enrollment]
    return plan_together([*others, Member(running)], rules, enrolled_at=enrolled_at)[facts.enrollment]


def plan_together(
    members: Sequence[Member], rules: PlanningRules, *, enrolled_at: datetime | None, left: Iterable[datetime] = ()
) -> dict[int, Plan]:
    """The plan of every running enrollment on a number whose protocol can be read, by enrollment.

    One that is not stored yet has the id 0.

    `members` are all enrollments on it, also those that have ended: a cancelled treatment still happened. `left` are
    the instants at which texts to this number have left today, or may have.
    """
    company = [member.facts for member in members]
    running = sorted(filter(_has_plan, members), key=_seniority)
    drafts = {
        member.facts.enrollment: draft_for(
            member.facts, company, rules, enrolled_at=enrolled_at, without=member.over, texts=member.texts
        )
        for member in running
    }
    covers = list(_find_covers(running, drafts)) if len(running) > 1 else []
    while True:
        stopped = [*covers, *_overtaken(running, drafts, covers)]
        plans = _keep_to_cap(running, drafts, stopped, rules, tuple(left), enrolled_at)
        holding = [cover for cover in covers if _leaves(cover, plans)]
        if len(holding) == len(covers):
            return plans
        covers = holding  # a newer text that finds no place covers nothing: then the earlier one leaves after all


def _keep_to_cap(
    running: Sequence[Member],
    drafts: Mapping[int, Plan],
    covers: Sequence[_Cover],
    rules: PlanningRules,
    left: tuple[datetime, ...],
    now: datetime | None,
) -> dict[int, Plan]:
    plans = {whose: _without(whose, plan, covers) for whose, plan in drafts.items()} if covers else dict(drafts)
    for member in running:
        plan = plans[member.facts.enrollment]
        timeline = add_catch_ups(plan.timeline, plan.informing, member.texts or NO_TEXTS)
        if timeline is not plan.timeline:
            plans[member.facts.enrollment] = replace(plan, timeline=timeline)
    counted = keep_to_cap(
        [_draft(member, plans[member.facts.enrollment], now) for member in running], rules.max_texts_per_day, left
    )
    for member, messages in zip(running, counted, strict=True):
        plan = plans[member.facts.enrollment]
        timeline, uninformed = withhold_lifts(plan.timeline, messages, plan.informing, member.texts or NO_TEXTS)
        if timeline is not plan.timeline or uninformed:
            plans[member.facts.enrollment] = replace(plan, timeline=timeline, uninformed=uninformed)
    return plans


def _without(whose: int, plan: Plan, covers: Sequence[_Cover]) -> Plan:
    withheld = {cover.text[1]: cover.withheld for cover in covers if cover.text[0] == whose}
    kept = tuple(message for message in plan.timeline.messages if message.step not in withheld)
    said_by_the_newer = {cover.text[1] for cover in covers if cover.text[0] == whose and cover.by}
    covered = {topic for one in plan.timeline.messages if one.step in said_by_the_newer for topic in one.topics}
    return replace(
        plan,
        timeline=replace(plan.timeline, messages=kept),
        withheld=(*plan.withheld, *withheld.values()),
        informing=plan.informing and plan.informing.with_known(covered),
    )


def _draft(member: Member, plan: Plan, now: datetime | None) -> Draft:
    timeline, texts = plan.timeline, member.texts or NO_TEXTS
    settled = member.settled | lifts_without_place(timeline, plan.informing, texts)
    return Draft(
        timeline.messages, timeline.hours, timeline.day0, member.informed, settled, now, texts.told_at, texts.gone
    )


def _has_plan(member: Member) -> bool:
    """One that has ended has none, nor one of a protocol that cannot be read: that one has no steps."""
    return member.facts.state in RUNNING and bool(member.facts.protocol.steps)


def _seniority(member: Member) -> tuple[bool, int]:
    """Who was there first; one that is not stored yet comes last."""
    return member.facts.enrollment == 0, member.facts.enrollment


def _find_covers(running: Sequence[Member], drafts: Mapping[int, Plan]) -> Iterable[_Cover]:
    for member in running:
        newer = [
            other
            for other in running
            if other.facts.treated_at is not None
            and concerns(member.facts, other.facts)
            and is_newer(other.facts, member.facts)
        ]
        if not newer:
            continue
        newer.sort(key=lambda other: (other.facts.anchor.at, _seniority(other)), reverse=True)
        for message in drafts[member.facts.enrollment].timeline.messages:
            if message.kind is StepKind.RESTRICT and message.topics and message.step not in member.settled:
                yield from _find_cover(member, message, newer, drafts)


def _find_cover(
    member: Member, message: PlannedMessage, newer: Sequence[Member], drafts: Mapping[int, Plan]
) -> Iterable[_Cover]:
    topics = set(message.topics)
    by: list[Step] = []
    for other in newer:
        topics -= other.informed
        for text in drafts[other.facts.enrollment].timeline.messages:
            if text.kind is not StepKind.RESTRICT or text.step in other.settled or topics.isdisjoint(text.topics):
                continue
            if text.due_at is not None and text.due_at < message.expires_at:
                by.append((other.facts.enrollment, text.step))
                topics -= set(text.topics)
    if not topics:
        latest = newer[0].facts
        why = f"the newer treatment's own text covers it (treated {when_treated(latest, member.facts)})"
        since = min(other.facts.anchor.at for other in newer)
        withheld = Withheld(message.step, why, False, since)
        yield _Cover((member.facts.enrollment, message.step), tuple(by), message.expires_at, withheld)


def _overtaken(running: Sequence[Member], drafts: Mapping[int, Plan], covers: Sequence[_Cover]) -> Iterable[_Cover]:
    """Texts to come that a newer treatment has made too short, and that none of its own says instead: staff must."""
    covered = {cover.text for cover in covers}
    for member in running:
        whose = member.facts.enrollment
        for withheld in (draft := drafts[whose]).overtaken:
            if withheld.step in _to_come(draft, member) and (whose, withheld.step) not in covered:
                yield _Cover((whose, withheld.step), (), withheld.since, withheld)


def _to_come(plan: Plan, member: Member) -> set[str]:
    return {one.step for one in plan.timeline.messages if one.due_at is not None} - member.settled


def _leaves(cover: _Cover, plans: Mapping[int, Plan]) -> bool:
    due = {(whose, one.step): one.due_at for whose, plan in plans.items() for one in plan.timeline.messages}
    return all((at := due.get(step)) is not None and at < cover.before for step in cover.by)
