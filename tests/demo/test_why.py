"""Why now: the rule and the move, in words a front desk would use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.demo.why import why_now
from schedules.catalogue import read_protocol
from schedules.send_window import SendWindow

NEW_YORK, HONOLULU = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Honolulu")
TREATED = datetime(2026, 3, 7, 15, 30, tzinfo=NEW_YORK)
WORDS = {"stale_after": {"days": 1}, "text": {"en": "Words."}}
PROTOCOL = read_protocol(
    "sample",
    {
        "title": "Sample",
        "source": "None.",
        "restrictions": {"makeup": {"hours": 24}, "exercise": {"hours": 24}, "retinoids": {"until_day": 4}},
        "steps": [
            {"key": "before", "kind": "prepare", "at": {"day": -2, "time": "09:00"}, **WORDS},
            {"key": "soon", "kind": "care", "at": {"hours": 1}, **WORDS},
            {"key": "evening", "kind": "care", "at": {"day": 0, "time": "18:00"}, **WORDS},
            {"key": "next-week", "kind": "expect", "at": {"weeks": 1, "time": "09:00"}, **WORDS},
            {"key": "lift", "lifts": ["makeup", "exercise", "retinoids"], **WORDS},
        ],
    },
)


def test_the_rule_is_the_protocols(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str]] = [
        ("before", "2 days before the visit, at 9:00 AM"),
        ("soon", "1 hour after Sat 3:30 PM"),
        ("evening", "the same day, at 6:00 PM"),
        ("next-week", "1 week later, at 9:00 AM"),
        ("lift", "makeup, exercise: 24 hours after Sat 3:30 PM; retinoids: until day 4 begins"),
    ]
    for step, why in cases:
        with subtests.test(step=step, why=why):
            at = datetime(2026, 3, 8, 16, 30, tzinfo=NEW_YORK)
            assert why == _why(step, at, at)


def test_a_night_that_moved_it_is_named() -> None:
    night, morning = datetime(2026, 3, 8, 2, 30, tzinfo=UTC), datetime(2026, 3, 8, 9, tzinfo=NEW_YORK)
    assert "1 hour after Sat 3:30 PM; 9:30 PM is outside 09:00-20:00: moved to Sun 9:00 AM" == _why(
        "soon", night, morning
    )


def test_the_numbers_own_night_is_named() -> None:
    at, later = datetime(2026, 3, 8, 16, tzinfo=HONOLULU), datetime(2026, 3, 9, 9, tzinfo=HONOLULU)
    assert (
        "1 hour after Sat 10:30 AM; 4:00 PM is 10:00 PM where the number is from (New York): moved to Mon 9:00 AM"
        == _why("soon", at, later, zone=HONOLULU)
    )


def test_what_was_planned_too_late_for_its_hour_says_so() -> None:
    at, later = datetime(2026, 3, 8, 9, tzinfo=NEW_YORK), datetime(2026, 3, 8, 9, 40, tzinfo=NEW_YORK)
    assert "1 hour after Sat 3:30 PM; 9:00 AM had passed when it was planned: moved to 9:40 AM" == _why(
        "soon", at, later
    )


def test_a_full_day_is_named() -> None:
    at, later = datetime(2026, 3, 8, 9, tzinfo=NEW_YORK), datetime(2026, 3, 9, 9, tzinfo=NEW_YORK)
    assert "1 hour after Sat 3:30 PM; Sun 08 Mar had enough texts: moved to Mon 9:00 AM" == _why(
        "soon", at, later, notes=["moved later: Sun 08 Mar had enough texts"]
    )


def test_another_text_within_the_hour_is_named() -> None:
    at, later = datetime(2026, 3, 8, 12, 10, tzinfo=NEW_YORK), datetime(2026, 3, 8, 13, 10, tzinfo=NEW_YORK)
    assert "1 hour after Sat 3:30 PM; another text leaves within the hour: moved to 1:10 PM" == _why(
        "soon", at, later, notes=["moved later: another text leaves within the hour"]
    )


def test_a_question_that_nobody_could_read_is_named() -> None:
    at, later = datetime(2026, 3, 8, 12, tzinfo=NEW_YORK), datetime(2026, 3, 9, 9, tzinfo=NEW_YORK)
    why = _why("soon", at, later, notes=["moved later: outside the send window or too late in the staffed hours"])
    assert "under two staffed hours were left that day to read an answer: moved to Mon 9:00 AM" in why


def _why(
    step: str, nominal_at: datetime, due_at: datetime, *, zone: ZoneInfo = NEW_YORK, notes: Sequence[str] = ()
) -> str:
    (found,) = (one for one in PROTOCOL.steps if one.key == step)
    return why_now(
        PROTOCOL,
        found,
        anchor=TREATED,
        nominal_at=nominal_at,
        due_at=due_at,
        zone=zone,
        area_zones=(NEW_YORK,),
        window=SendWindow(),
        notes=notes,
    )
