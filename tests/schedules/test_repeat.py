"""Repeats: a text for each occurrence, which gives way to a lift and asks nobody where it finds no place."""

from __future__ import annotations

import pytest

from schedules.catalogue import parse_protocol
from schedules.check import check_protocol
from schedules.moments import TELL_IN_PERSON, Anchor
from schedules.plain import key_in_words, moment_in_words
from schedules.protocol import CareProtocol
from schedules.timeline import Patient, Timeline, build_timeline
from tests.schedules.plans import NEW_YORK, RULES, at, lift, protocol, step

TWICE = {"days": [0, 1, 2], "at": ["09:00", "19:00"]}
WASH = protocol(step("wash", "care", repeat=TWICE, stale_after={"hours": 24}))


def _plan(plan: CareProtocol, treated: str, enrolled: str | None = None) -> Timeline:
    patient = Patient(NEW_YORK)
    return build_timeline(plan, Anchor(at(treated)), patient, RULES, enrolled_at=at(enrolled) if enrolled else None)


def _dues(timeline: Timeline) -> dict[str, str | None]:
    dues = {one.step: one.due_at and one.due_at.astimezone(NEW_YORK) for one in timeline.messages}
    return {step: f"{due:%d %H:%M}" if due else None for step, due in dues.items()}


def test_each_occurrence_is_a_text_and_one_whose_next_is_past_is_none() -> None:
    every = {
        "wash.d0-1900": "07 19:00",
        "wash.d1-0900": "08 09:00",
        "wash.d1-1900": "08 19:00",
        "wash.d2-0900": "09 09:00",
        "wash.d2-1900": "09 19:00",
    }
    assert {"wash.d0-0900": "07 14:10", **every} == _dues(_plan(WASH, "2026-03-07T14:10"))
    assert every | {"wash.d0-1900": "07 19:20"} == _dues(_plan(WASH, "2026-03-07T19:20"))
    late = _plan(WASH, "2026-03-07T14:10", "2026-03-09T10:00")
    assert {"wash.d2-0900": "09 10:00", "wash.d2-1900": "09 19:00"} == {k: v for k, v in _dues(late).items() if v}
    asked = {one.step for one in late.messages if TELL_IN_PERSON in one.notes}
    assert {"wash.d0-0900", "wash.d0-1900"} == asked  # those of its first day alone ask a person


def test_one_after_the_first_day_gives_way_to_a_lift_and_asks_nobody() -> None:
    plan = protocol(
        step("wash", "care", repeat=TWICE, stale_after={"hours": 5}),
        step("today", "restrict", at={"hours": 1}, topics=["makeup"]),
        lift("makeup"),
        restrictions={"makeup": {"hours": 48}},
    )
    timeline = _plan(plan, "2026-03-07T08:10")
    dues = _dues(timeline)
    assert "09 09:10" == dues["makeup-again"]  # two texts a day: of the washes of that day one is dropped
    dropped = [one for one in timeline.messages if one.due_at is None]
    assert ["wash.d2-1900"] == [one.step for one in dropped if one.step.startswith("wash.d2")]
    assert not any(TELL_IN_PERSON in one.notes for one in dropped if one.step.startswith(("wash.d1", "wash.d2")))


def test_it_is_said_in_words_kept_in_the_content_and_checked() -> None:
    assert "days 0, 1, 2, 9:00 AM and 7:00 PM" == moment_in_words(WASH.steps[0])
    assert "wash, day 1, 7:00 PM" == key_in_words("wash.d1-1900")
    assert (WASH, 1, 6) == (CareProtocol.from_content(WASH.content), len(WASH.steps), len(WASH.planned_steps))
    thrice = protocol(step("wash", "care", repeat={"days": [1], "at": ["09:00", "12:00", "15:00"]}))
    assert any("3 texts on day 1" in one for one in check_protocol(thrice).problems)


def test_a_repeat_that_is_said_wrongly_is_refused() -> None:
    table = {
        'kind = "care", repeat = { days = [1, 0], at = ["09:00"] }': "the earliest first; write days = [0, 1, 2]",
        'kind = "care", repeat = { days = [1], at = ["09:00", "09:30"] }': "an hour apart",
        'kind = "care", repeat = { days = [1], at = ["09:00"] }': "one hour of one day",
        'kind = "care", repeat = { days = [1], at = ["9:00"] }': "is not a time of day",
        'kind = "care", at = { hours = 1 }, repeat = { days = [0, 1], at = ["09:00"] }': "leave out `at`",
        'kind = "rebook", repeat = { days = [0, 1], at = ["09:00"] }': "is said once",
        'kind = "care", repeat = { days = [-1, 1], at = ["09:00"] }': "only a prepare step has a negative day",
        'kind = "care", repeat = { day = [0, 1], at = ["09:00"] }': "did you mean days?",
    }
    rest = ', stale_after = { hours = 8 }, text.en = "{clinic}: a. STOP" }]'
    for said, why in table.items():
        with pytest.raises(ValueError, match=r"a\.toml") as refused:
            parse_protocol("a", f'title = "A"\nsource = "none"\nsteps = [{{ key = "a", {said}{rest}')
        assert why in str(refused.value), (said, str(refused.value))
