"""The promises of a plan, for any protocol, zone, hour and enrollment: never early, never at night, never stale."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedules.catch_up import is_catch_up
from schedules.moments import Anchor, leaves_late
from schedules.offsets import Duration
from schedules.protocol import CareProtocol, StepKind
from schedules.reach import reach
from schedules.repeat import repeated_key
from schedules.send_window import SendWindow
from schedules.timeline import Patient, Rules, Timeline, build_timeline, draft_timeline
from schedules.wording import Voice
from tests.schedules.plan_strategies import answers_to, area_zones, places, protocols

VOICE = Voice("Elm Street Skin", "(978) 555-0142")
WINDOWS = [SendWindow(), SendWindow(time(8), time(21)), SendWindow(time(10, 30), time(11, 30))]
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a plan depends on."""

    protocol: CareProtocol
    anchor: Anchor
    patient: Patient
    rules: Rules
    enrolled_at: datetime | None

    def plan(self) -> Timeline:
        """What `build_timeline` makes of it."""
        return build_timeline(self.protocol, self.anchor, self.patient, self.rules, enrolled_at=self.enrolled_at)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A patient of any clinic in the world, enrolled whenever."""
    protocol = draw(protocols)
    zone, instant = draw(places)
    anchor = Anchor(instant, treated=draw(st.sampled_from([True, True, True, False])))
    wait = draw(st.none() | st.integers(-14 * 24 * 60, 9 * 24 * 60))
    enrolled_at = None if wait is None else anchor.at + timedelta(minutes=wait)
    patient = Patient(
        zone, draw(st.sampled_from(protocol.languages)), "Ana", area_zones=draw(area_zones),
        answers=draw(answers_to(protocol)),
    )  # fmt: skip
    rules = Rules(VOICE, draw(st.sampled_from(WINDOWS)), draw(st.integers(1, 3)))
    return Case(protocol, anchor, patient, rules, enrolled_at)


@often
@given(cases())
def test_never_early_no_text_says_you_may_before_every_restriction_it_lifts_has_ended(case: Case) -> None:
    for message in case.plan().messages:
        if message.kind is StepKind.LIFT and message.due_at:
            assert message.topics
            for topic in message.topics:
                lasts = case.protocol.restrictions[topic]
                assert _is_over(lasts, case.anchor.at, message.due_at, case.patient.zone)


@often
@given(cases())
def test_beyond_its_reach_nothing_holds_and_no_text_is_of_use(case: Case) -> None:
    planned = case.plan()
    if case.anchor.treated:
        ends = [end for _, end in planned.restrictions] + [one.expires_at for one in planned.messages]
        assert all(one < case.anchor.at + reach(case.protocol) for one in ends)


def _is_over(lasts: Duration, treated_at: datetime, at: datetime, zone: ZoneInfo) -> bool:
    """Read in every way that a patient could read it, without the code that plans."""
    started, now = (instant.astimezone(zone).replace(tzinfo=None) for instant in (treated_at, at))
    if lasts.hours:
        return at >= treated_at + timedelta(hours=lasts.hours)
    if lasts.until_day:
        return now.date() >= started.date() + timedelta(days=lasts.until_day)
    if lasts.months:
        same_day = (started.date().replace(day=1) + timedelta(days=31 * lasts.months)).replace(day=1)
        last_of_month = (same_day + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        day = min(started.day, last_of_month.day)
        return now >= datetime.combine(same_day.replace(day=day), started.time())
    days = timedelta(days=lasts.days or 7 * (lasts.weeks or 0))
    return at >= treated_at + days and now >= started + days


@often
@given(places, st.integers(1, 30))
def test_a_restriction_of_days_ends_early_on_neither_reading(place: tuple[ZoneInfo, datetime], days: int) -> None:
    """Neither before that many times 24 hours, nor before the wall clock shows the same hour that many dates on."""
    zone, treated_at = place
    for duration in (Duration(days=days), *([Duration(weeks=days // 7)] if days % 7 == 0 else [])):
        end = duration.end(treated_at, zone)
        assert end >= treated_at + timedelta(days=days)
        local, started = end.astimezone(zone).replace(tzinfo=None), treated_at.astimezone(zone).replace(tzinfo=None)
        assert local >= started + timedelta(days=days)
        before = (end - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        held_by_hours = end - timedelta(seconds=1) < treated_at + timedelta(days=days)
        assert held_by_hours or before < started + timedelta(days=days) or _comes_again(end, zone)


def _comes_again(end: datetime, zone: ZoneInfo) -> bool:
    """Whether this wall time was shown once before, so that the later of the two was taken."""
    return end.astimezone(zone).fold == 1


@often
@given(places, st.integers(1, 30))
def test_until_day_ends_when_that_local_date_has_begun(place: tuple[ZoneInfo, datetime], day: int) -> None:
    zone, treated_at = place
    end = Duration(until_day=day).end(treated_at, zone)
    assert end.astimezone(zone).date() >= treated_at.astimezone(zone).date() + timedelta(days=day)


@often
@given(cases())
def test_never_at_night_on_her_own_clock_nor_later_on_on_those_her_number_points_to(case: Case) -> None:
    zone, window = case.patient.zone, case.rules.window
    day0 = case.anchor.at.astimezone(zone).date() if case.anchor.treated else None
    for message in case.plan().messages:
        if message.due_at is None:
            assert message.reminds or {"tell the patient in person", "not told"} & set(message.notes)
            continue
        local = message.due_at.astimezone(zone)
        assert time(8) <= window.opens <= local.time() < window.closes <= time(21)
        quarter_later = message.due_at + timedelta(minutes=15)
        assert quarter_later.astimezone(zone).time() <= window.closes
        if local.date() != day0:
            for other in case.patient.area_zones:
                there = message.due_at.astimezone(other)
                assert time(8) <= there.time() < time(21)
                assert quarter_later.astimezone(other).time() <= time(21)


@often
@given(cases())
def test_never_stale_and_never_before_its_limits(case: Case) -> None:
    timeline = case.plan()
    ends = dict(timeline.restrictions)
    steps = {step.key: step for step in case.protocol.planned_steps}
    for message in timeline.messages:
        stale_after = None if is_catch_up(message.step) else steps[message.step].stale_after
        assert stale_after is None or message.expires_at <= message.nominal_at + stale_after.length
        if message.due_at is None:
            continue
        assert message.not_before <= message.due_at < message.expires_at
        assert case.enrolled_at is None or message.due_at >= case.enrolled_at
        assert message.kind is StepKind.PREPARE or message.due_at >= case.anchor.at
        assert message.kind is not StepKind.PREPARE or message.due_at < case.anchor.at
        if message.kind is StepKind.RESTRICT:
            assert all(message.due_at < ends[topic] for topic in message.topics)
        if message.late_text and leaves_late(message.nominal_at, message.due_at, case.patient.zone):
            assert message.text == message.late_text


@often
@given(cases())
def test_only_a_rule_said_first_leaves_on_a_full_day_and_texts_come_apart_and_oldest_first(case: Case) -> None:
    texts = [(message.due_at, message) for message in case.plan().messages if message.due_at]
    per_day, known = Counter[date](), set[str]()
    for due, message in texts:
        on = due.astimezone(case.patient.zone).date()
        says_a_rule = message.kind is StepKind.RESTRICT and not known.issuperset(message.topics)
        assert says_a_rule or message.kind is StepKind.WARNING or per_day[on] < case.rules.max_texts_per_day
        per_day[on] += 1
        known.update(message.topics if message.kind is StepKind.RESTRICT else ())
    assert all(later - sooner >= timedelta(minutes=15) for (sooner, _), (later, _) in pairwise(texts))


@often
@given(cases())
def test_every_rule_is_told_while_it_holds_or_a_person_is_asked_and_none_is_lifted_untold(case: Case) -> None:
    timeline = case.plan()
    now = max(case.anchor.at, case.enrolled_at or case.anchor.at)
    ends, told, asked = dict(timeline.restrictions), set[str](), set[str]()
    for message in timeline.messages:
        if message.kind is StepKind.RESTRICT and message.due_at:
            assert all(message.due_at < ends[topic] for topic in message.topics)
            told.update(message.topics)
        elif message.kind is StepKind.RESTRICT and "tell the patient in person" in message.notes:
            asked.update(message.topics)
        elif message.kind is StepKind.LIFT and message.due_at:
            assert told.issuperset(message.topics), "lifted before it is told"
        elif message.kind is StepKind.LIFT and not told.issuperset(message.topics):
            assert ("not told",) == message.notes
    assert {topic for topic, end in ends.items() if end > now} <= told | asked


@often
@given(cases())
def test_the_same_facts_make_the_same_plan_in_whatever_zone_an_instant_is_written(case: Case) -> None:
    written_elsewhere = Anchor(case.anchor.at.astimezone(case.patient.zone), case.anchor.treated)
    again = build_timeline(
        case.protocol, written_elsewhere, case.patient, case.rules,
        enrolled_at=case.enrolled_at and case.enrolled_at.astimezone(case.patient.zone),
    )  # fmt: skip
    assert case.plan() == case.plan() == again


@often
@given(cases(), st.integers(1, 5 * 24 * 60))
def test_enrolling_later_brings_no_text_earlier(case: Case, minutes: int) -> None:
    """As if nobody counted: a text that is too late for its day leaves that day, and its hour, to another."""
    if case.enrolled_at is None:
        return
    sooner, later = (
        {
            message.step: message.due_at
            for message in draft_timeline(
                case.protocol, case.anchor, case.patient, case.rules, enrolled_at=enrolled
            ).messages
        }
        for enrolled in (case.enrolled_at, case.enrolled_at + timedelta(minutes=minutes))
    )
    for step, due in later.items():
        before = sooner[step]
        assert due is None or before is None or due >= before


@often
@given(cases())
def test_a_message_is_for_a_step_that_applies_and_every_other_step_says_why(case: Case) -> None:
    timeline = case.plan()
    own_side = {s.key for s in case.protocol.steps if (s.kind is StepKind.PREPARE) is not case.anchor.treated}
    said = Counter(repeated_key(m.step) for m in timeline.messages if not is_catch_up(m.step))
    left = Counter(repeated_key(out.step) for out in timeline.left_out)
    repeats = {s.key for s in case.protocol.steps if s.repeat}  # each of its texts may be over before the treatment is
    assert own_side - repeats <= (said + left).keys() <= own_side
    assert not said.keys() & left.keys() - repeats
    assert all(count == 1 for step, count in (said + left).items() if step not in repeats)
    assert all(out.why for out in timeline.left_out)
    assert all(message.due_at is None or message.due_at.tzinfo is UTC for message in timeline.messages)
