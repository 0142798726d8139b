"""The daily cap of a number: whoever the texts are for, no day has too many, and the right ones keep their day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedules.daily_cap import Draft, keep_to_cap, lost_its_place
from schedules.moments import Anchor
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol
from schedules.timeline import Patient, draft_timeline, hours_of
from tests.schedules.plan_strategies import protocols
from tests.schedules.plans import NEW_YORK, RULES, at, lift, local_dues, protocol, step

WALL = protocol(
    step("today", "restrict", at={"hours": 1}, stale_after={"hours": 8}, topics=["makeup"]),
    step("evening", "restrict", at={"hours": 6}, stale_after={"hours": 3}, topics=["makeup"]),
    lift("makeup"),
    step("how-are-you", "check_in", at={"hours": 25}, stale_after={"days": 3}),
    restrictions={"makeup": {"hours": 24}},
)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
MONDAY = at("2026-06-15T10:00")


def draft(plan: CareProtocol, treated_at: datetime, zone: ZoneInfo = NEW_YORK) -> Draft:
    patient = Patient(zone)
    timeline = draft_timeline(plan, Anchor(treated_at), patient, RULES)
    return Draft(timeline.messages, hours_of(patient, RULES), timeline.day0, plan.reminders)


def dues(*drafts: Draft, most: int = 2, left: tuple[datetime, ...] = ()) -> list[dict[str, str | None]]:
    return [local_dues(messages) for messages in keep_to_cap(drafts, most, left)]


def test_a_reminder_gives_way_to_what_somebody_else_has_not_heard_yet() -> None:
    """Of three on one phone two hear it by text; nobody's reminder takes that place."""
    first, second, third = dues(draft(WALL, MONDAY), draft(WALL, MONDAY), draft(WALL, MONDAY))
    assert ["2026-06-15 11:00", "2026-06-15 11:00", None] == [one["today"] for one in (first, second, third)]
    assert [None, None, None] == [one["evening"] for one in (first, second, third)]


def test_who_was_there_first_keeps_the_place() -> None:
    """The newer one's text would leave earlier on that day; all the same it is the one that finds no place."""
    early, late = draft(WALL, MONDAY - timedelta(minutes=30)), draft(WALL, MONDAY)
    first, second = dues(late, early, most=1)
    assert ("2026-06-15 11:00", None) == (first["today"], second["today"])


def test_a_newer_restriction_goes_before_an_older_lift_and_a_lift_before_the_rest() -> None:
    """On Tuesday at 10 the first one's lift, at 11 her check-in: the newcomer's texts of that day go before both."""
    newcomer = protocol(
        step("wash", "care", at={"hours": 1}, stale_after={"hours": 8}),
        step("cream", "care", at={"hours": 2}, stale_after={"hours": 8}),
    )
    first, second = dues(draft(WALL, MONDAY), draft(newcomer, MONDAY + timedelta(days=1)))
    assert {"wash": "2026-06-16 11:00", "cream": "2026-06-16 12:00"} == second
    assert ("2026-06-17 09:00", "2026-06-17 09:00") == (first["makeup-again"], first["how-are-you"])


def test_what_has_left_for_the_number_takes_its_place() -> None:
    left = (MONDAY - timedelta(hours=1), MONDAY)
    (found,) = keep_to_cap([draft(WALL, MONDAY)], 2, left)
    today = next(message for message in found if message.step == "today")
    assert lost_its_place(today)
    assert ("no place: Mon Jun 15 had enough texts", "tell the patient in person") == today.notes


def test_a_text_that_has_left_takes_no_second_place() -> None:
    plain = draft(WALL, MONDAY)
    after = replace(plain, settled=frozenset({"today"}))
    (found,) = dues(after, most=2, left=(MONDAY + timedelta(hours=1),))
    assert "2026-06-15 16:00" == found["evening"]


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
    assert {"three"} == plan.reminders


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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(numbers())
def test_what_is_planned_for_a_number_leaves(number: Number) -> None:
    """The sending check, as it is at each moment: what has left on that date of the text's own patient is counted."""
    planned = keep_to_cap(number.drafts, number.most, number.left)
    texts = sorted(
        ((message.due_at, whose) for whose, messages in enumerate(planned) for message in messages if message.due_at),
    )
    gone = list(number.left)
    for due, whose in texts:
        zone = number.drafts[whose].hours.zone
        on_that_day = sum(at.astimezone(zone).date() == due.astimezone(zone).date() for at in gone)
        assert on_that_day < number.most
        gone.append(due)
    for zone in {one.hours.zone for one in number.drafts}:
        days = Counter(due.astimezone(zone).date() for due, _ in texts)
        assert max(days.values(), default=0) <= number.most


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(numbers())
def test_the_cap_only_moves_later_and_only_within_the_hours(number: Number) -> None:
    for whose, messages in enumerate(keep_to_cap(number.drafts, number.most, number.left)):
        one = number.drafts[whose]
        wished = {message.step: message for message in one.messages}
        assert wished.keys() == {message.step for message in messages}
        for message in messages:
            if message.due_at is not None:
                assert message.due_at >= _due(wished[message.step])
                assert message.due_at < message.expires_at
                assert one.hours.is_open(message.due_at, day0=one.day0)


def _due(message: PlannedMessage) -> datetime:
    assert message.due_at is not None
    return message.due_at
