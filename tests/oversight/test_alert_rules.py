"""From the facts to what somebody is told, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.access.rate_limit import Tried
from notifier.domain.staffed_hours import StaffedHours
from notifier.oversight.alerts.alert_rules import (
    AlertFacts,
    AlertRules,
    Filtered,
    TextInTrouble,
    UnmarkedVisit,
    find_causes,
)
from notifier.oversight.health import VitalSigns

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WELL = VitalSigns(
    revision="1", wanted="1", working_since=NOW - 600 * MINUTE, inbound_read_at=NOW - MINUTE, last_departure_at=NOW
)
RULES = AlertRules(NEW_YORK)


def causes(rules: AlertRules = RULES, now: datetime = NOW, signs: VitalSigns = WELL, **facts: Any) -> list[str]:
    return [cause.key for cause in find_causes(AlertFacts(signs, **facts), rules, now)]


def test_where_all_is_well_nobody_is_told() -> None:
    assert [] == causes()


def test_a_protocol_whose_file_cannot_be_read_is_told() -> None:
    broken = replace(RULES, unreadable_protocols={"light-peel": f"light-peel.toml, line 3: {'x' * 900}\nand more"})
    (cause,) = find_causes(AlertFacts(WELL), broken, NOW)
    assert ("protocol-light-peel", 392) == (cause.key, len(cause.why))
    assert "whose file cannot be read: light-peel.toml, line 3: xxx" in cause.why


def test_many_wrong_passwords_or_codes_are_told_once_in_half_a_day_and_to_who_runs_the_machine() -> None:
    found = find_causes(AlertFacts(WELL, often_tried=frozenset(Tried)), RULES, NOW)
    assert ["wrong-codes", "wrong-passwords"] == [one.key for one in found]
    assert {(False, 12 * 60 * MINUTE)} == {(one.clinical, one.at_most_every) for one in found}


def test_what_is_wrong_with_the_engine(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"circuits": ("the account is closed", "no sender")}, ["circuit"]),
        ({"stopped_senders": (("0111", "no sender"), ("0222", "no sender"))}, ["circuit-0111", "circuit-0222"]),
        ({"overdue_since": NOW - 6 * MINUTE, "last_departure_at": NOW - 6 * MINUTE}, ["silence"]),
        ({"overdue_since": NOW - 6 * MINUTE}, []),
        ({"overdue_since": NOW - 4 * MINUTE, "last_departure_at": None}, []),
        ({"inbound_read_at": NOW - 11 * MINUTE}, ["gate"]),
        ({"inbound_read_at": NOW - 9 * MINUTE}, []),
        ({"inbound_read_at": None, "working_since": NOW - 9 * MINUTE}, []),
        ({"inbound_read_at": None}, ["gate"]),
        ({"unknown_since": NOW - 31 * MINUTE}, ["unknown"]),
        ({"unknown_since": NOW - 29 * MINUTE}, []),
        ({"waiting": {"needs_review": 1}}, ["review"]),
        ({"read_only": True}, ["read_only"]),
        ({"last_event_at": NOW + 6 * MINUTE}, ["clock"]),
    ]
    for sign, expected in cases:
        with subtests.test(sign=sign, expected=expected):
            assert expected == causes(signs=replace(WELL, **sign))


def test_a_visit_is_missed_an_hour_after_its_end_or_at_closing(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None, str, bool]] = [
        ("14:00", None, "15:59", False),
        ("14:00", None, "16:00", True),
        ("14:00", "Fri 09:00-17:00", "15:59", False),
        ("15:30", "Fri 09:00-17:00", "16:59", False),
        ("15:30", "Fri 09:00-17:00", "17:00", True),
        ("18:00", "Fri 09:00-17:00", "19:59", False),
        ("18:00", "Fri 09:00-17:00", "20:00", True),
        ("18:30", None, "19:59", False),
        ("18:30", None, "20:00", True),
    ]
    for appointment, staffed, now, told in cases:
        with subtests.test(appointment=appointment, staffed=staffed, now=now, told=told):
            rules = AlertRules(NEW_YORK, StaffedHours.parse(staffed) if staffed else None)
            at, then = (
                datetime.fromisoformat(f"2026-03-06 {word}").replace(tzinfo=NEW_YORK) for word in (appointment, now)
            )
            signs = replace(WELL, inbound_read_at=then, working_since=then)
            assert (["unmarked-3"] if told else []) == causes(rules, then, signs, unmarked=(UnmarkedVisit(3, at),))


def test_texts_that_bounced_or_expired_are_told_one_by_one() -> None:
    texts = (
        TextInTrouble(1, 7, expired=False, reason="No such number."),
        TextInTrouble(2, 7, expired=True, reason=None),
    )
    first, second = find_causes(AlertFacts(WELL, in_trouble=texts), RULES, NOW)
    assert ("bounced-1", "expired-2") == (first.key, second.key)
    assert "text 1 of enrollment 7 did not arrive (No such number); tell the patient in person" == first.why


def test_carriers_that_filter_more_than_one_in_twenty_are_told(subtests: pytest.Subtests) -> None:
    cases: list[tuple[int, int, list[str]]] = [
        (100, 6, ["filtered"]),
        (100, 5, []),
        (20, 2, ["filtered"]),
        (20, 1, []),
        (19, 19, []),
    ]
    for of, many, expected in cases:
        with subtests.test(of=of, many=many, expected=expected):
            filtered = Filtered(of, (("microneedling", "today", many),))
            assert expected == causes(filtered=filtered)


def test_the_step_whose_words_are_filtered_most_is_named() -> None:
    filtered = Filtered(100, (("microneedling", "today", 7), ("microneedling-kit", "sun", 2)))
    (cause,) = find_causes(AlertFacts(WELL, filtered=filtered), RULES, NOW)
    assert (
        "carriers filtered 9 of the last hour's 100 texts, 7 of them “today” of microneedling; look at its words, "
        "or pause it"
    ) == cause.why
