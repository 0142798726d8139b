"""An ask: a question with closed answers, which leaves only while somebody has time for what comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.staffed_hours import StaffedClock, StaffedHours
from schedules.catalogue import ProtocolError, parse_protocol, shipped
from schedules.check import check_protocol
from schedules.moments import Anchor
from schedules.selection import NOBODY_STAFFED, LeftOut
from schedules.timeline import Patient, build_timeline
from tests.schedules.plans import NEW_YORK, RULES, at, local_dues

FILE = """
title = "A plan"
source = "none"
languages = ["en"]
[[steps]]
key = "check-in"
kind = "ask"
at = { day = 2, time = "09:00" }
stale_after = { days = 3 }
text.en = "{clinic}: how is your skin? Reply 1 fine, 2 a question, 3 worse, or call {phone}. STOP to opt out."
again_text.en = "{clinic}: how are you? Reply 1 fine, 2 a question, 3 worse, or call {phone}. STOP to opt out."
[steps.answers.1]
means = "fine"
then = "file"
[steps.answers.2]
means = "question"
then = "task"
[steps.answers.3]
means = "worse"
then = "urgent"
"""


def test_a_question_leaves_only_with_two_staffed_hours_left_on_that_day() -> None:
    cases = [
        ("Mon-Fri 09:00-17:00", "2026-06-15T10:00", "2026-06-17 09:00"),  # a Monday: asked on Wednesday
        ("Mon-Fri 09:00-17:00", "2026-06-11T10:00", "2026-06-15 09:00"),  # Saturday moves to Monday
        ("Mon-Fri 09:00-10:59", "2026-06-15T10:00", None),  # never two hours
        ("Mon-Fri 09:00-10:00; Mon-Fri 15:00-16:00", "2026-06-15T10:00", "2026-06-17 09:00"),
        ("Thu 12:00-14:00", "2026-06-15T10:00", "2026-06-18 09:00"),
        ("Sun 12:00-18:00", "2026-06-15T10:00", None),  # stale by then
    ]
    plan = parse_protocol("plan", FILE)
    for hours, treated, expected in cases:
        rules = replace(RULES, staffed=StaffedClock(StaffedHours.parse(hours), NEW_YORK))
        messages = build_timeline(plan, Anchor(at(treated)), Patient(NEW_YORK), rules).messages
        assert {"check-in": expected} == local_dues(messages), hours
        assert all("tell the patient in person" not in message.notes for message in messages)


def test_an_evening_far_in_the_west_is_no_day_of_which_staffed_hours_are_left() -> None:
    """At six in Honolulu the clinic in New York has begun a new day and sleeps; it asks as its own day still runs."""
    plan = parse_protocol("plan", FILE.replace('time = "09:00"', 'time = "18:00"'))
    honolulu = ZoneInfo("Pacific/Honolulu")
    for hours, expected in (
        ("Mon-Fri 09:00-17:00", "2026-06-18 09:00"),
        ("Mon-Fri 09:00-16:59", None),
        ("Mon-Fri 09:00-23:59; Mon-Fri 00:00-02:00", "2026-06-17 18:00"),
    ):
        rules = replace(RULES, staffed=StaffedClock(StaffedHours.parse(hours), NEW_YORK))
        messages = build_timeline(plan, Anchor(at("2026-06-15T10:00")), Patient(honolulu), rules).messages
        assert {"check-in": expected} == local_dues(messages, honolulu), hours


def test_where_nobody_is_staffed_nothing_is_asked_and_the_preview_says_so() -> None:
    plan = parse_protocol("plan", FILE)
    timeline = build_timeline(plan, Anchor(at("2026-06-15T10:00")), Patient(NEW_YORK), replace(RULES, staffed=None))
    assert (LeftOut("check-in", NOBODY_STAFFED),) == timeline.left_out
    assert () == timeline.messages


def test_a_file_whose_answers_are_not_complete_is_refused_with_a_sentence() -> None:
    wrong: list[tuple[str, str, str]] = [
        ('then = "urgent"', 'then = "task"', 'answer 3 means worse: write then = "urgent"'),
        ('then = "task"', 'then = "file"', 'answer 2 means a question, which a person must read: write then = "task"'),
        ('means = "question"', 'means = "fine"', "two answers mean the same"),
        ("answers.3", "answers.yes", "answers.yes is not a digit; let the patient reply one of 1 to 9"),
        ('then = "file"', 'then = "forget"', "'forget' is not among file, task, urgent"),
        ('then = "file"', "", "answers.1.then is missing"),
        ("again_text.en", "# again_text.en", "an ask has the words of its second asking"),
        ('kind = "ask"', 'kind = "care"', "`answers`, `again_text` and `again_after` go with kind ask"),
        ("how are you?", "how are you until {sun.until}?", "{sun.until} is no placeholder"),
    ]
    for old, new, said in wrong:
        with pytest.raises(ProtocolError) as refused:
            parse_protocol("plan", FILE.replace(old, new))
        assert said in str(refused.value)
        assert 'step "check-in"' in str(refused.value)


def test_words_that_the_file_leaves_out_are_part_of_what_is_approved() -> None:
    plan = parse_protocol("plan", FILE)
    (step,) = plan.steps
    assert "{staffed.next}" in step.answers["2"].text["en"]
    own = FILE.replace('then = "file"', 'then = "file"\ntext.en = "{clinic}: thank you. {phone}"')
    assert plan.version != parse_protocol("plan", own).version
    assert step.answers["1"].text["en"] in plan.content


def test_the_shipped_protocols_ask_alike_and_the_default_asks_nothing() -> None:
    asks: dict[str, Any] = {
        name: [(s.text, s.again_text, s.answers) for s in plan.steps if s.kind == "ask"]
        for name, plan in shipped().items()
    }
    assert [] == asks.pop("microneedling")
    assert 5 == len(asks)
    assert all(asks["microneedling-week"] == one for one in asks.values())


def test_check_says_what_is_wrong_with_a_question_or_with_what_an_answer_gets() -> None:
    file, fine = 'then = "file"', 'then = "file"\ntext.en = '
    wrong = [
        (
            "skin? Reply 1 fine, 2 a question, 3",
            "skin? Reply 1 fine, 3",
            "text.en: offers 1, 3, and its answers are 1, 2",
        ),
        ("skin? Reply 1 fine, 2 a question, 3 worse, or call {phone}.", "skin? Reply 1, 2, 3.", "text.en, position"),
        ("how are you? Reply 1 fine,", "how are you? Reply YES if fine,", "invites an answer that carriers read"),
        ("how are you? Reply", "how is your skin? Reply", "again_text.en: asks in the very words of the first time"),
        (file, fine + '"{clinic}: glad to hear. {phone}"', '"glad to hear" says what the patient has'),
        (file, fine + '"{clinic}: some redness is normal. {phone}"', '"normal" says that it is nothing'),
        (
            file,
            fine + '"{clinic}: you may exercise again. {phone}"',
            "to whoever answers, whatever is still restricted",
        ),
        (file, fine + '"{clinic}: thank you."', "answers.1.text.en, position 20: does not end in a phone number"),
        (file, fine + '"Thank you. {phone}"', "answers.1.text.en, position 1: does not begin with who is speaking"),
        (file, fine + '"{clinic}: see example.com, {phone}"', '"example.com" is a link'),
        ("stale_after = { days = 3 }", "stale_after = { days = 1 }", "is stale after 1 day, before it would be asked"),
    ]
    assert () == check_protocol(parse_protocol("plan", FILE)).findings
    for old, new, said in wrong:
        report = check_protocol(parse_protocol("plan", FILE.replace(old, new)))
        found = [one.sentence for one in (*report.findings, *report.warnings)]
        assert any(said in sentence for sentence in found), (new, found)


def test_all_languages_of_a_question_offer_the_same_answers() -> None:
    both = FILE.replace('["en"]', '["en", "es"]').replace(
        "\n[steps.answers.1]",
        '\ntext.es = "{clinic}: ¿cómo está? Responda 1 bien, 3 peor, 2 duda, o llame al {phone}. STOP para salir."'
        '\nagain_text.es = "{clinic}: ¿y ahora? Responda 1 bien, 2 duda, 3 peor, o llame al {phone}. STOP para salir."'
        "\n[steps.answers.1]",
    )
    found = [one.sentence for one in check_protocol(parse_protocol("plan", both)).findings]
    assert any("text.es: offers 1, 3, 2, and its answers are 1, 2, 3" in sentence for sentence in found)
