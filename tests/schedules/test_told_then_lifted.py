"""Told, then lifted: every shipped rule, whenever the patient is treated and enrolled, and what a catch-up says.

The table of each run is a small part of HOURS, ZONES and DATES; `sweep` takes all of them, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product
from typing import Any
from zoneinfo import ZoneInfo

from schedules.catalogue import shipped
from schedules.informing import KnownRules
from schedules.moments import Anchor
from schedules.protocol import CareProtocol, StepKind
from schedules.timeline import Patient, Timeline, build_timeline
from tests.schedules.plans import NEW_YORK, RULES, at, lift, local_dues, protocol, step

IN_PERSON, NOT_TOLD = "tell the patient in person", "not told"
HOURS = [time(hour, minute) for hour in range(7, 23) for minute in (0, 10, 30, 46)]
LATER = [None, *(timedelta(hours=hours) for hours in (0, 1, 5, 14, 17, 20, 30, 50, 100, 200))]
ZONES = (
    "America/New_York", "America/Los_Angeles", "America/Phoenix", "Pacific/Honolulu", "Europe/London", "Pacific/Apia",
)  # fmt: skip
DATES = (date(2026, 6, 17), date(2026, 3, 7), date(2026, 10, 31))
"""An ordinary Wednesday, and the nights on which the clocks of New York are set."""
ANSWERS = {
    "shaves": "yes", "cold-sores": "yes", "indication": "facial", "depth": "deep", "kit": "yes", "goal": "correct",
}  # fmt: skip


def _timelines(
    hours: Iterable[time], zones: Iterable[str], dates: Iterable[date]
) -> Iterator[tuple[Timeline, datetime]]:
    """Every plan, and the instant from which it was made."""
    for plan, hour, zone, on, later in product(shipped().values(), hours, zones, dates, LATER):
        treated = datetime.combine(on, hour, ZoneInfo(zone)).astimezone(UTC)
        enrolled = None if later is None else treated + later
        answers = {question: ANSWERS[question] for question in plan.questions}
        patient = Patient(ZoneInfo(zone), plan.languages[on.day % 2], "Ana", answers=answers)
        yield build_timeline(plan, Anchor(treated), patient, RULES, enrolled_at=enrolled), enrolled or treated


def _broken(timeline: Timeline, now: datetime) -> Iterator[str]:
    """Each promise that the plan breaks, read without the code that plans."""
    ends, told, asked = dict(timeline.restrictions), set[str](), set[str]()
    dues = [message.due_at for message in timeline.messages if message.due_at]
    for message in timeline.messages:
        due, is_rule = message.due_at, message.kind is StepKind.RESTRICT
        if due and is_rule:
            told.update(message.topics)
            if any(due >= ends[topic] for topic in message.topics):
                yield f"{message.step} tells what has ended"
        elif is_rule and IN_PERSON in message.notes:
            asked.update(message.topics)
        if due and message.kind is StepKind.LIFT:
            if any(due < ends[topic] for topic in message.topics):
                yield f"{message.step} is early"
            if not told.issuperset(message.topics):
                yield f"{message.step} lifts what nobody told"
        if due and not time(9) <= due.astimezone(timeline.zone).time() <= time(19, 45):
            yield f"{message.step} leaves at night"
        if due is None and not {IN_PERSON, NOT_TOLD} & set(message.notes) and message.kind is not StepKind.ASK:
            yield f"{message.step} is lost silently"
    yield from (f"{topic} is told by nobody" for topic, end in ends.items() if end > now and topic not in told | asked)
    yield from ("two texts within a quarter" for a, b in pairwise(dues) if b - a < timedelta(minutes=15))


def sweep(hours: Iterable[time], zones: Iterable[str], dates: Iterable[date]) -> tuple[int, int, set[str]]:
    """Plans, texts, and what was broken."""
    plans, texts, broken = 0, 0, set[str]()
    for timeline, now in _timelines(hours, zones, dates):
        plans, texts = plans + 1, texts + sum(message.due_at is not None for message in timeline.messages)
        broken.update(f"{timeline.protocol.id}, {timeline.anchor.at}, {now}: {said}" for said in _broken(timeline, now))
    return plans, texts, broken


def test_every_shipped_rule_is_told_while_it_holds_or_a_person_is_asked_and_none_is_lifted_untold() -> None:
    plans, texts, broken = sweep(HOURS[::9], ZONES[:1], DATES[:2])
    assert set() == broken
    assert (plans > 1000, texts > 5000) == (True, True)


def _says(
    plan: CareProtocol, *, treated: str = "2026-06-17T14:00", enrolled: str | None = None, **known: Any
) -> Timeline:
    patient = Patient(NEW_YORK, "en", "Ana")
    enrolled_at = at(enrolled) if enrolled else None
    return build_timeline(plan, Anchor(at(treated)), patient, RULES, enrolled_at=enrolled_at, known=KnownRules(**known))


WALL = protocol(
    step("today", "restrict", at={"hours": 1}, topics=["makeup", "sun", "exercise"], stale_after=None),
    lift("makeup"),
    lift("sun", "exercise"),
    restrictions={"makeup": {"hours": 24}, "sun": {"days": 7}, "exercise": {"days": 7}},
)


def test_a_patient_enrolled_after_the_first_rule_has_ended_hears_the_others_with_their_end_said_once() -> None:
    timeline = _says(WALL, enrolled="2026-06-19T08:00")
    assert {"catch-up": "2026-06-19 09:00", "sun-exercise-again": "2026-06-24 14:00"} == local_dues(timeline.messages)
    assert (
        "Elm Street Skin: no sun, no hard exercise until Wed Jun 24 2:00 PM. (978) 555-0142. STOP to opt out."
        == timeline.messages[0].text
    )
    why = {out.step: out.why for out in timeline.left_out}
    assert "enrolled too late for it; its rules are told otherwise, or have ended" == why["today"]
    assert "nobody told the patient the rule: under 12 hours of it were left" == why["makeup-again"]


def test_what_the_patient_knows_needs_no_catch_up_and_what_was_said_in_words_gets_one() -> None:
    late = "2026-06-19T08:00"
    in_writing = _says(WALL, enrolled=late, topics=frozenset(WALL.restrictions))
    assert ["makeup-again", "sun-exercise-again"] == [one.step for one in in_writing.messages]
    in_words = _says(WALL, enrolled=late, in_words=frozenset(WALL.restrictions), taken=frozenset({"catch-up"}))
    assert ["catch-up.2", "makeup-again", "sun-exercise-again"] == [one.step for one in in_words.messages]
    before_the_rule = _says(WALL, enrolled=late, catches_up=False)
    assert {"today": None, "sun-exercise-again": None} == local_dues(before_the_rule.messages)


def test_a_rule_without_words_or_without_room_is_for_a_person_and_its_lift_waits() -> None:
    plan = protocol(lift("routine"), restrictions={"routine": {"days": 7}})
    ask, routine = _says(plan).messages
    assert ("catch-up", None, (), IN_PERSON) == (ask.step, ask.due_at, ask.notes[2:], ask.notes[1])
    assert (None, (NOT_TOLD,)) == (routine.due_at, routine.notes)

    long = {f"rule-{n}": {"days": n + 1, "words": {"en": {"rule": "no " + "x" * 100}}} for n in range(6)}
    timeline = _says(protocol(lift(*long, key="all"), restrictions=long))
    rules = {one.step: one for one in timeline.messages if one.kind is StepKind.RESTRICT}
    assert {"catch-up": 1, "catch-up.2": 1, "catch-up.3": 4} == {key: len(one.topics) for key, one in rules.items()}
    assert all(one.segments.count <= 2 for key, one in rules.items() if key != "catch-up.3")
    assert (None, ("more than the catch-up texts hold", IN_PERSON)) == (
        rules["catch-up.3"].due_at,
        rules["catch-up.3"].notes,
    )


def test_a_lift_that_could_have_been_told_is_withheld_and_one_that_could_not_is_left_out() -> None:
    """START five hours before the end: the patient was enrolled in time, so staff hear of it."""
    now = "2026-06-24T09:00"
    untold = _says(WALL, enrolled=now, since=at("2026-06-17T14:00")).messages
    assert {"today": None, "makeup-again": None, "sun-exercise-again": None} == local_dues(untold)
    assert [(NOT_TOLD,), (NOT_TOLD,)] == [one.notes for one in untold if one.kind is StepKind.LIFT]
    assert {"today": None} == local_dues(_says(WALL, enrolled=now).messages)


def test_a_reminder_less_than_six_hours_after_the_text_that_told_its_rule_is_left_out_and_asks_nobody() -> None:
    """A rule told at the next opening would else be told again an hour later."""
    reminded = {
        (key, hour): [one.step for one in timeline.messages if one.step.startswith("still-") and one.due_at]
        for key in ("microneedling", "microneedling-24h")
        for hour in ("10:00", "21:20")
        for timeline in [_says(shipped()[key], treated=f"2026-06-17T{hour}")]
    }
    expected = {"10:00": ["still-no-makeup"], "21:20": []}
    assert {(key, hour): expected[hour] for key, hour in reminded} == reminded

    today = step("today", "restrict", at={"hours": 1}, topics=["makeup"], stale_after=None)
    told = {}
    for hours in (6, 7):
        evening = step("evening", "restrict", at={"hours": hours}, topics=["makeup"], stale_after=None)
        plan = protocol(today, evening, lift("makeup"), restrictions={"makeup": {"hours": 24}})
        timeline = _says(plan, treated="2026-06-17T10:00")
        told[hours] = [*local_dues(timeline.messages)], [out.why for out in timeline.left_out]
    why = "it repeats what was told less than 6 hours before; its rules are told otherwise, or have ended"
    assert {6: (["today", "makeup-again"], [why]), 7: (["today", "evening", "makeup-again"], [])} == told
