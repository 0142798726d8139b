"""Quiet days: what they may be, what they move and where to, and what they do not hold."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.informing import KnownRules
from schedules.moments import Anchor
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol, StepKind
from schedules.quiet_days import QuietDays, say_quiet_days
from schedules.send_window import DEFAULT_WINDOW, OpenHours, SendWindow
from schedules.timeline import Patient, build_timeline
from tests.schedules.plans import NEW_YORK, RULES, at, lift, local_dues, protocol, step
from tests.schedules.test_promises import Case, cases, often

SUNDAYS = QuietDays.parse("Sun")
SATURDAY, SUNDAY = "2026-06-20", "2026-06-21"
any_days = st.builds(
    QuietDays,
    st.frozensets(st.integers(0, 6), max_size=3),
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=4),
)


def planned(
    plan: CareProtocol, anchor: str, clinic: QuietDays = SUNDAYS, wish: QuietDays | None = None, **said: Any
) -> tuple[PlannedMessage, ...]:
    """What a patient hears after a treatment that ended then; `known`: the rules that the patient knows already."""
    rules = replace(RULES, window=replace(DEFAULT_WINDOW, quiet=clinic), staffed=None)
    known = KnownRules(frozenset(said.pop("known", ())))
    patient = Patient(NEW_YORK, quiet=wish or QuietDays())
    return build_timeline(plan, Anchor(at(anchor), **said), patient, rules, known=known).messages


def test_weekdays_and_dates_are_read_in_any_case_and_kept_in_order(subtests: pytest.Subtests) -> None:
    for said, kept in {
        "Sun,2026-12-25": "Sun,2026-12-25",
        " 2026-12-25; sunday,SAT sun,2026-01-01 ": "Sat,Sun,2026-01-01,2026-12-25",
        "": "",
    }.items():
        with subtests.test(said=said):
            assert kept == str(QuietDays.parse(said))


def test_anything_else_is_one_sentence_that_says_what_to_write(subtests: pytest.Subtests) -> None:
    write = "write weekdays and dates with commas between, such as Sun,2026-12-25"
    for said, sentence in {
        "Sonntag": f'"Sonntag" is no quiet day; {write}',
        "Sat-Sun": f'"Sat-Sun" is no quiet day; {write}',
        "Sun,12/25/2026": f'"12/25/2026" is no quiet day; {write}',
        "2026-02-30": f'"2026-02-30" is no quiet day; {write}',
        "20261225": f'"20261225" is no quiet day; {write}',
        "Mon,Tue,Wed,Thu": "Mon, Tue, Wed, Thu are 4 quiet weekdays; write at most three, and any dates",
    }.items():
        with subtests.test(said=said), pytest.raises(ValueError, match=re.escape(sentence)):
            QuietDays.parse(said)


def test_a_window_opens_on_no_quiet_day_of_the_patients_own_clock() -> None:
    hours = OpenHours(SendWindow(quiet=SUNDAYS), NEW_YORK, wish=QuietDays.parse("Mon,2026-06-23"))
    noon = at(f"{SUNDAY}T12:00")
    assert (None, at("2026-06-24T09:00")) == (hours.open_until(noon), hours.first_open(noon, noon + timedelta(days=9)))
    assert at(f"{SATURDAY}T19:45") == hours.previous_open(noon, noon - timedelta(days=9))
    assert (True, False) == tuple(hours.on_quiet_days_too.is_open(noon + timedelta(days=days)) for days in (0, 1))


def test_a_quiet_day_moves_each_kind_as_the_night_does(subtests: pytest.Subtests) -> None:
    sunday_noon = {"at": {"day": 1, "time": "12:00"}, "stale_after": {"hours": 24}}
    note = "moved later from Sun Jun 21, noon: a quiet day"
    no_hour = ("no open hour before it expires: a quiet day", "tell the patient in person")
    for kind, said, due, notes in (
        ("expect", sunday_noon, "2026-06-22 09:00", (note,)),
        ("check_in", sunday_noon, "2026-06-22 09:00", (note,)),
        ("care", sunday_noon, "2026-06-22 09:00", (note,)),
        ("care", {**sunday_noon, "stale_after": {"hours": 20}}, None, no_hour),
        ("warning", sunday_noon, f"{SUNDAY} 12:00", ()),
        ("expect", {"at": {"day": 0, "time": "20:30"}, "stale_after": {"days": 2}}, "2026-06-22 09:00",
         ("moved later from Sat Jun 20, 8:30 PM: outside the send window, then a quiet day",)),
    ):  # fmt: skip
        with subtests.test(kind=kind, said=said):
            (message,) = planned(protocol(step("one", kind, **said)), f"{SATURDAY}T11:00")
            assert ({"one": due}, notes) == (local_dues((message,)), message.notes)


def test_a_lift_and_what_prepares_a_visit_leave_quiet_days_on_their_own_side() -> None:
    plan = protocol(lift("makeup"), restrictions={"makeup": {"hours": 24}})
    assert {"makeup-again": "2026-06-22 09:00"} == local_dues(planned(plan, f"{SATURDAY}T11:00", known=["makeup"]))
    prepare = protocol(step("one", "prepare", at={"day": -1, "time": "10:00"}))
    assert {"one": f"{SATURDAY} 19:45"} == local_dues(planned(prepare, "2026-06-22T11:00", treated=False))


def test_what_repeats_is_left_out_on_a_quiet_day_and_asks_nobody_but_on_its_first_day() -> None:
    plan = protocol(step("wash", "care", repeat={"days": [1, 2], "at": ["09:00", "19:00"]}, stale_after={"hours": 3}))
    quiet = planned(plan, f"{SATURDAY}T11:00", QuietDays.parse("Sun,Mon"))
    assert [(None, False), (None, False), (None, True), (None, True)] == [(m.due_at, m.asks_nobody) for m in quiet]
    assert [True, True, False, False] == ["tell the patient in person" in message.notes for message in quiet]


def test_a_rule_is_told_on_a_clinics_quiet_day_its_reminder_waits_and_the_patients_wish_holds_both() -> None:
    rule = {"topics": ["sun"], "text": {"en": "{clinic}: no sun until {sun.until}."}}
    plan = protocol(
        step("today", "restrict", at={"hours": 1}, **rule),
        step("tonight", "restrict", at={"hours": 8}, **rule),
        restrictions={"sun": {"days": 7}},
    )
    ten = f"{SUNDAY}T10:00"
    assert {"today": f"{SUNDAY} 11:00", "tonight": "2026-06-22 09:00"} == local_dues(planned(plan, ten))
    (_, reminder) = planned(plan, ten)
    assert ("moved later: Sun Jun 21 is a quiet day",) == reminder.notes
    assert ["2026-06-22 09:00"] == list(local_dues(planned(plan, ten, known=["sun"])).values())  # once is enough
    wished = {name: due and due[:10] for name, due in local_dues(planned(plan, ten, QuietDays(), SUNDAYS)).items()}
    assert "2026-06-22" == wished["today"]


@often
@given(cases(), any_days, any_days)
def test_on_a_quiet_day_nothing_leaves_but_warnings_and_rules_said_first_and_nothing_early(
    case: Case, clinic: QuietDays, wish: QuietDays
) -> None:
    window, known = replace(case.rules.window, quiet=clinic), set[str]()
    case = replace(case, rules=replace(case.rules, window=window), patient=replace(case.patient, quiet=wish))
    timeline = case.plan()
    ends = dict(timeline.restrictions)
    for message in timeline.messages:
        if message.due_at is None:
            continue
        on = message.due_at.astimezone(case.patient.zone).date()
        says_a_rule = message.kind is StepKind.RESTRICT and not known.issuperset(message.topics)
        assert on not in wish
        assert on not in clinic or says_a_rule or message.kind is StepKind.WARNING
        assert message.not_before <= message.due_at < message.expires_at
        assert message.kind is not StepKind.LIFT or all(message.due_at >= ends[topic] for topic in message.topics)
        known.update(message.topics if message.kind is StepKind.RESTRICT else ())


def test_staff_read_them_as_days_and_not_as_they_are_written() -> None:
    for written, read in (
        ("Sun,2026-12-25", "Sundays, Fri Dec 25 2026"),
        ("2026-12-25,sat;FRI", "Fridays, Saturdays, Fri Dec 25 2026"),
        ("", ""),
    ):
        assert (written, read) == (written, say_quiet_days(written))
