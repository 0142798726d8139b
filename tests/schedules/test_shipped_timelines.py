"""The six protocols as patients hear them, whatever the hour of the treatment and whatever staff answered."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.catalogue import shipped
from schedules.moments import Anchor
from schedules.offsets import wall_first
from schedules.placeholders import topics_printed
from schedules.protocol import CareProtocol, StepKind
from schedules.segments import count_segments
from schedules.timeline import Patient, Rules, Timeline, build_timeline
from schedules.topic_words import CATCH_UP
from schedules.wording import Addressee, Printable, Voice, render
from tests.schedules.plans import STAFFED

NEW_YORK = ZoneInfo("America/New_York")
RULES = Rules(Voice("Riverside Skin Clinic", "(978) 555-0142"), staffed=STAFFED)
NO_CAP = Rules(RULES.voice, max_texts_per_day=99, staffed=STAFFED)
PROTOCOLS = shipped()
HALF_HOURS = [time(hour, minute) for hour in range(8, 21) for minute in (0, 30)]
LAST_ON_DAY_0 = time(19, 45)
"""Fifteen minutes before the window closes: after it, the texts of the day itself are told in person."""
OF_DAY_0 = {"today", "this-evening", "kit-only", "moisturizer-only"}
OF_DAY_1 = {"first-look", "first-days"}
"""Lose their place where the rules of the evening before leave on the next day."""
SPRING, FALL = date(2026, 3, 7), date(2026, 10, 31)
"""The evening before a clock change, so that 24, 48 and 72 hours differ from days."""


def _answers(protocol: CareProtocol) -> Iterator[dict[str, str]]:
    """All combinations, an unanswered question among them."""
    options = [[(key, answer) for answer in (*question.answers, "")] for key, question in protocol.questions.items()]
    for chosen in itertools.product(*options):
        yield {key: answer for key, answer in chosen if answer}


def _planned(
    protocol: CareProtocol, on: date, at: time, answers: dict[str, str], *, treated: bool = True, rules: Rules = RULES
) -> Timeline:
    anchor = Anchor(datetime.combine(on, at, NEW_YORK), treated)
    return build_timeline(protocol, anchor, Patient(NEW_YORK, answers=answers), rules)


def _every_timeline(
    protocol: CareProtocol, *, treated: bool = True, rules: Rules = RULES
) -> Iterator[tuple[time, Timeline]]:
    for at in HALF_HOURS:
        for answers in _answers(protocol):
            yield at, _planned(protocol, SPRING, at, answers, treated=treated, rules=rules)
        yield at, _planned(protocol, FALL, at, {}, treated=treated, rules=rules)


def _local_date(instant: datetime) -> date:
    return instant.astimezone(NEW_YORK).date()


each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())


@each_protocol
def test_nothing_has_to_move_because_a_day_is_full(subtests: pytest.Subtests, protocol: CareProtocol) -> None:
    for treated in (True, False):
        with subtests.test(treated=treated):
            for at, timeline in _every_timeline(protocol, treated=treated, rules=NO_CAP):
                if treated and at > LAST_ON_DAY_0:
                    continue  # then the rules of the day itself leave on the next, however full that is
                per_day = Counter(_local_date(message.due_at) for message in timeline.messages if message.due_at)
                assert max(per_day.values(), default=0) <= RULES.max_texts_per_day, (at, per_day)


@each_protocol
def test_only_the_texts_of_an_evening_treatment_are_told_in_person(protocol: CareProtocol) -> None:
    for at, timeline in _every_timeline(protocol):
        homeless = {message.step for message in timeline.messages if message.due_at is None}
        homeless -= {message.step for message in timeline.messages if "not told" in message.notes}
        assert homeless <= ({*OF_DAY_0, *OF_DAY_1, CATCH_UP} if at > LAST_ON_DAY_0 else set()), at


@each_protocol
def test_before_the_visit_every_text_has_its_place(protocol: CareProtocol) -> None:
    for at, timeline in _every_timeline(protocol, treated=False):
        assert not [message.step for message in timeline.messages if message.due_at is None], at


@each_protocol
def test_no_text_outlives_its_rule_so_each_stays_useful_as_long_as_its_file_says(protocol: CareProtocol) -> None:
    """The plan cuts a text short once a rule that it states has ended; the files are written so that it need not."""
    stale_after = {step.key: step.stale_after.length for step in protocol.steps if step.stale_after}
    for at, timeline in _every_timeline(protocol):
        for message in timeline.messages:
            if message.step in stale_after:
                assert message.nominal_at + stale_after[message.step] == message.expires_at, (at, message.step)


@each_protocol
def test_a_text_that_says_today_can_leave_on_no_other_date_unless_in_other_words(protocol: CareProtocol) -> None:
    for at, timeline in _every_timeline(protocol):
        for message in timeline.messages:
            if "today" in message.text or "tomorrow" in message.text:
                closes = wall_first(_local_date(message.nominal_at), RULES.window.closes, NEW_YORK)
                reopens = closes + timedelta(hours=12)  # an hour less than the night of a clock change
                assert message.due_at is None or _local_date(message.due_at) == _local_date(message.nominal_at)
                assert message.late_text or message.expires_at <= reopens, (at, message.step)


def test_no_text_before_the_visit_counts_on_its_date() -> None:
    prepare = [s for p in PROTOCOLS.values() for s in p.steps if s.kind is StepKind.PREPARE]
    assert prepare
    for step in prepare:
        for text in step.text.values():
            assert not any(word in text for word in ("today", "tomorrow", "hoy", "mañana"))


WORST = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)
"""Prints as "Wed Sep 30 12:30 PM" and "mié 30 de sept 12:30 pm": no date is longer."""


@each_protocol
@pytest.mark.parametrize(("language", "most"), [("en", 1), ("es", 3)])
def test_every_text_fits_on_or_off(protocol: CareProtocol, language: str, most: int) -> None:
    # The default's retinoids end at midnight, which is said without an hour.
    ends = dict.fromkeys(protocol.restrictions, WORST)
    midnight = datetime(2026, 9, 30, 4, tzinfo=UTC)
    ends |= {topic: midnight for topic, one in protocol.restrictions.items() if one.until_day is not None}
    lengths = {topic: one.length for topic, one in protocol.restrictions.items() if one.length}
    printable = Printable(WORST, NEW_YORK, ends, lengths)
    for step in protocol.steps:
        for text in (step.text, step.late_text):
            if language in text:
                said = render(text[language], RULES.voice, Addressee(language), printable)
                several = len(topics_printed([text[language]], "until")) > 1
                assert count_segments(said).count <= most + several, (step.key, said)
                assert language != "en" or count_segments(said).encoding == "GSM-7", said


def _told(protocol: str, at: str, **answers: str) -> list[tuple[str, str]]:
    """Local due moment and step, for a treatment on a Wednesday far from any clock change."""
    timeline = _planned(PROTOCOLS[protocol], date(2026, 6, 10), time.fromisoformat(at), answers)
    return [
        (message.due_at.astimezone(NEW_YORK).strftime("%d %H:%M") if message.due_at else "in person", message.step)
        for message in timeline.messages
    ]


AFTERNOON = [
    ("10 15:10", "today"),
    ("11 09:00", "still-no-makeup"),
    ("11 14:10", "makeup-again"),
    ("14 09:00", "retinoids-again"),
    ("17 14:10", "sun-over"),
]
EARLY = [
    ("10 09:30", "today"),
    ("10 19:45", "still-no-makeup"),  # before she dresses: her 24 hours end at 08:30
    ("11 09:00", "makeup-again"),
    ("14 09:00", "retinoids-again"),
    ("17 09:00", "sun-over"),
]
NIGHT = [
    ("11 09:00", "today"),
    ("12 09:00", "makeup-again"),
    ("14 09:00", "retinoids-again"),
    ("18 09:00", "sun-over"),
]


@pytest.mark.parametrize(("at", "expected"), [("14:10", AFTERNOON), ("08:30", EARLY), ("20:30", NIGHT)])
def test_the_default_at_three_hours(at: str, expected: list[tuple[str, str]]) -> None:
    assert expected == _told("microneedling", at)


@pytest.mark.parametrize("answer", ["yes", "no", None])
def test_without_an_answer_only_the_shaving_texts_are_missing(answer: str | None) -> None:
    answers = {"shaves": answer} if answer else {}
    told = {step for _, step in _told("microneedling-regimen", "14:10", **answers)}

    assert {"no-shaving", "shaving-again"} & told == ({"no-shaving", "shaving-again"} if answer == "yes" else set())
    assert {"today", "this-evening", "first-days", "makeup-again", "active-again", "products-again"} <= told


@pytest.mark.parametrize(("answer", "expected"), [("yes", {"kit-only"}), ("no", {"moisturizer-only"}), (None, set())])
def test_without_an_answer_neither_kit_text_is_sent_and_the_makeup_rule_is(
    answer: str | None, expected: set[str]
) -> None:
    told = {step for _, step in _told("microneedling-kit", "14:10", **({"kit": answer} if answer else {}))}

    assert expected == told & {"kit-only", "moisturizer-only"}
    assert {"today", "makeup-again", "routine-again"} <= told
