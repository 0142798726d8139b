"""What `check` finds: each rule broken once in a small protocol brings exactly its finding."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import pytest

from schedules.catalogue import parse_protocol, shipped
from schedules.check import EXAMPLE, check_protocol
from schedules.checks.density import Density, fullest_answers
from schedules.checks.texts import check_texts
from schedules.protocol import CareProtocol
from schedules.quiet_days import QuietDays
from schedules.send_window import SendWindow
from schedules.timeline import Rules
from tests.schedules.plans import WORDS, lift, protocol, step
from tests.schedules.test_catalogue import TEN_LINES

SHIPPED = shipped()


def test_the_shipped_protocols_are_clean_in_every_window_within_ten_seconds_of_work(subtests: pytest.Subtests) -> None:
    started = time.process_time()
    for plan in SHIPPED.values():
        with subtests.test(plan=plan.title):
            report = check_protocol(plan)
            assert ((), ()) == (report.problems, report.warnings)
            assert report.density.per_day <= EXAMPLE.max_texts_per_day
    assert time.process_time() - started < 10


def test_the_protocol_that_the_readme_shows_is_clean() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    shown = next(one.partition("```")[0] for one in readme.split("```toml\n") if one.startswith('title  = "Light peel'))
    report = check_protocol(parse_protocol("light-peel", shown))
    assert ((), ()) == (report.problems, report.warnings)


def test_ready_words_of_too_many_topics_ask_for_fewer() -> None:
    many = TEN_LINES.replace('"retinoids", "sun"]', '"retinoids", "sun", "swimming", "exercise", "shaving"]')
    more = "".join(f"restrictions.{topic} = {{ days = 7 }}\n" for topic in ("swimming", "exercise", "shaving"))
    report = check_protocol(parse_protocol("light-peel", many.replace("steps = [", f"{more}steps = [")))
    instead = "the ready words of so many topics are too long: name fewer in one step, or write its text"
    assert [f"{instead}.es"] == [one.instead for one in report.findings]


def test_check_says_what_the_clinics_quiet_days_move_and_what_finds_no_place() -> None:
    def notes(protocol_id: str, days: str) -> list[str]:
        rules = replace(EXAMPLE, window=SendWindow(quiet=QuietDays.parse(days)))
        return [one for one in check_protocol(SHIPPED[protocol_id], rules).notes if one.startswith("quiet days")]

    assert [] == notes("microneedling", "")
    moves = "quiet days Sun move to another date"
    assert [f"{moves}: retinoids-again (treated Wed), makeup-again (treated Sat)"] == notes("microneedling", "Sun")
    instead = "a person tells the patient; a longer stale_after, or another day, gives it one"
    assert [
        f"{moves}: check-in (treated Thu), settling (treated Fri)",
        f"quiet days Sun leave no place: day-4 (treated Wed), first-look (treated Sat); {instead}",
    ] == notes("microneedling-sun-week", "Sun")
    christmas = "quiet days 2026-12-25 move to another date: makeup-again (treated Thu Dec 24)"
    assert notes("microneedling", "2026-12-25")[0].startswith(christmas)


def _plan(*more: dict[str, Any], **said: Any) -> CareProtocol:
    """A clean protocol, and whatever a test adds to it."""
    return protocol(
        step("today", "restrict", at={"hours": 1}, topics=["makeup"], stale_after=None),
        lift("makeup"),
        *more,
        restrictions={"makeup": {"hours": 24}},
        **said,
    )


def _says(text: str, **said: Any) -> CareProtocol:
    return _plan(
        step("says", "care", at={"day": 2, "time": "10:00"}, stale_after={"hours": 8}, text={"en": text}, **said)
    )


def _problem(plan: CareProtocol) -> str:
    report = check_protocol(plan)
    assert 1 == len(report.problems), report.problems
    assert not report.warnings
    return report.problems[0]


def test_a_clean_protocol_has_no_finding() -> None:
    report = check_protocol(_says(WORDS))
    assert ((), ()) == (report.findings, report.warnings)
    density = "texts: at most 2 on a day, 3 in seven days, 3 in all"
    assert (density, "segments of a whole plan: at most en 3") == report.notes


def test_a_word_or_character_that_must_not_be_there_is_named_with_its_place(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, int, str, str]] = [
        ("see https://evil.co/x", 15, '"https://evil.co/x" is a link', "leave it out"),
        ("see www.clinic-x.example", 15, '"www.clinic-x.example" is a link', "leave it out"),
        ("see bit.ly/2x", 15, '"bit.ly/2x" is a link', "leave it out"),
        ("only $99 today's", 16, '"$99" is a price', "leave it out"),
        ("only 99 dollars", 16, '"99 dollars" is a price', "leave it out"),
        ("now 20% off", 15, '"20% off" reads like an offer', "leave it out"),
        ("now half off", 15, '"half off" reads like an offer', "leave it out"),
        ("100 % cotton", 15, '"%" reads like an offer', "leave it out"),
        ("a discount", 13, '"discount" reads like an offer', "leave it out"),
        ("use Cetaphil", 15, '"Cetaphil" is a brand', "a gentle cleanser"),
        ("use TNS cream", 15, '"TNS" is a brand', "a gentle cleanser"),
        ("after microneedling", 17, '"microneedling" names the procedure', '"your visit"'),
        ("after micro-needling", 17, '"micro-needling" names the procedure', '"your visit"'),
        ("reply YES if well", 11, '"reply YES" invites an answer', "ask for a call"),
        ("text back cancel", 11, '"text back cancel" invites an answer', "ask for a call"),
        ("the course is at an END", 31, '"END" in capitals', "small letters"),
        ("don’t rub", 14, "U+2019 (RIGHT SINGLE QUOTATION MARK)", "write '"),
        ("“rest", 11, "U+201C (LEFT DOUBLE QUOTATION MARK)", 'write "'),
        ("no\u00a0sun", 13, "U+00A0 (NO-BREAK SPACE)", "write a plain space"),
        ("no\u200bsun", 13, "U+200B (ZERO WIDTH SPACE)", "take it out"),
        ("no – sun", 14, "U+2013 (EN DASH)", "write -"),
        ("Zoë", 13, "U+00EB (LATIN SMALL LETTER E WITH DIAERESIS)", "take it out"),
    ]
    for words, position, what, instead in cases:
        with subtests.test(words=words, position=position, what=what, instead=instead):
            (finding,) = check_texts(_says(f"{{clinic}}: {words}. STOP to opt out."), EXAMPLE.voice)
            assert finding.sentence.startswith(f'step "says", text.en, position {position}: {what}')
            assert instead in finding.sentence


def test_plain_words_are_left_alone(subtests: pytest.Subtests) -> None:
    for words in (
        "Reply STOP to opt out",
        "your week ended",
        "please cancel nothing",
        "laser or waxing",
        "take it off gently",
        "at the weekend",
        "fragrance-free",
        "at 9.30 a.m.come",
        "wash. go easy",
        "SPF 50",
        "yes, it peels",
    ):
        with subtests.test(words=words):
            assert [] == list(check_texts(_says(f"{{clinic}}: {words}. STOP to opt out."), EXAMPLE.voice))


def test_letters_that_spanish_needs_are_free_and_its_curly_quotes_are_not() -> None:
    def plan(es: str) -> CareProtocol:
        texts = {"text": {"en": WORDS, "es": es}}
        return protocol(step("one", "care", at={"hours": 1}, stale_after={"hours": 8}, **texts), languages=("en", "es"))

    assert () == check_protocol(plan("{clinic}: está así. {phone}. STOP para darse de baja.")).problems
    curly = plan("{clinic}: “está. {phone}. STOP para darse de baja.")
    assert 'step "one", text.es, position 11: U+201C' in _problem(curly)
    assert "text.es: reads like en; translate it" in _problem(plan(WORDS))


def test_a_rule_broken_once_brings_its_finding(subtests: pytest.Subtests) -> None:
    cases: list[tuple[CareProtocol, str]] = [
        (_says("words from {clinic}. STOP to opt out."), 'step "says", text.en, position 1: does not begin with who'),
        (_says("{clinic}: words. Stop by any time."), 'step "says", text.en, position 34: offers no way out; end with'),
        (_says("{clinic}: " + "a" * 280 + ". STOP to opt out."), "takes 3 segments"),
        (
            _says(WORDS, late_text={"en": "{clinic}: since yesterday, and today. STOP to opt out."}),
            'step "says", late_text.en: says "today" and leaves on a later date; count no days',
        ),
        (
            _plan(step("ahead", "prepare", at={"day": -1, "time": "10:00"}, text={"en": "{clinic}: tomorrow. STOP"})),
            'step "ahead", text.en: says "tomorrow" and may move to an earlier date',
        ),
        (
            _plan(
                step(
                    "care",
                    "care",
                    at={"day": 1, "time": "18:00"},
                    stale_after={"hours": 24},
                    text={"en": "{clinic}: rest today. STOP to opt out."},
                )
            ),
            'step "care": names its day and could still leave on the next',
        ),
        (
            _plan(
                step(
                    "again",
                    "restrict",
                    at={"hours": 12},
                    topics=["makeup"],
                    stale_after={"hours": 20},
                    why_stale="a test",
                )
            ),
            'step "again": could still leave after "makeup" has ended',
        ),
        (
            _plan(step("expect", "expect", at={"day": 1, "time": "19:50"}, stale_after={"hours": 8})),
            'step "expect": finds no open hour before it is stale',
        ),
        (
            _plan(step("ahead", "prepare", at={"day": 0, "time": "10:00"}, stale_after={"hours": 4})),
            'step "ahead": is of no use any more before an appointment Wed 08:00 in America/New_York; move `at`',
        ),
        (
            _plan(
                step("late", "expect", at={"day": 2, "time": "20:30"}),
                step("early", "care", at={"day": 2, "time": "21:00"}),
            ),
            'step "early": overtakes "late", which is to be said earlier',
        ),
        (
            _plan(*(step(f"care-{n}", "care", at={"day": 3, "time": f"{10 + n}:00"}) for n in range(3))),
            'step "care-2": 3 texts on day 3 (care-0, care-1, care-2) after a treatment that ended Wed 08:00; merge',
        ),
    ]
    for plan, problem in cases:
        with subtests.test(problem=problem):
            assert problem in _problem(plan)


def test_a_text_about_what_has_ended_is_found() -> None:
    plan = _plan(step("again", "restrict", at={"hours": 30}, topics=["makeup"], stale_after=None))
    assert any('speaks of "makeup" when it has ended' in problem for problem in check_protocol(plan).problems)


@pytest.mark.parametrize(
    ("plan", "warning"),
    [
        (_says("{clinic}: " + "a" * 180 + ". STOP to opt out."), "takes 2 segments (221 characters); 160 plain"),
        (
            _says("{clinic}: {provider} " + "a" * 80 + ". STOP to opt out."),
            "takes 2 segments (162 characters); 160 plain",
        ),
        (protocol(lift("sun"), restrictions={"sun": {"days": 7}}), 'restriction "sun" is told to nobody'),
        (
            protocol(
                step("today", "restrict", at={"hours": 1}, topics=["sun"], stale_after=None),
                restrictions={"sun": {"days": 7}},
            ),
            'restriction "sun" ends and nobody says so; add a step that lifts it, or write ends_in_a_lift = false',
        ),
    ],
)
def test_what_an_author_should_look_at_is_a_warning(plan: CareProtocol, warning: str) -> None:
    report = check_protocol(plan)
    assert () == report.problems
    assert 1 == len(report.warnings)
    assert warning in report.notes[0]


def test_a_finding_names_file_step_language_and_position() -> None:
    (finding,) = check_protocol(_says("{clinic}: 9$. STOP to opt out.")).findings
    assert ("plan", "says", "en", 12) == (finding.protocol, finding.step, finding.language, finding.position)
    assert str(finding).startswith('plan: step "says", text.en, position 12: "$" is a price; ')


def test_density_is_that_of_the_fullest_answers() -> None:
    care = {"kind": "care", "stale_after": {"hours": 8}, "text": {"en": WORDS}}
    plan = protocol(
        {"key": "all", "at": {"day": 1, "time": "10:00"}, **care},
        {"key": "kit", "at": {"day": 1, "time": "12:00"}, "only_if": {"kit": "yes"}, **care},
        {"key": "kit-2", "at": {"day": 9, "time": "12:00"}, "only_if": {"kit": "yes"}, **care},
        {"key": "no-kit", "at": {"day": 2, "time": "12:00"}, "only_if": {"kit": "no"}, **care},
        {"key": "cold", "at": {"day": 20, "time": "12:00"}, "only_if": {"cold": "yes"}, **care},
        questions={"kit": {"ask": "A kit?"}, "cold": {"ask": "Cold sores?"}, "unused": {"ask": "Anything?"}},
    )
    assert Density(per_day=2, per_week=2, in_all=4) == check_protocol(plan).density
    # "no" to cold sores brings nothing that "yes" does not
    assert [{"kit": "yes", "cold": "yes"}, {"kit": "no", "cold": "yes"}] == fullest_answers(plan)


def test_a_protocol_is_checked_for_the_clinics_own_hours_and_cap() -> None:
    plan = _plan(step("same-day", "care", at={"day": 0, "time": "12:00"}, stale_after={"hours": 2}))
    assert () == check_protocol(plan).problems
    strict = Rules(EXAMPLE.voice, SendWindow(time_of_day(9), time_of_day(20)), max_texts_per_day=1)
    assert any("2 texts on day 0" in problem for problem in check_protocol(plan, strict).problems)
