"""Two or three treatments of one patient, days apart, on any of the shipped protocols: what all their texts say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from notifier.domain.planning.number_plan import Member, plan_together
from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules, concerns
from notifier.domain.states import EnrollmentState
from schedules.catalogue import shipped
from schedules.catch_up import is_catch_up
from schedules.moments import Moments
from schedules.planned import PlannedMessage
from schedules.protocol import Step, StepKind
from schedules.wording import Voice
from tests.schedules.plans import with_lengths_in_words

PROTOCOLS = shipped()
ZONE = "America/New_York"
RULES = PlanningRules(Voice("Elm Street Skin", "(978) 555-0142"), ZONE, must_be_approved=False)
ANSWERS = {
    "microneedling-24h": {"depth": "mild"},
    "microneedling-kit": {"kit": "yes", "goal": "correct"},
    "microneedling-regimen": {"shaves": "yes", "indication": "facial"},
}


PROTOCOLS["microneedling-regimen"] = with_lengths_in_words(PROTOCOLS["microneedling-regimen"])
MONDAY = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)  # 2 PM, six days before the clocks go forward
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def facts(number: int, name: str, at: datetime, state: EnrollmentState = EnrollmentState.ACTIVE) -> EnrollmentFacts:
    return EnrollmentFacts(
        enrollment=number, protocol=PROTOCOLS[name], phone="+12125550123", first_name="Ana", folded_name="ana ruiz",
        timezone=ZONE, language="en", answers=ANSWERS.get(name, {}), rebook_consent=True, separate_areas=False,
        state=state, treated_at=at, appointment_at=None,
    )  # fmt: skip


def plans_of(*treatments: EnrollmentFacts) -> dict[int, Plan]:
    """Their plans, made ten minutes after the last treatment."""
    enrolled = max(one.anchor.at for one in treatments) + HOUR / 6
    return plan_together([Member(one) for one in treatments], RULES, enrolled_at=enrolled)


def leaving(plan: Plan) -> Iterator[tuple[Step, PlannedMessage]]:
    steps = {step.key: step for step in plan.timeline.protocol.steps}
    leaves = (one for one in plan.timeline.messages if one.due_at is not None and not is_catch_up(one.step))
    return ((steps[one.step], one) for one in leaves)


STATES = [EnrollmentState.ACTIVE, EnrollmentState.ACTIVE, EnrollmentState.CANCELLED]
_MINUTES = st.one_of(st.integers(0, 20 * 60), st.integers(0, 7 * 24 * 60))
treatments_of_one = st.lists(
    st.tuples(st.sampled_from(sorted(PROTOCOLS)), _MINUTES, st.sampled_from(STATES)),
    min_size=2,
    max_size=3,
).map(
    lambda them: [
        facts(n + 1, name, MONDAY + minutes * HOUR / 60, state) for n, (name, minutes, state) in enumerate(them)
    ]
)
many = settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _ends(one: EnrollmentFacts) -> dict[str, datetime]:
    return dict(Moments.of(one.protocol, one.anchor, ZoneInfo(one.timezone), one.answers).ends)


@many
@given(treatments_of_one)
def test_no_lift_leaves_before_the_latest_end_over_all_her_treatments(them: Sequence[EnrollmentFacts]) -> None:
    by_number = {one.enrollment: one for one in them}
    for number, plan in plans_of(*them).items():
        hers = by_number[number]
        company = [hers, *(other for other in them if concerns(hers, other))]
        for step, text in leaving(plan):
            for topic in step.lifts:
                assert text.due_at is not None
                assert text.due_at >= max(_ends(one)[topic] for one in company if topic in _ends(one))


@many
@given(treatments_of_one)
@example([facts(1, "microneedling-week", MONDAY), facts(2, "microneedling-24h", MONDAY + 2 * HOUR)])
def test_texts_that_print_an_end_print_the_same_one(them: Sequence[EnrollmentFacts]) -> None:
    printed = defaultdict(set)
    for plan in plans_of(*them).values():
        ends = dict(plan.timeline.restrictions)
        for step, _ in leaving(plan):
            for topic in step.printed_topics:
                printed[topic].add(ends[topic])
    # One treatment that was cancelled on the day of another is taken for a mistake by that one, not by a third.
    if all(one.state is EnrollmentState.ACTIVE for one in them):
        assert all(len(ends) == 1 for ends in printed.values()), printed


def test_a_newer_text_that_says_a_shorter_length_in_words_is_for_staff() -> None:
    """The week forbids the sun until Monday; two days on, "3 days no sun" would end on Saturday."""
    older, newer = facts(1, "microneedling-week", MONDAY), facts(2, "microneedling-regimen", MONDAY + 2 * DAY)
    plan = plans_of(older, newer)[2]
    assert "today" not in {text.step for text in plan.timeline.messages}
    why = 'sun lasts longer since the treatment on Mon Mar 2 than "today" says; tell the patient in person'
    assert [("today", why, True)] == [(one.step, one.why, one.for_staff) for one in plan.withheld]


def test_an_earlier_text_that_now_says_too_short_a_length_is_for_staff() -> None:
    """An hour on she is treated again, and the sun is forbidden for longer than the "3 days" that would still leave."""
    older, newer = facts(1, "microneedling-regimen", MONDAY), facts(2, "microneedling", MONDAY + HOUR)
    plan = plans_of(older, newer)[1]
    assert "today" not in {text.step for text in plan.timeline.messages}
    why = 'sun lasts longer since the treatment on Mon Mar 2 than "today" says; tell the patient in person'
    assert [("today", why, True)] == [(o.step, o.why, o.for_staff) for o in plan.withheld if o.step == "today"]


def test_an_earlier_text_that_has_left_is_not_withheld() -> None:
    older, newer = facts(1, "microneedling-regimen", MONDAY), facts(2, "microneedling", MONDAY + HOUR)
    said = Member(older, settled=frozenset({"today"}))
    plan = plan_together([said, Member(newer)], RULES, enrolled_at=MONDAY + HOUR)[1]
    assert "today" not in {one.step for one in plan.withheld}


@many
@given(treatments_of_one)
@example([facts(1, "microneedling-regimen", MONDAY), facts(2, "microneedling", MONDAY + HOUR)])
@example([facts(1, "microneedling-regimen", MONDAY), facts(2, "microneedling-week", MONDAY + HOUR)])
def test_no_text_says_a_length_in_words_that_another_treatment_makes_longer(them: Sequence[EnrollmentFacts]) -> None:
    by_number = {one.enrollment: one for one in them}
    for number, plan in plans_of(*them).items():
        hers = by_number[number]
        for step, _ in leaving(plan):
            if step.kind is not StepKind.RESTRICT or not _says_days_or_hours(step):
                continue
            for topic in set(step.named_topics) - set(step.printed_topics):
                longer = [one.protocol.id for one in them if concerns(hers, one) and _outlasts(one, hers, topic)]
                assert [] == longer, f"{step.key} of {hers.protocol.id} says too short a length for {topic}"


def _says_days_or_hours(step: Step) -> bool:
    return any(re.search(r"\d (day|hour)|week", re.sub(r"\{[^}]*\}", "", words)) for words in step.text.values())


def _outlasts(other: EnrollmentFacts, hers: EnrollmentFacts, topic: str) -> bool:
    """Whether the other treatment, which came while hers still restricted, restricts for longer than her words say."""
    own = _ends(hers)[topic]
    if other.anchor.at < hers.anchor.at or (other.anchor.at == hers.anchor.at and other.enrollment < hers.enrollment):
        return _ends(other).get(topic, own) > own
    return other.anchor.at < own < _ends(replace(other, treated_at=hers.treated_at)).get(topic, own)


def test_the_same_length_from_a_later_day_is_said() -> None:
    older, newer = facts(1, "microneedling-regimen", MONDAY), facts(2, "microneedling-regimen", MONDAY + 2 * DAY)
    plan = plans_of(older, newer)[2]
    assert {"today", "this-evening"} <= {text.step for text in plan.timeline.messages}
    assert () == plan.withheld


def test_what_is_normal_counts_from_the_newer_treatment() -> None:
    """The older one's "have usually eased by now" would come an hour after her skin was treated again."""
    older = facts(1, "microneedling-24h", MONDAY)
    plan = plans_of(older, facts(2, "microneedling-24h", MONDAY + 2 * DAY - HOUR))[1]
    assert StepKind.EXPECT not in {text.kind for text in plan.timeline.messages}
    why = "withdrawn: what is normal counts from the newer treatment on Wed Mar 4"
    assert [("settling", why, False)] == [(o.step, o.why, o.for_staff) for o in plan.withheld if o.step == "settling"]
