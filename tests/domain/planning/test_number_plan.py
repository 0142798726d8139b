"""The plan of a number: one that nobody shares hears what the preview has shown."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from notifier.domain.phone import area_zones
from notifier.domain.planning.number_plan import Member, plan_together
from schedules.timeline import Patient, Rules, Timeline, build_timeline
from tests.domain.planning.test_overlapping_treatments import HOUR, MONDAY, PROTOCOLS, RULES, ZONE, facts


def moments(timeline: Timeline) -> list[tuple[str, object]]:
    return [(one.step, one.due_at) for one in timeline.messages]


def test_a_lift_that_nobody_reads_takes_no_place_on_a_full_day() -> None:
    """However late staff enroll: a lift of a rule that nobody was told is withheld, and the next text has the day."""
    for name, protocol in PROTOCOLS.items():
        one = facts(1, name, MONDAY)
        areas = tuple(map(ZoneInfo, area_zones(one.phone)))
        patient = Patient(ZoneInfo(ZONE), answers=one.answers, area_zones=areas, rebook_consent=True)
        for most in (1, 2):
            for hours in range(0, 200, 9):
                enrolled_at = MONDAY + hours * HOUR
                planned = plan_together([Member(one)], replace(RULES, max_texts_per_day=most), enrolled_at=enrolled_at)[
                    1
                ].timeline
                rules = Rules(RULES.voice, RULES.window, max_texts_per_day=most)
                shown = build_timeline(protocol, one.anchor, patient, rules, enrolled_at=enrolled_at)
                assert (name, most, hours, moments(shown)) == (name, most, hours, moments(planned))
