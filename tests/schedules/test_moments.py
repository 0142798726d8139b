"""From a step's nominal moment to the open one in which it leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schedules.moments import Anchor
from tests.schedules.plans import at, lift, local_dues, one, planned, protocol, step

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
EVENING = {"day": 0, "time": "18:00"}


def test_outside_the_window_each_kind_moves_its_way(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, Any], str, str | None]] = [
        # inside the window everything leaves at its moment
        ("restrict", {"hours": 1}, "15:30", "2026-03-07 16:30"),
        ("care", {"minutes": 30}, "15:30", "2026-03-07 16:00"),
        # a moment before the anchor is the anchor
        ("care", EVENING, "19:10", "2026-03-07 19:10"),
        ("expect", EVENING, "19:10", "2026-03-07 19:10"),
        # restrict and care move earlier on their own date, never before the anchor
        ("restrict", {"hours": 1}, "19:10", "2026-03-07 19:45"),
        ("care", {"hours": 5}, "15:30", "2026-03-07 19:45"),
        ("care", {"day": 1, "time": "21:30"}, "15:30", "2026-03-08 19:45"),
        ("restrict", {"hours": 1}, "19:45", "2026-03-07 19:45"),
        ("care", EVENING, "21:00", None),
        # else later: care on that date, a rule and a warning to the next opening
        ("care", {"hours": 1}, "19:46", None),
        ("restrict", {"hours": 1}, "19:46", "2026-03-08 09:00"),
        ("warning", {"hours": 1}, "19:50", "2026-03-08 09:00"),
        ("care", {"day": 1, "time": "06:00"}, "15:30", "2026-03-08 09:00"),
        ("restrict", {"hours": 1}, "06:30", "2026-03-07 09:00"),
        # the others move later
        ("expect", {"hours": 1}, "19:10", "2026-03-08 09:00"),
        ("check_in", {"day": 1, "time": "06:00"}, "15:30", "2026-03-08 09:00"),
        ("rebook", {"day": 1, "time": "22:00"}, "15:30", "2026-03-09 09:00"),
    ]
    for kind, when, treated, leaves in cases:
        with subtests.test(kind=kind, when=when, treated=treated, leaves=leaves):
            assert {"one": leaves} == local_dues(planned(one(kind, at=when), at(f"2026-03-07T{treated}")))


def test_a_lift_leaves_in_the_first_open_moment_after_the_last_of_its_topics(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("2026-03-06T15:30", "2026-03-07 15:30"),
        ("2026-03-07T15:30", "2026-03-08 16:30"),
        ("2026-03-06T19:45", "2026-03-07 19:45"),
        ("2026-03-06T19:50", "2026-03-08 09:00"),  # ended on Saturday evening: told on Sunday
        ("2026-10-31T20:10", "2026-11-01 19:10"),
        ("2026-03-06T07:00", "2026-03-07 09:00"),
    ]
    for treated, leaves in cases:
        with subtests.test(treated=treated, leaves=leaves):
            plan = protocol(lift("makeup", "serum"), restrictions={"makeup": {"hours": 24}, "serum": {"hours": 12}})
            assert {"makeup-serum-again": leaves} == local_dues(planned(plan, at(treated)))


def test_a_prepare_text_moves_earlier_but_never_before_the_enrollment(subtests: pytest.Subtests) -> None:
    cases: list[tuple[int, str, str | None, str | None]] = [
        (-2, "09:00", None, "2026-03-07 09:00"),
        (-2, "21:30", None, "2026-03-07 19:45"),
        (-2, "06:00", None, "2026-03-06 19:45"),  # earlier, across dates
        (-2, "06:00", "2026-03-06T19:46", None),  # never before the enrollment
        (-2, "09:00", "2026-03-07T12:00", "2026-03-07 12:00"),  # late, and still useful
        (-2, "09:00", "2026-03-07T21:00", "2026-03-08 09:00"),  # 23 hours on, that night
        (-2, "09:00", "2026-03-08T10:00", None),
        (0, "11:30", None, None),  # after the appointment it prepares nothing
    ]
    for day, hour, enrolled, leaves in cases:
        with subtests.test(day=day, hour=hour, enrolled=enrolled, leaves=leaves):
            plan = one("prepare", at={"day": day, "time": hour})
            enrolled_at = at(enrolled) if enrolled else None
            messages = planned(plan, at("2026-03-09T11:00"), treated=False, enrolled_at=enrolled_at)
            assert {"one": leaves} == local_dues(messages)


def test_aftercare_exists_only_once_she_is_treated_and_preparing_only_before() -> None:
    plan = protocol(step("before", "prepare", at={"day": -1, "time": "09:00"}), step("after", "care", at={"hours": 1}))
    appointment = at("2026-03-09T11:00")
    assert ["before"] == [message.step for message in planned(plan, appointment, treated=False)]
    assert ["after"] == [message.step for message in planned(plan, appointment)]


@pytest.mark.parametrize(
    ("stale", "leaves"),
    [({"hours": 11}, None), ({"hours": 12}, "2026-03-08 09:00")],  # 21:00 to 09:00, an hour of it skipped
)
def test_what_finds_no_place_before_it_expires_is_told_in_person(stale: dict[str, int], leaves: str | None) -> None:
    (message,) = planned(one("expect", at={"hours": 0}, stale_after=stale), at("2026-03-07T21:00"))
    assert {"one": leaves} == local_dues((message,))
    assert (leaves is None) is ("tell the patient in person" in message.notes)


def test_limits_of_a_text() -> None:
    plan = protocol(
        step("care", "care", at={"hours": 1}, stale_after={"hours": 8}), lift("makeup"),
        restrictions={"makeup": {"hours": 24}},
    )  # fmt: skip
    care, again = planned(plan, at("2026-03-07T15:30"))
    assert (at("2026-03-07T15:30"), at("2026-03-08T00:30")) == (care.not_before, care.expires_at)
    assert (at("2026-03-08T16:30"), at("2026-03-10T16:30")) == (again.not_before, again.expires_at)


@pytest.mark.parametrize(
    "named",
    [{"topics": ["makeup"]}, {"text": {"en": "{clinic}: no makeup until {makeup.until}. STOP"}}],
    ids=["named", "printed"],
)
def test_a_rule_is_useful_as_long_as_all_that_it_states_holds_or_for_less(named: dict[str, Any]) -> None:
    """Whatever the file says; told at the next opening, however late. Once it is over nobody has to say it."""
    for stale_after, until in (({"days": 3}, "18T15:30"), (None, "18T15:30"), ({"hours": 3}, "17T19:30")):
        plan = protocol(
            step("today", "restrict", at={"hours": 1}, stale_after=stale_after, **named),
            restrictions={"makeup": {"hours": 24}},
        )
        (message,) = planned(plan, at("2026-06-17T15:30"))
        assert at(f"2026-06-{until}") == message.expires_at
        assert () == planned(plan, at("2026-06-17T15:30"), enrolled_at=at("2026-06-18T15:30"))


def test_a_late_enrollment_gets_what_is_still_useful(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None, str | None]] = [
        ("2026-03-07T15:35", "2026-03-07 16:30", None),
        ("2026-03-07T17:00", "2026-03-07 17:00", "late: enrolled after its moment"),
        ("2026-03-07T21:00", "2026-03-08 09:00", "late: enrolled after its moment"),
        ("2026-03-08T17:30", None, "enrolled too late for it"),
    ]
    for enrolled, leaves, note in cases:
        with subtests.test(enrolled=enrolled, leaves=leaves, note=note):
            messages = planned(one("care", at={"hours": 1}), at("2026-03-07T15:30"), enrolled_at=at(enrolled))
            assert {"one": leaves} == local_dues(messages)
            assert (note in messages[0].notes) if note else not messages[0].notes


def test_day_0_counts_her_own_clock_alone_and_later_days_the_area_codes_too() -> None:
    plan = protocol(step("now", "care", at={"hours": 1}), step("next", "care", at={"day": 1, "time": "09:00"}))
    dues = local_dues(planned(plan, at("2026-06-17T08:30"), area_zones=(LOS_ANGELES,)))
    assert {"now": "2026-06-17 09:30", "next": "2026-06-18 11:00"} == dues


def test_the_day_keeps_restrict_and_care_then_lifts_and_the_rest_moves_on() -> None:
    plan = protocol(
        step("expect", "expect", at={"day": 1, "time": "09:00"}, stale_after={"days": 2}),
        lift("makeup"),
        step("care", "care", at={"day": 1, "time": "11:00"}),
        step("restrict", "restrict", at={"day": 1, "time": "12:00"}, stale_after={"hours": 8}),
        step("late", "care", at={"day": 1, "time": "13:00"}, stale_after={"hours": 8}),
        step("brief", "check_in", at={"day": 1, "time": "10:00"}, stale_after={"hours": 20}),
        restrictions={"makeup": {"hours": 20}},
    )
    messages = planned(plan, at("2026-06-17T14:00"))
    expected = {
        "care": "2026-06-18 11:00",
        "restrict": "2026-06-18 12:00",
        "late": None,  # over the cap, and stale before the next day
        "makeup-again": "2026-06-19 09:00",
        "expect": "2026-06-19 10:00",  # an hour after the lift
        "brief": None,
    }
    assert expected == local_dues(messages)
    moved = next(message for message in messages if message.step == "makeup-again")
    assert ("moved later: Thu Jun 18 had enough texts",) == moved.notes


def test_one_move_may_push_another() -> None:
    days = [
        step(f"d{day}-{n}", "check_in", at={"day": day, "time": "10:00"}, stale_after={"days": 5})
        for day in (1, 2)
        for n in (1, 2)
    ]
    plan = protocol(step("d1-0", "check_in", at={"day": 1, "time": "09:30"}, stale_after={"days": 5}), *days)
    expected = {
        "d1-0": "2026-06-18 09:30", "d1-1": "2026-06-18 10:30",
        "d1-2": "2026-06-19 09:00", "d2-1": "2026-06-19 10:00",
        "d2-2": "2026-06-20 09:00",
    }  # fmt: skip
    assert expected == local_dues(planned(plan, at("2026-06-17T14:00")))


def test_a_date_no_one_is_treated_on_is_refused(subtests: pytest.Subtests) -> None:
    for year in (1900, 1999, 2100, 9999):
        with (
            subtests.test(year=year),
            pytest.raises(ValueError, match=f"{year}-03-07 is not between 2000 and 2099; check the date"),
        ):
            Anchor(at("2026-03-07T15:30").replace(year=year))


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        Anchor(datetime(2026, 3, 7, 15, 30))  # noqa: DTZ001 (this is what is refused)
    with pytest.raises(ValueError, match="has no time zone"):
        planned(
            one("care", at={"hours": 1}),
            at("2026-03-07T15:30"),
            enrolled_at=datetime(2026, 3, 7, 16),  # noqa: DTZ001 (the same)
        )
