"""The daily cap of a number: whoever the texts are for, no day has too many, and the right ones keep their day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedules.daily_cap import Draft, keep_to_cap, lost_its_place
from schedules.moments import Anchor
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol, StepKind
from schedules.timeline import Patient, draft_timeline
from tests.schedules.plan_strategies import protocols
from tests.schedules.plans import NEW_YORK, RULES, at, lift, local_dues, protocol, step

WALL = protocol(
    step("today", "restrict", at={"hours": 1}, stale_after={"hours": 8}, topics=["makeup"]),
    step("evening", "restrict", at={"hours": 7}, stale_after={"hours": 3}, topics=["makeup"]),
    lift("makeup"),
    step("how-are-you", "check_in", at={"hours": 25}, stale_after={"days": 3}),
    restrictions={"makeup": {"hours": 24}},
)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
MONDAY = at("2026-06-15T10:00")


def draft(plan: CareProtocol, treated_at: datetime, zone: ZoneInfo = NEW_YORK) -> Draft:
    patient = Patient(zone)
    timeline = draft_timeline(plan, Anchor(treated_at), patient, RULES)
    return Draft(timeline.messages, timeline.hours, timeline.day0)


def dues(*drafts: Draft, most: int = 2, left: tuple[datetime, ...] = ()) -> list[dict[str, str | None]]:
    return [local_dues(messages) for messages in keep_to_cap(drafts, most, left)]


def test_a_reminder_gives_way_to_what_somebody_else_has_not_heard_yet() -> None:
    """All three on one phone hear the rule, on a day that has two texts, an hour apart; nobody is reminded of it."""
    first, second, third = dues(draft(WALL, MONDAY), draft(WALL, MONDAY), draft(WALL, MONDAY))
    hours = ["2026-06-15 11:00", "2026-06-15 12:00", "2026-06-15 13:00"]
    assert hours == [one["today"] for one in (first, second, third)]
    assert [None, None, None] == [one["evening"] for one in (first, second, third)]


def test_a_dropped_reminder_asks_nobody_and_another_text_asks_a_person() -> None:
    full = protocol(*[step(f"wash-{n}", "care", at={"hours": 2}, stale_after={"hours": 3}) for n in range(3)])
    (reminded, cared) = keep_to_cap([draft(WALL, MONDAY), draft(full, MONDAY)], 2)
    lost = {message.step: message.notes for message in (*reminded, *cared) if message.due_at is None}
    assert {"evening", "wash-1", "wash-2"} == lost.keys()
    assert ("no place: Mon Jun 15 had enough texts",) == lost["evening"]
    assert ("no place: Mon Jun 15 had enough texts", "tell the patient in person") == lost["wash-1"]


def test_a_warning_leaves_on_a_full_day_and_nothing_else_takes_its_place() -> None:
    plan = protocol(
        step("signs", "warning", at={"hours": 4}),
        *[step(f"wash-{n}", "care", at={"hours": n}, stale_after={"hours": 9}) for n in range(1, 4)],
        step("today", "restrict", at={"hours": 5}, topics=["makeup"]),
        restrictions={"makeup": {"hours": 48}},
    )
    (found,) = dues(draft(plan, MONDAY), most=1)
    assert ("2026-06-15 14:00", "2026-06-15 15:00") == (found["signs"], found["today"])
    assert {None} == {found[f"wash-{n}"] for n in range(1, 4)}


def test_who_was_there_first_keeps_the_place() -> None:
    """The newer one's text would leave earlier on that day; all the same it is the one that finds no place."""
    plan = protocol(step("wash", "care", at={"hours": 1}, stale_after={"hours": 8}))
    early, late = draft(plan, MONDAY - timedelta(minutes=30)), draft(plan, MONDAY)
    first, second = dues(late, early, most=1)
    assert ("2026-06-15 11:00", None) == (first["wash"], second["wash"])


def test_a_newer_restriction_goes_before_an_older_lift_and_a_lift_before_the_rest() -> None:
    """On Tuesday at 10 the first one's lift, at 11 her check-in: the newcomer's texts of that day go before both."""
    newcomer = protocol(
        step("wash", "care", at={"hours": 1}, stale_after={"hours": 8}),
        step("cream", "care", at={"hours": 2}, stale_after={"hours": 8}),
    )
    first, second = dues(draft(WALL, MONDAY), draft(newcomer, MONDAY + timedelta(days=1)))
    assert {"wash": "2026-06-16 11:00", "cream": "2026-06-16 12:00"} == second
    assert ("2026-06-17 09:00", "2026-06-17 10:00") == (first["makeup-again"], first["how-are-you"])


def test_what_has_left_for_the_number_takes_its_place() -> None:
    left = (MONDAY - timedelta(hours=1), MONDAY)
    plan = protocol(step("wash", "care", at={"hours": 1}, stale_after={"hours": 8}))
    ((wash,),) = keep_to_cap([draft(plan, MONDAY)], 2, left)
    assert lost_its_place(wash)
    assert ("no place: Mon Jun 15 had enough texts", "tell the patient in person") == wash.notes


def test_a_text_leaves_an_hour_after_one_that_has_left() -> None:
    (found,) = dues(draft(WALL, MONDAY), left=(MONDAY + timedelta(minutes=45, seconds=3),))
    assert "2026-06-15 11:45" == found["today"]


def test_two_texts_are_an_hour_apart_and_the_lift_comes_after_the_rule() -> None:
    """At noon both a lift and a rule; at 12:20 a reminder: the lift waits for both."""
    plan = protocol(
        step("first", "restrict", at={"hours": 2}, topics=["makeup", "sun"]),
        step(
            "again",
            "restrict",
            at={
                "hours": 24,
            },
            topics=["sun"],
        ),
        lift("makeup"),
        step("how", "check_in", at={"hours": 24}),
        restrictions={"makeup": {"hours": 24}, "sun": {"days": 7}},
    )
    (found,) = dues(draft(plan, at("2026-06-15T12:00")), most=9)
    assert ["2026-06-16 12:00", "2026-06-16 13:00", "2026-06-16 14:00"] == [
        found[key] for key in ("again", "makeup-again", "how")
    ]


def test_the_hour_shrinks_to_a_quarter_rather_than_lose_a_text() -> None:
    """Three that are useless after an hour get 15 minutes each; a fourth finds no place."""
    plan = protocol(
        *[step(f"wash-{n}", "care", at={"hours": 1}, stale_after={"minutes": 46}) for n in range(5)],
    )
    (found,) = dues(draft(plan, MONDAY), most=9)
    assert ["2026-06-15 11:00", "2026-06-15 11:45", "2026-06-15 11:15", "2026-06-15 11:30", None] == [
        found[f"wash-{n}"] for n in range(5)
    ]


def test_what_moved_out_of_the_night_gives_way_to_an_earlier_hour() -> None:
    plan = protocol(
        *[step(f"wash-{n}", "care", at={"day": 1, "time": "21:00"}, stale_after={"hours": 2}) for n in "ab"]
    )
    (found,) = dues(draft(plan, MONDAY))
    assert ("2026-06-16 19:45", "2026-06-16 18:45") == (found["wash-a"], found["wash-b"])
    late = draft(plan, MONDAY)._replace(since=at("2026-06-16T19:30"))
    (found,) = dues(late)
    assert ("2026-06-16 19:45", "2026-06-16 19:30") == (found["wash-a"], found["wash-b"])


def test_a_text_that_has_left_takes_no_second_place() -> None:
    plain = draft(WALL, MONDAY)
    after = plain._replace(settled=frozenset({"today"}))
    (found,) = dues(after, most=2, left=(MONDAY + timedelta(hours=1),))
    assert "2026-06-15 17:00" == found["evening"]


def test_a_reminder_is_counted_from_when_a_text_told_its_rule_and_not_from_one_that_was_lost() -> None:
    lost = draft(WALL, MONDAY)._replace(settled=frozenset({"today"}), gone=frozenset({"today"}))
    told = {hour: lost._replace(told_at={"makeup": at(f"2026-06-15T{hour}")}) for hour in ("11:00", "11:01")}
    evenings = [dues(one)[0]["evening"] for one in (lost, *told.values())]
    assert ["2026-06-15 17:00", "2026-06-15 17:00", None] == evenings


def test_a_text_counts_on_the_clock_of_everybody_on_the_number() -> None:
    """9 PM in New York is 6 PM in Los Angeles: the same day there as the next check of a patient in that zone."""
    evening = protocol(step("late", "care", at={"hours": 1}, stale_after={"hours": 40}))
    here = draft(evening, at("2026-06-15T14:00"))
    there = draft(evening, at("2026-06-15T15:00"), LOS_ANGELES)
    first, second = dues(here, there, most=1)
    assert ("2026-06-15 15:00", "2026-06-16 12:00") == (first["late"], second["late"])


def test_what_names_nothing_new_is_a_reminder() -> None:
    plan = protocol(
        step("one", "restrict", at={"hours": 1}, topics=["makeup"]),
        step("two", "restrict", at={"hours": 2}, topics=["makeup", "sun"]),
        step("three", "restrict", at={"hours": 3}, topics=["sun"]),
        step("four", "restrict", at={"hours": 4}),
        restrictions={"makeup": {"hours": 24}, "sun": {"days": 7}},
    )
    one = draft(plan, MONDAY)
    assert {"three"} == one.reminders
    assert {"one", "three"} == one._replace(known=frozenset({"makeup"})).reminders


ZONES = st.sampled_from([NEW_YORK, LOS_ANGELES, ZoneInfo("Asia/Tokyo")])


@dataclass(frozen=True)
class Number:
    """Some enrollments on one number."""

    drafts: list[Draft]
    most: int
    left: tuple[datetime, ...]


@st.composite
def numbers(draw: st.DrawFn) -> Number:
    base = datetime(2026, 6, 15, tzinfo=UTC)
    drafts = [
        draft(draw(protocols), base + timedelta(minutes=draw(st.integers(0, 4 * 24 * 60))), draw(ZONES))
        for _ in range(draw(st.integers(1, 5)))
    ]
    left = tuple(base + timedelta(minutes=draw(st.integers(-600, 0))) for _ in range(draw(st.integers(0, 2))))
    return Number(drafts, draw(st.integers(1, 3)), left)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(numbers())
def test_what_is_planned_for_a_number_leaves(number: Number) -> None:
    """The sending check, as it is at each moment: what has left on that date of the text's own patient is counted.

    Only a rule that is said for the first time leaves on a full day; and never are two texts within a quarter hour.
    """
    planned = keep_to_cap(number.drafts, number.most, number.left)
    texts = sorted(
        (
            (message.due_at, whose, message)
            for whose, messages in enumerate(planned)
            for message in messages
            if message.due_at
        ),
        key=lambda text: text[0],
    )
    gone = list(number.left)
    known: list[set[str]] = [set() for _ in number.drafts]
    for due, whose, message in texts:
        zone = number.drafts[whose].hours.zone
        on_that_day = sum(at.astimezone(zone).date() == due.astimezone(zone).date() for at in gone)
        says_a_rule = message.kind is StepKind.RESTRICT and not known[whose].issuperset(message.topics)
        assert on_that_day < number.most or says_a_rule
        assert all(abs(due - other) >= timedelta(minutes=15) for other in gone)
        gone.append(due)
        if message.kind is StepKind.RESTRICT:
            known[whose].update(message.topics)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(numbers())
def test_the_cap_moves_only_within_the_hours_and_earlier_only_what_left_the_night_so(number: Number) -> None:
    for whose, messages in enumerate(keep_to_cap(number.drafts, number.most, number.left)):
        one = number.drafts[whose]
        wished = {message.step: message for message in one.messages}
        assert wished.keys() == {message.step for message in messages}
        for message in messages:
            if message.due_at is not None:
                assert message.due_at >= _due(wished[message.step]) or message.due_at < message.nominal_at
                assert message.due_at >= message.not_before
                assert message.due_at < message.expires_at
                assert one.hours.is_open(message.due_at, day0=one.day0)


def _due(message: PlannedMessage) -> datetime:
    assert message.due_at is not None
    return message.due_at
