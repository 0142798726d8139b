"""The six protocols that ship: what each declares, where each text comes from, and what no text may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schedules import catalogue
from schedules.catalogue import shipped
from schedules.check import check_protocol
from schedules.protocol import CareProtocol, Step, StepKind

PROTOCOLS = shipped()
PAGES = {
    "000": "microneedling-regimen",
    "001": "microneedling-week",
    "002": "microneedling-kit",
    "003": "microneedling-24h",
    "004": "microneedling-sun-week",
}
YES_NO = ("yes", "no")


def _lengths(protocol: CareProtocol) -> dict[str, dict[str, object]]:
    told = {"source", "only_if", "ends_in_a_lift", "words"}
    return {topic: one.model_dump(exclude_none=True, exclude=told) for topic, one in protocol.restrictions.items()}


def test_the_six_protocols_declare_their_restrictions() -> None:
    day2, day3, day4, day7, hours72 = {"days": 2}, {"days": 3}, {"days": 4}, {"days": 7}, {"hours": 72}
    expected = {
        "microneedling": {"makeup": {"hours": 24}, "retinoids": {"until_day": 4}, "sun": day7},
        "microneedling-24h": {"makeup": {"hours": 24}},
        "microneedling-kit": {"makeup": {"hours": 24}, "routine": day7},
        "microneedling-regimen": {
            **dict.fromkeys(("makeup", "mineral-sunscreen"), day2),
            **dict.fromkeys(("sun", "exercise", "unclean-settings"), day3),
            **dict.fromkeys(("vitamin-c", "retinoids", "glycolic-acid", "shaving"), day4),
        },
        "microneedling-sun-week": {},
        "microneedling-week": {
            **dict.fromkeys(("makeup", "exercise"), hours72),
            **dict.fromkeys(("sun", "swimming", "powered-cleansing"), day7),
        },
    }
    assert expected == {name: _lengths(protocol) for name, protocol in PROTOCOLS.items()}
    assert PROTOCOLS["microneedling-regimen"].restrictions["shaving"].only_if == ({"shaves": ("yes",)},)


def test_the_six_protocols_ask_their_questions() -> None:
    expected = {
        "microneedling": {},
        "microneedling-24h": {"depth": ("mild", "deep")},
        "microneedling-kit": {"kit": YES_NO, "cold-sores": YES_NO, "goal": ("correct", "maintain")},
        "microneedling-regimen": {
            "shaves": YES_NO,
            "cold-sores": YES_NO,
            "indication": ("facial", "perioral", "acne-scars", "stretch-marks"),
        },
        "microneedling-sun-week": {},
        "microneedling-week": {},
    }
    asked = {name: {key: q.answers for key, q in protocol.questions.items()} for name, protocol in PROTOCOLS.items()}
    assert expected == asked


def test_every_restriction_is_said_when_it_begins_and_lifted_when_it_ends(subtests: pytest.Subtests) -> None:
    for name, protocol in PROTOCOLS.items():
        with subtests.test(protocol=name):
            on = [step for step in protocol.steps if step.enabled]
            assert set(protocol.restrictions) == {topic for step in on for topic in step.topics}
            assert sorted(protocol.restrictions) == sorted(topic for step in on for topic in step.lifts)


def test_the_default_says_nothing_beyond_its_three_restrictions() -> None:
    default = PROTOCOLS["microneedling"]
    assert {step.kind for step in default.steps if step.enabled} == {StepKind.RESTRICT, StepKind.LIFT}
    assert ["warning-signs"] == [step.key for step in default.steps if not step.enabled]
    assert not any(step.source for step in default.steps)
    assert "no single clinic" in default.source


ROWS = {"000": 21, "001": 18, "002": 19, "003": 14, "004": 11}
"""How many texts the plan drawn from each page has: m01, m02, ..."""
ONLY_IN_A_COMMENT = {("003", 14)}
"""A count without a time, and the area it is for is not asked."""


def _rows(step: Step) -> set[int]:
    return {int(number) for number in re.findall(r"m(\d\d)\b", step.source or "")}


def test_every_text_drawn_from_a_page_is_in_its_file(subtests: pytest.Subtests) -> None:
    for page, name in PAGES.items():
        with subtests.test(page=page):
            steps = PROTOCOLS[name].steps
            found = {row for step in steps for row in _rows(step)}
            comment = {row for where, row in ONLY_IN_A_COMMENT if where == page}
            assert set(range(1, ROWS[page] + 1)) == found | comment
            file = Path(catalogue.__file__).parent / "protocols" / f"{name}.toml"
            left_out = file.read_text("utf-8").partition("# left out:")[2]
            assert all(f"m{row:02}" in left_out for row in comment)


NEEDS_A_CLINICIAN = {
    "000": {2, 17, 21},
    "001": {1, 5, 9, 10, 17, 18},
    "002": {1, 3, 4, 6, 13, 19},
    "003": {1, 2, 4, 11},
    "004": {1, 2, 9, 10, 11},
}
"""Texts that no clinic has approved, or that would be medical advice."""


def test_what_needs_a_clinician_is_in_the_file_and_off_with_its_reason(subtests: pytest.Subtests) -> None:
    for page, name in PAGES.items():
        with subtests.test(page=page):
            by_row = {row: [s for s in PROTOCOLS[name].steps if row in _rows(s)] for row in NEEDS_A_CLINICIAN[page]}
            for row, steps in by_row.items():
                assert steps, f"{page} m{row:02}"
                assert not any(step.enabled for step in steps), f"{page} m{row:02}"


OFF_WITHIN = {
    "microneedling-regimen": {"consultation", "hat-not-sunscreen", "bleeding"},
    "microneedling-week": {"prescribed-retinoid", "settling"},
    "microneedling-kit": {"prescribed-creams"},
    "microneedling-24h": {"prescribed-medicine"},
}
"""The part of an otherwise usable text that needs a clinician, split off."""


def test_when_to_call_is_in_every_file_and_off_with_one_line_on_how_to_turn_it_on(subtests: pytest.Subtests) -> None:
    folder = Path(catalogue.__file__).parent / "protocols"
    for name, protocol in PROTOCOLS.items():
        with subtests.test(name=name):
            (step,) = [step for step in protocol.steps if step.kind is StepKind.WARNING]
            assert ("warning-signs", False, None) == (step.key, step.enabled, step.source)
            assert "To turn it on, delete its `enabled` and `why_off`." in folder.joinpath(f"{name}.toml").read_text()
            on = step.model_copy(update={"enabled": True, "why_off": None})
            steps = tuple(on if one is step else one for one in protocol.steps)
            assert () == check_protocol(protocol.model_copy(update={"steps": steps})).problems


def test_nothing_else_is_off(subtests: pytest.Subtests) -> None:
    for name in PROTOCOLS:
        with subtests.test(name=name):
            page = next((number for number, protocol in PAGES.items() if protocol == name), "")
            others = {
                step.key
                for step in PROTOCOLS[name].steps
                if not step.enabled
                and step.kind is not StepKind.WARNING
                and not _rows(step) & NEEDS_A_CLINICIAN.get(page, set())
            }
            assert OFF_WITHIN.get(name, set()) == others


STEPS = [(name, step) for name, protocol in PROTOCOLS.items() for step in protocol.steps]


def test_each_step_of_a_page_says_its_lines_and_its_reason_when_off(subtests: pytest.Subtests) -> None:
    for name, step in STEPS:
        with subtests.test(protocol=name, step=step.key):
            page = next((number for number, protocol in PAGES.items() if protocol == name), None)
            if page is not None and step.kind is not StepKind.WARNING:
                assert re.fullmatch(rf"{page} L\d+(, L\d+)* \(m\d\d(, m\d\d)*\)", step.source or "")
            if step.why_off:
                assert re.fullmatch(r"[A-Z'][^\n]+\.", step.why_off)
            if step.kind is StepKind.ASK:
                assert step.inferred is not None


OPT_OUT = {"en": "STOP to opt out.", "es": "STOP para darse de baja."}
ASKING = re.compile(r"Reply 1 fine, 2 a question, 3 worse|Responda 1 bien, 2 una pregunta, 3 peor")
FORBIDDEN = re.compile(
    r"needling|microaguja|skinpen|cetaphil|clarisonic|skinmedica|advil|motrin|pineapple|piña|ibuprofen|accutane"
    r"|http|www\.|\$|%|for free|gratis|discount|book now"  # selling
    r"|\byes\b|\bsí\b|reply|respond|cancel|\bend\b|quit\b"  # what invites an answer that Twilio reads as STOP or START
    r"|don't worry|no se preocupe|harmless|completely normal",  # false reassurance
    re.IGNORECASE,
)


def test_every_text_names_the_clinic_and_the_way_out_and_says_nothing_it_must_not(subtests: pytest.Subtests) -> None:
    for name, step in STEPS:
        with subtests.test(protocol=name, step=step.key):
            assert set(step.text) == {"en", "es"}
            for texts in (step.text, step.late_text, step.again_text):
                for language, text in texts.items():
                    assert text.startswith("{clinic}: ")
                    assert text.endswith(" " + OPT_OUT[language])
                    assert "{phone}" in text
                    assert FORBIDDEN.search(ASKING.sub("", text) if step.kind is StepKind.ASK else text) is None
                    assert "—" not in text


def test_no_text_invites_into_the_sun_or_into_a_hospital_ban(subtests: pytest.Subtests) -> None:
    for name, step in STEPS:
        with subtests.test(protocol=name, step=step.key):
            said = step.text["en"]
            assert not re.search(r"(may|can) (sunbathe|go (out )?in(to)? the sun|tan)|sun is (fine|safe)", said)
            if step.kind in {StepKind.RESTRICT, StepKind.PREPARE} and "hospital" in said:
                assert "unless you need care" in said


def test_a_check_in_has_no_medical_criteria_and_a_rebook_names_both_ends(subtests: pytest.Subtests) -> None:
    for name, step in STEPS:
        with subtests.test(protocol=name, step=step.key):
            if step.kind is StepKind.ASK:
                assert step.text["en"] == (
                    "{clinic}: how is your skin? Reply 1 fine, 2 a question, 3 worse. Or call {phone}. STOP to opt out."
                )
                assert ["file", "task", "urgent"] == [answer.then for answer in step.answers.values()]
            if step.kind is StepKind.REBOOK and step.enabled:
                assert re.search(r"\d to \d (weeks|months) after the last", step.text["en"])


def test_no_page_lends_its_retinoid_rule_to_another() -> None:
    lifting = {name for name, p in PROTOCOLS.items() for step in p.steps if "retinoids" in step.lifts}
    assert {"microneedling", "microneedling-regimen"} == lifting


def test_no_text_frees_the_makeup_brush_or_calls_her_skin_burned(subtests: pytest.Subtests) -> None:
    """Page 001 frees powered cleansing devices only; its ban on the makeup brush has no end. Sunburnt is not burned."""
    for name, step in STEPS:
        with subtests.test(protocol=name, step=step.key):
            for text in step.text.values():
                assert not re.search(r"(?<!electric )face brush|cepillo facial(?! eléctrico)", text)
                assert not re.search(r"quemad[ao]s?(?! por el sol)|quemadura(?! de sol)", text)


def test_a_clinic_need_not_approve_anew_what_has_not_changed() -> None:
    """An approval holds for one version: a new field of the grammar must not change that of what does not use it."""
    expected = {
        "microneedling": "6948fb10bcc5",
        "microneedling-24h": "05550c85a8e9",
        "microneedling-kit": "54b4d01d095d",
        "microneedling-regimen": "ad614c43ee7b",
        "microneedling-sun-week": "be995a132292",
        "microneedling-week": "b1d87c510609",
    }
    assert expected == {one.id: one.version for one in shipped().values()}
