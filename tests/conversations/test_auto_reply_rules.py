"""Which words get the fixed answer, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifier.conversations.auto_reply import AnswerRules, check_staff_words
from notifier.conversations.reading.classify import read_reply
from notifier.conversations.reading.meanings import Meaning
from notifier.domain.staffed_hours import StaffedHours
from schedules.segments import count_segments
from schedules.wording import Voice

VOICE = Voice("Glow Skin Clinic", "(212) 555-0100")
NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 7, 7, 0, tzinfo=UTC)
STAFFED = AnswerRules(VOICE, NEW_YORK, StaffedHours.parse("Mon-Fri 09:00-17:00"))
NOT_SAID = AnswerRules(VOICE, NEW_YORK)
M = Meaning


def test_who_gets_the_fixed_answer(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Meaning, bool, datetime, AnswerRules, bool]] = [
        (M.OTHER, True, NOON, NOT_SAID, True),
        (M.OTHER, True, NOON, STAFFED, True),
        (M.HARMLESS, True, NIGHT, NOT_SAID, True),
        (M.STOP, True, NIGHT, STAFFED, False),
        (M.STOP, False, NIGHT, STAFFED, False),
        (M.OTHER, False, NIGHT, NOT_SAID, True),
        (M.OTHER, False, NOON, NOT_SAID, True),
        (M.OTHER, False, NIGHT, STAFFED, True),
        (M.OTHER, False, NOON, STAFFED, False),
        (M.HARMLESS, False, NIGHT, STAFFED, False),
        (M.START, False, NIGHT, STAFFED, False),
        (M.HELP, False, NOON, STAFFED, True),
        (M.PERHAPS_STOP, False, NIGHT, STAFFED, False),
        (M.WRONG_PERSON, True, NIGHT, STAFFED, False),
        (M.ANSWER, False, NIGHT, STAFFED, False),
    ]
    for meaning, urgent, at, rules, wanted in cases:
        with subtests.test(meaning=meaning, urgent=urgent, at=at, rules=rules, wanted=wanted):
            assert wanted == rules.wanted(meaning, urgent=urgent, written_at=at, now=at)


def test_what_was_written_an_hour_ago_is_for_people() -> None:
    said = [
        NOT_SAID.wanted(M.OTHER, urgent=True, written_at=NOON, now=NOON + timedelta(minutes=minutes))
        for minutes in (59, 60)
    ]
    assert [True, False] == said


def test_the_answer_is_one_segment_of_plain_letters_in_the_patients_language(subtests: pytest.Subtests) -> None:
    cases = {
        "en": "Glow Skin Clinic: we may not see your text right away. In an emergency, call 911 now. If it can't wait, "
        "call (212) 555-0100.",
        "es": "Glow Skin Clinic: puede que no veamos su mensaje enseguida. En una emergencia, llame al 911 ya. Si no "
        "puede esperar, llame al (212) 555-0100.",
    }
    for language, text in {**cases, "cy": cases["en"]}.items():
        with subtests.test(language=language):
            assert text == NOT_SAID.say(language, NOON, {})
            assert ("GSM-7", 1) == (count_segments(text).encoding, count_segments(text).count)


def test_outside_staffed_hours_the_answer_gives_the_phone_for_those_hours(subtests: pytest.Subtests) -> None:
    night_phone = replace(STAFFED, after_hours_phone="(212) 555-0142")
    cases = [
        (STAFFED, NOON, VOICE.phone),
        (STAFFED, NIGHT, VOICE.phone),
        (night_phone, NOON, VOICE.phone),
        (night_phone, NIGHT, "(212) 555-0142"),
        (replace(night_phone, staffed=None), NOON, "(212) 555-0142"),
    ]
    for rules, at, phone in cases:
        with subtests.test(at=at, phone=phone):
            assert f"call {phone}." == rules.say("en", at, {})[-len(f"call {phone}.") :]


def test_the_clinics_own_words_win_and_its_name_is_never_a_placeholder() -> None:
    odd = AnswerRules(Voice("{phone} & Co", "555"), NEW_YORK, None, {"en": "{clinic}. Call {phone}, {phone}!"})
    assert "{phone} & Co. Call 555, 555!" == odd.say("en", NOON, {})


def test_a_changed_wording_waits_for_approval_and_the_last_approved_goes_on(subtests: pytest.Subtests) -> None:
    new = AnswerRules(Voice("Glow", "555"), NEW_YORK, words={"en": "New, {phone}."}, must_be_approved=True)
    own = "Glow: we may not see your text right away. In an emergency, call 911 now. If it can't wait, call 555."
    cases: list[tuple[AnswerRules, dict[str, str], str]] = [
        (new, {}, own),
        (new, {"es": "Viejo."}, own),
        (new, {"en": "Old, {phone}."}, "Old, 555."),
        (new, {"en": "New, {phone}."}, "New, 555."),
        (replace(new, voice=Voice("Other", "777")), {"en": "Old, {phone}."}, "Old, 777."),
        (replace(new, must_be_approved=False), {"en": "Old, {phone}."}, "New, 555."),
    ]
    for rules, approved, says in cases:
        with subtests.test(approved=approved, says=says):
            assert says == rules.say("en", NOON, approved)


def test_a_reaction_quotes_our_words_and_not_hers(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, bool]] = [
        ("I am bleeding", True),
        ("Liked “Glow: call us if you have a fever”", False),
        ('Questioned "Glow: call us if you have a fever"', False),
        ("Liked “Glow: no sun” but now I have a fever", True),
        ('went to "ER", bleeding', True),
    ]
    for text, urgent in cases:
        with subtests.test(text=text, urgent=urgent):
            assert urgent == read_reply(text).urgent


def test_staff_words_leave_as_they_are_behind_the_clinics_name(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("  See you at 3. \n", "Glow: See you at 3."),
        ("one\ntwo 👩‍⚕️", "Glow: one\ntwo 👩‍⚕️"),
        ("Glow: yes", "Glow: yes"),
        ("glow here, yes", "glow here, yes"),
    ]
    for words, leaves in cases:
        with subtests.test(words=words, leaves=leaves):
            assert leaves == check_staff_words(words, "Glow")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (" \n ", "is empty"),
        ("a\0b", r"control character \(U\+0000\)"),
        ("x" * 1595, "1601 characters; Twilio takes 1600"),
    ],
)
def test_staff_words_that_cannot_leave_are_one_sentence(words: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_staff_words(words, "Glow")
