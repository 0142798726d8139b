"""A length is written once, and words say no more than the structure: each rule broken once brings its finding."""

from __future__ import annotations

from typing import Any

import pytest

from schedules.check import EXAMPLE, check_protocol
from schedules.checks.findings import Finding
from schedules.checks.texts import check_texts
from schedules.protocol import CareProtocol
from tests.schedules.plans import protocol, step

RESTRICTIONS = {"makeup": {"hours": 24}, "sun": {"days": 7}, "swimming": {"days": 7}, "retinoids": {"until_day": 4}}
TAIL = " {phone}. STOP to opt out."


def _plan(kind: str, words: str, **said: Any) -> CareProtocol:
    at = {"day": -2, "time": "10:00"} if kind == "prepare" else {"hours": 1}
    when = {} if kind == "lift" else {"at": at}
    stale = None if kind == "restrict" else {"hours": 24}
    text = {"en": "{clinic}: " + words + TAIL}
    return protocol(
        {"key": "says", "kind": kind, "stale_after": stale, "text": text, **when, **said}, restrictions=RESTRICTIONS
    )


def _found(plan: CareProtocol) -> list[Finding]:
    return [one for one in check_texts(plan, EXAMPLE.voice) if not one.is_warning]


def test_what_says_more_than_the_structure_is_found_with_its_place_and_what_to_write(
    subtests: pytest.Subtests,
) -> None:
    both = {"topics": ["makeup", "sun"]}
    cases: list[tuple[str, str, dict[str, Any], str | None, str, str]] = [
        ("restrict", "no sun for 7 days.", {"topics": ["sun"]}, "7 days", '"7 days" is written out beside "sun"',
         "print it: {sun.until}; its length stands under [restrictions]"),
        ("care", "no foundation for a week.", {}, "a week", '"a week" is written out beside "foundation"',
         "print it: {makeup.until}"),
        ("lift", "your seven days out of the sun are over.", {"lifts": ["sun"]}, "seven days",
         '"seven days" is written out beside "sun"', "print it: {sun.length}"),
        ("prepare", "plan 7 days without sun.", {}, "7 days", '"7 days" is written out beside "sun"',
         "print it: {sun.length}"),
        ("restrict", "no makeup until {makeup.until}. Stay out of the sun.", both, None,
         "names topics with different ends and does not print that of sun (7 days)", "print {sun.until} too"),
        ("restrict", "no makeup or sun until {makeup.until}.", {"topics": ["makeup"]}, "{makeup.until}",
         'prints {makeup.until} for "sun", which lasts 7 days', "print {sun.until} for it; makeup lasts 24 hours"),
        ("restrict", "no sun for {sun.length}.", {"topics": ["sun"]}, "{sun.length}",
         "prints {sun.length}, and a reader would count it from the day it arrives",
         "print {sun.until}, or add late_text.en that does"),
        ("restrict", "be careful until {makeup.until}.", {"topics": ["makeup"]}, None,
         'names "makeup" among its topics, and its words do not', "the patient counts as told"),
        ("lift", "you may wear makeup and swim again.", {"lifts": ["makeup"]}, "swim",
         'permits "swim" and does not lift swimming, which may still hold', "forbid it in a sentence of its own"),
        ("lift", "you may swim and wear makeup again.", {"lifts": ["swimming"]}, "makeup",
         'permits "makeup" and does not lift makeup, which may still hold', "forbid it in a sentence of its own"),
        ("lift", "the days without makeup and sun are over.", {"lifts": ["makeup"]}, "sun",
         'permits "sun" and does not lift sun', 'add "sun" to lifts'),
        ("care", "drink water; redness can last a while.", {}, "can last",
         '"can last" says what is normal in a care step', 'say it in a step of kind "expect"'),
        ("lift", "you may wear makeup again. Some peeling is normal.", {"lifts": ["makeup"]}, "normal",
         '"normal" says what is normal in a lift step', 'kind "expect"'),
    ]  # fmt: skip
    for kind, words, said, place, what, instead in cases:
        with subtests.test(words=words):
            plan = _plan(kind, words, **said)
            (finding, *others) = _found(plan)
            position = plan.steps[0].text["en"].index(place) + 1 if place else None
            assert ([], position, False) == (others, finding.position, finding.is_warning)
            assert finding.what.startswith(what)
            assert instead in finding.instead


def test_what_says_no_more_is_left_alone(subtests: pytest.Subtests) -> None:
    late = {"late_text": {"en": "{clinic}: no sun until {sun.until}." + TAIL}}
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("restrict", "no makeup until {makeup.until}, no sun until {sun.until}.", {"topics": ["makeup", "sun"]}),
        ("restrict", "no sun or swimming until {sun.until}.", {"topics": ["sun", "swimming"]}),
        ("restrict", "no sun for {sun.length}.", {"topics": ["sun"], **late}),
        ("restrict", "still no sun.", {"topics": ["sun"]}),
        ("lift", "you may wear makeup again. Still no sun or swimming until {sun.until}.", {"lifts": ["makeup"]}),
        ("lift", "your {sun.length} out of the sun are over. You may wear makeup.", {"lifts": ["sun", "makeup"]}),
        ("prepare", "no tanning in the 2 weeks before your visit on {visit.date}.", {}),
        ("care", "drink water every 2 hours, for 3 days.", {}),
        ("expect", "redness usually goes in 2 to 3 days; that is normal.", {}),
    ]
    for kind, words, said in cases:
        with subtests.test(words=words):
            assert [] == _found(_plan(kind, words, **said))


def test_languages_print_the_same_and_have_the_same_numbers() -> None:
    def said(en: str, es: str) -> list[str]:
        texts = {"en": "{clinic}: " + en + TAIL, "es": "{clinic}: " + es + " {phone}. STOP para darse de baja."}
        one = step("says", "care", at={"hours": 1}, stale_after={"hours": 8}, text=texts)
        plan = protocol(one, languages=["en", "es"], restrictions={"makeup": {"hours": 24}})
        return [f"{one.where}: {one.what}" for one in _found(plan)]

    assert [] == said("call 911 or {name}.", "llame al 911 o a {name}.")
    at = 'step "says", text.es: '
    assert [f"{at}lacks {{name}}, unlike en"] == said("call {name}.", "llame.")
    assert [f"{at}prints {{name}}, unlike en"] == said("call.", "llame a {name}.")
    assert [f"{at}lacks 2, unlike en"] == said("wash 2 times.", "lave 3 veces.")


def test_a_restriction_without_words_for_a_catch_up_text_is_found() -> None:
    one = step("says", "restrict", at={"hours": 1}, topics=["routine"], stale_after=None)
    (finding,) = check_protocol(protocol(one, restrictions={"routine": {"days": 7, "ends_in_a_lift": False}})).findings
    assert 'restriction "routine" has no words in en for a text that tells what no other text tells' in finding.what
    assert 'write routine.words.en = { rule = "no routine", again = "..." }' == finding.instead
