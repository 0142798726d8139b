"""Who approves a text reads it as a patient would, and sees what of it is filled in."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.web.widgets.protocol_examples import Example, examples, treated_at_two
from schedules.catalogue import shipped
from schedules.moments import Anchor
from schedules.timeline import Patient, Rules, build_timeline
from schedules.wording import Voice
from tests.web.pages.conftest import Pages, words

NEW_YORK = ZoneInfo("America/New_York")
VOICE = Voice("Lakeside Skin", "(978) 555-0142")
FRIDAY = treated_at_two(datetime.fromisoformat("2026-03-06T09:10-05:00"), NEW_YORK)
BOTH = [(protocol, language) for protocol, plan in shipped().items() for language in plan.languages]


def said(one: Example) -> str:
    return "".join(piece.words for piece in one.pieces)


def test_an_example_is_what_a_patient_would_get(subtests: pytest.Subtests) -> None:
    for protocol, language in BOTH:
        with subtests.test(protocol=protocol, language=language):
            plan = shipped()[protocol]
            answers = {key: question.answers[0] for key, question in plan.questions.items()}
            hers = Patient(NEW_YORK, language, answers=answers)
            got = build_timeline(plan, Anchor(FRIDAY), hers, Rules(VOICE)).messages
            shown = examples(plan, language, VOICE, FRIDAY, NEW_YORK)
            assert [] == [one.step for one in got if one.text not in (said(shown[one.step]), late(shown[one.step]))]
            assert len(got) > 2


def late(one: Example) -> str:
    return "".join(piece.words for piece in one.late_pieces)


def test_no_blank_is_left_in_any_text_and_each_says_what_it_is(subtests: pytest.Subtests) -> None:
    for protocol, language in BOTH:
        with subtests.test(protocol=protocol, language=language):
            plan = shipped()[protocol]
            shown = examples(plan, language, VOICE, FRIDAY, NEW_YORK)
            assert {step.key for step in plan.steps if step.enabled} == set(shown)
            assert [] == [key for key, one in shown.items() if re.search("[{}]", said(one) + late(one))]
            blanks = [len(re.findall(r"\{", one.template + one.late_template)) for one in shown.values()]
            filled = [
                sum(piece.filled_with is not None for piece in one.pieces + one.late_pieces) for one in shown.values()
            ]
            assert blanks == filled


def test_a_text_with_a_condition_is_shown_as_its_own_patient_reads_it() -> None:
    """Whoever does not shave has no end of that: the text about it is for those who do."""
    plan = shipped()["microneedling-regimen"]
    asked = plan.questions["shaves"].model_copy(update={"answers": ("no", "yes")})
    other = plan.model_copy(update={"questions": {**plan.questions, "shaves": asked}})
    both = [examples(one, "en", VOICE, FRIDAY, NEW_YORK) for one in (plan, other)]
    assert both[0] == both[1]


def test_the_page_of_an_approval_marks_what_is_filled_in(admin: Pages) -> None:
    page = admin.get("/protocols/microneedling/approve/es")
    assert "no maquillaje" not in page.text
    end = "the end of “no makeup” for the patient"
    assert re.search(rf'<mark class="filled" title="{end}">[^<{{]*\d[^<{{]*</mark>', page.text)
    assert '<mark class="filled" title="the clinic’s name">Lakeside Skin</mark>' in page.text
    bubbles = re.findall(r"</p>\s*<p class=\"bubble\" lang=\"es\">(.*?)</p>", page.text)
    assert [] == [one for one in bubbles if "{" in one]
    assert "{makeup.until}" in words(page)
