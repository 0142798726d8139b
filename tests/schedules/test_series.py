"""Series and conditions: which session it is, one of several tables, and what nobody has said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.catalogue import parse_protocol
from schedules.check import check_protocol
from schedules.checks.density import fullest_answers
from schedules.moments import Anchor
from schedules.protocol import CareProtocol
from schedules.selection import LeftOut
from schedules.timeline import Patient, build_timeline
from tests.schedules.plans import NEW_YORK, RULES, WORDS, at, protocol, step

T0 = at("2026-03-07T14:10")
ONE_STEP = """
[[steps]]
key = "a"
kind = "care"
at = { hours = 1 }
stale_after = { hours = 8 }
text.en = "{clinic}: a. STOP"
"""
NINE = {"day": 1, "time": "09:00"}
SERIES = protocol(
    step("first", "care", at=NINE, only_if={"session": "first"}),
    step("second", "care", at=NINE, only_if={"session": ["2", "3"]}),
    step("last", "check_in", at=NINE, only_if={"session": "last"}),
    step("either", "care", at=NINE, only_if=[{"shaves": "yes"}, {"session": "first", "kit": "yes"}]),
    step("printed", "care", at=NINE, text={"en": WORDS.replace("words", "session {session} of {sessions}")}),
    step("next", "rebook", at={"weeks": 4, "time": "10:00"}),
    questions={"shaves": {"ask": "Shaves?"}, "kit": {"ask": "A kit?"}},
)


def _steps(answers: dict[str, str]) -> set[str]:
    timeline = build_timeline(SERIES, Anchor(T0), Patient(NEW_YORK, answers=answers), RULES)
    return {message.step for message in timeline.messages}


def test_a_step_is_for_the_first_the_last_or_a_numbered_session() -> None:
    table = {
        (): {"next"},  # nobody has said: no side
        (("session", "1"),): {"first", "next"},
        (("session", "2"),): {"second", "next"},
        (("session", "1"), ("sessions", "3")): {"first", "printed", "next"},
        (("session", "3"), ("sessions", "3")): {"second", "last", "printed"},
        (("session", "1"), ("sessions", "1")): {"first", "last", "printed"},
        (("session", "2"), ("sessions", "3"), ("shaves", "yes")): {"second", "either", "printed", "next"},
        (("session", "1"), ("kit", "yes")): {"first", "either", "next"},
        (("session", "1"), ("kit", "no"), ("shaves", "no")): {"first", "next"},
    }
    assert table == {said: _steps(dict(said)) for said in table}


def test_what_is_left_out_says_what_to_ask_or_why_not() -> None:
    def why(key: str, **answers: str) -> str | None:
        timeline = build_timeline(SERIES, Anchor(T0), Patient(NEW_YORK, answers=answers), RULES)
        return next((one.why for one in timeline.left_out if one.step == key), None)

    assert '"Which session of the series is this?" (session) is not answered' == why("last")
    assert '"How many sessions does the series have?" (sessions) is not answered' == why("last", session="2")
    assert "it was the last session of the series" == why("next", session="2", sessions="2")
    assert '"Shaves?" (shaves) is not answered' == why("either", session="2")
    assert "only if shaves is yes, or session is first and kit is yes" == why("either", session="2", shaves="no")
    assert ("shaves", "kit", "session", "sessions") == tuple(SERIES.every_question)


def test_a_text_prints_the_session() -> None:
    patient = Patient(NEW_YORK, answers={"session": "2", "sessions": "6"})
    timeline = build_timeline(SERIES, Anchor(T0), patient, RULES)
    (said,) = [one.text for one in timeline.messages if one.step == "printed"]
    assert "session 2 of 6" in said
    assert LeftOut("first", "only if session is first") in timeline.left_out
    with pytest.raises(ValueError, match='"session" 4 is after the last of 3 "sessions"; correct one of the two'):
        build_timeline(SERIES, Anchor(T0), replace(patient, answers={"session": "4", "sessions": "3"}), RULES)
    with pytest.raises(ValueError, match='"two" is no "session" of a series; write a whole number, 1 to 60'):
        build_timeline(SERIES, Anchor(T0), replace(patient, answers={"session": "two"}), RULES)


def test_a_protocol_that_says_it_wrongly_is_refused() -> None:
    rest = ', at = { day = 1, time = "09:00" }, stale_after = { hours = 8 }, text.en = "{clinic}: a. STOP" }]'
    top = 'title = "A"\nsource = "none"\n'
    table = {
        '[questions]\nsession = { ask = "Which?" }': 'question "session": this name is that of the series',
        'steps = [{ key = "a", kind = "rebook", only_if = { session = "last" }' + rest: "take a check_in for it",
        'steps = [{ key = "a", kind = "care", only_if = { session = "final" }' + rest: '"first", "last" or a number',
        'steps = [{ key = "a", kind = "care", only_if = { sessions = "last" }' + rest: "write a number",
        'steps = [{ key = "a", kind = "care", only_if = [{ session = "1" }, { b = "yes" }]' + rest: "no question here",
    }
    for toml, said in table.items():
        steps = "" if "steps" in toml else ONE_STEP
        with pytest.raises(ValueError, match=r"a\.toml") as refused:
            parse_protocol("a", top + toml + steps)
        assert said in str(refused.value)


def test_a_condition_keeps_its_content_and_a_check_tries_every_session() -> None:
    assert SERIES == CareProtocol.from_content(SERIES.content)
    assert '"only_if":{"session":["first"]}' in SERIES.content
    assert 4 == check_protocol(SERIES).density.per_day  # of session 1 of 1, which is the first and the last
    crowded = protocol(*[step(f"s{n}", "care", at=NINE, only_if={"session": "last"}) for n in range(3)])
    assert any("3 texts on day 1" in one for one in check_protocol(crowded).problems)
    assert [{"session": "1", "sessions": "1"}] == fullest_answers(crowded)
