"""The whole plan of one patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from schedules.catalogue import parse_protocol
from schedules.moments import Anchor
from schedules.protocol import StepKind
from schedules.segments import Segments
from schedules.selection import LeftOut
from schedules.timeline import Patient, Timeline, build_timeline
from schedules.timeline_json import timeline_json
from tests.schedules.plans import NEW_YORK, RULES, at, lift, local_dues, one, planned, protocol, step, utc

WALL = parse_protocol(
    "wall",
    """
title  = "The plan on the wall"
source = "Composite default; no single clinic's page. A clinician must review it."

[restrictions]
makeup    = { hours = 24 }
retinoids = { until_day = 4 }
sun       = { days = 7 }

[[steps]]
key         = "today"
topics      = ["makeup", "retinoids", "sun"]
at          = { hours = 1 }
text.en     = "{clinic}: no makeup until {makeup.until}, no retinoids until {retinoids.until}. {phone}. STOP to opt out"

[[steps]]
key          = "makeup-again"
lifts        = ["makeup"]
stale_after  = { days = 2 }
text.en      = "{clinic}: makeup is fine again. STOP to opt out."
late_text.en = "{clinic}: makeup has been fine again since yesterday. STOP to opt out."

[[steps]]
key         = "retinoids-again"
lifts       = ["retinoids"]
stale_after = { days = 2 }
text.en     = "{clinic}: retinoids are fine again. STOP to opt out."

[[steps]]
key         = "sun-over"
lifts       = ["sun"]
stale_after = { days = 2 }
text.en     = "{clinic}: the week without sun is over. STOP to opt out."
""",
)
T0 = at("2026-03-07T15:30")
ANA = Patient(NEW_YORK, "en", "Ana")


def _plan(**patient: Any) -> Timeline:
    return build_timeline(WALL, Anchor(T0), replace(ANA, **patient), RULES)


def test_the_plan_on_the_wall_over_a_clock_change() -> None:
    timeline = _plan()
    assert {
        "makeup": utc("2026-03-08T20:30"),  # 24 hours on
        "retinoids": utc("2026-03-11T04:00"),  # the start of local day 4
        "sun": utc("2026-03-14T20:30"),  # 168 hours on, an hour later on the wall
    } == dict(timeline.restrictions)
    assert {
        "today": utc("2026-03-07T21:30"),
        "makeup-again": utc("2026-03-08T20:30"),
        "retinoids-again": utc("2026-03-11T13:00"),  # the first open moment after midnight
        "sun-over": utc("2026-03-14T20:30"),
    } == {message.step: message.due_at for message in timeline.messages}
    assert timeline.messages[0].text == (
        "Elm Street Skin: no makeup until Sun Mar 8 4:30 PM, no retinoids until Wed Mar 11. "
        "(978) 555-0142. STOP to opt out"
    )
    assert ("makeup", "retinoids", "sun") == timeline.messages[0].topics
    assert ("makeup",) == timeline.messages[1].topics


def test_the_late_wording_is_for_a_later_local_date_only() -> None:
    evening = build_timeline(WALL, Anchor(at("2026-06-16T20:30")), ANA, RULES)  # ends at 20:30, after the window
    again = next(message for message in evening.messages if message.step == "makeup-again")
    assert "2026-06-18 09:00" == local_dues((again,))["makeup-again"]
    assert "since yesterday" in again.text
    assert "since yesterday" not in _plan().messages[1].text


def test_the_preview_is_the_plan() -> None:
    assert _plan() == _plan()
    enrolled = build_timeline(WALL, Anchor(T0), ANA, RULES, enrolled_at=T0)
    assert _plan().messages == enrolled.messages


YES_OR_NO = protocol(
    step("no-shaving", "restrict", at={"hours": 1}, topics=["shaving"], only_if={"shaves": "yes"}),
    step("razor", "care", at={"day": 1, "time": "09:00"}, only_if={"shaves": "yes"}),
    step("no-razor", "care", at={"day": 1, "time": "09:00"}, only_if={"shaves": "no"}),
    step("all", "care", at={"day": 1, "time": "10:00"}),
    step("off", "care", at={"day": 1, "time": "11:00"}, enabled=False, why_off="the clinic must decide"),
    lift("shaving"),
    questions={"shaves": {"ask": "Does the patient shave?"}},
    restrictions={"shaving": {"hours": 30, "only_if": {"shaves": "yes"}}},
)


@pytest.mark.parametrize(
    ("answers", "said", "ends"),
    [
        ({}, ["all"], []),  # an unanswered question falls into neither branch
        ({"shaves": "yes"}, ["no-shaving", "razor", "all", "shaving-again"], ["shaving"]),
        ({"shaves": "no"}, ["no-razor", "all"], []),
    ],
)
def test_an_answer_plans_its_branch(answers: dict[str, str], said: list[str], ends: list[str]) -> None:
    timeline = build_timeline(YES_OR_NO, Anchor(T0), replace(ANA, answers=answers), RULES)
    assert said == [message.step for message in timeline.messages]
    assert ends == [topic for topic, _ in timeline.restrictions]
    assert (() if answers else ("shaves",)) == timeline.unanswered
    assert LeftOut("off", "off: the clinic must decide") in timeline.left_out


def test_what_is_left_out_says_why() -> None:
    unanswered = build_timeline(YES_OR_NO, Anchor(T0), ANA, RULES)
    assert LeftOut("razor", '"Does the patient shave?" (shaves) is not answered') in unanswered.left_out
    no = build_timeline(YES_OR_NO, Anchor(T0), replace(ANA, answers={"shaves": "no"}), RULES)
    assert LeftOut("razor", "only if shaves is yes") in no.left_out


@pytest.mark.parametrize(
    ("consent", "planned_", "note"),
    [(True, 1, None), (None, 1, "only with the patient's own consent to rebook texts"), (False, 0, None)],
)
def test_rebook_texts_need_their_own_consent(consent: bool | None, planned_: int, note: str | None) -> None:
    plan = protocol(step("next", "rebook", at={"weeks": 2, "time": "10:00"}))
    timeline = build_timeline(plan, Anchor(T0), replace(ANA, rebook_consent=consent), RULES)
    assert planned_ == len(timeline.messages)
    assert note is None or note in timeline.messages[0].notes
    if consent is False:
        assert (LeftOut("next", "no consent to rebook texts"),) == timeline.left_out


@pytest.mark.parametrize(
    ("patient", "sentence"),
    [
        ({"language": "fr"}, 'wall has no texts in "fr"; say one of en'),
        ({"answers": {"shaves": "yes"}}, 'wall does not ask "shaves"; its questions: it asks none'),
    ],
)
def test_what_the_protocol_does_not_know_is_refused(patient: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        _plan(**patient)


def test_an_answer_that_is_none_of_the_answers_is_refused() -> None:
    with pytest.raises(ValueError, match='"maybe" is no answer to "shaves"; say one of yes, no'):
        planned(YES_OR_NO, T0, answers={"shaves": "maybe"})


def test_a_name_can_change_the_cost_of_a_text() -> None:
    shared = _plan(name="Zoë", shared_phone=True).messages[0]
    assert shared.text.startswith("Zoë: Elm Street Skin: ")
    assert Segments("UCS-2", 2, "ë") == shared.segments
    assert Segments("GSM-7", 1) == _plan().messages[0].segments


def test_a_restrict_text_before_the_visit_has_no_end_to_print() -> None:
    with pytest.raises(ValueError, match="before the visit nothing has an end yet"):
        protocol(
            step("ahead", "prepare", at={"day": -1, "time": "09:00"}, text={"en": "{clinic}: {sun.until} STOP"}),
            restrictions={"sun": {"days": 7}},
        )


def test_a_plan_as_json() -> None:
    said = timeline_json(_plan())
    messages = said.pop("messages")
    assert said == {
        "protocol": "wall",
        "version": WALL.version,
        "treated_at": "2026-03-07T15:30:00-05:00",
        "timezone": "America/New_York",
        "restrictions": [
            {"topic": "makeup", "until": "2026-03-08T20:30:00+00:00"},
            {"topic": "retinoids", "until": "2026-03-11T04:00:00+00:00"},
            {"topic": "sun", "until": "2026-03-14T20:30:00+00:00"},
        ],
        "unanswered": [],
        "left_out": [],
    }
    assert messages[2] == {
        "step": "retinoids-again",
        "kind": StepKind.LIFT,
        "topics": ["retinoids"],
        "due_at": "2026-03-11T13:00:00+00:00",
        "due_local": "2026-03-11T09:00:00-04:00",
        "not_before": "2026-03-11T04:00:00+00:00",
        "expires_at": "2026-03-13T04:00:00+00:00",
        "text": "Elm Street Skin: retinoids are fine again. STOP to opt out.",
        "segments": 1,
        "encoding": "GSM-7",
        "notes": ["moved later from Wed Mar 11, midnight: outside the send window"],
    }


def test_an_appointment_as_json_has_no_treatment_and_no_restrictions() -> None:
    plan = protocol(
        step("ahead", "prepare", at={"day": -1, "time": "09:00"}), lift("sun"), restrictions={"sun": {"days": 7}}
    )
    said = timeline_json(build_timeline(plan, Anchor(T0, treated=False), ANA, RULES))
    assert (None, "2026-03-07T15:30:00-05:00", []) == (said["treated_at"], said["appointment_at"], said["restrictions"])
    assert ["ahead"] == [message["step"] for message in said["messages"]]


def test_a_text_without_an_open_moment_has_no_due_and_says_so_as_json() -> None:
    said = timeline_json(build_timeline(one("care", at={"hours": 1}), Anchor(at("2026-06-16T20:30")), ANA, RULES))
    (today,) = said["messages"]
    assert (None, None) == (today["due_at"], today["due_local"])
    assert "tell the patient in person" in today["notes"]


def test_an_enrollment_is_an_instant_in_whatever_zone_it_is_written() -> None:
    """01:30 comes twice on that night, and a local time there equals no other."""
    plan = protocol(step("ahead", "prepare", at={"day": -2, "time": "09:00"}, stale_after={"days": 3}))
    night = utc("2026-11-01T06:30")
    said = [
        planned(plan, at("2026-11-03T15:30"), treated=False, enrolled_at=enrolled)
        for enrolled in (night, night.astimezone(NEW_YORK))
    ]
    assert said[0] == said[1]
    assert UTC is said[1][0].not_before.tzinfo
