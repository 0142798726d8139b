"""Migrating a patient is enrolling anew but for what was sent, and no lift is early across the change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.db.tables import Message
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.lifecycle import apply
from notifier.publishing.migrate_command import Migrate
from schedules.moments import Anchor, Moments
from schedules.protocol import CareProtocol
from tests.setups.clinic import ClinicSetup

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
_UNITS = {"hours": 720, "days": 30, "until_day": 30, "weeks": 4}
LENGTHS = st.sampled_from(sorted(_UNITS)).flatmap(
    lambda unit: st.integers(1, _UNITS[unit]).map(lambda many: {unit: many})
)
ZONES = st.sampled_from(["America/New_York", "America/St_Johns", "Pacific/Honolulu", "America/Los_Angeles", "UTC"])
NUMBERS = (f"+1212{number:07}" for number in count(5550140))


def _plan(sun: dict[str, int], makeup: dict[str, int], *, together: bool) -> CareProtocol:
    """Two restrictions, told at once, and lifted one by one or together."""

    def step(key: str, **said: object) -> dict[str, object]:
        return {"key": key, "stale_after": {"days": 2}, "text": {"en": f"{{clinic}}: {key}"}, **said}

    lifts = [("both", ["sun", "makeup"])] if together else [("sun-again", ["sun"]), ("makeup-again", ["makeup"])]
    tells = {"en": "{clinic}: no sun until {sun.until}, no makeup until {makeup.until}."}
    return CareProtocol.model_validate(
        {
            "id": "plan",
            "title": "Plan",
            "source": "Made for tests.",
            "restrictions": {"sun": sun, "makeup": makeup},
            "steps": [
                step("today", kind="restrict", at={"hours": 1}, text=tells),
                step("ice", kind="care", at={"day": 2, "time": "11:00"}),
                *(step(key, kind="lift", lifts=topics) for key, topics in lifts),
            ],
        }
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.tuples(LENGTHS, LENGTHS, LENGTHS, LENGTHS),
    together=st.tuples(st.booleans(), st.booleans()),
    zone=ZONES,
    treated=st.integers(0, 23),
    days=st.integers(0, 12),
    sent=st.integers(0, 4),
)
def test_migrating_is_enrolling_anew_but_for_what_was_sent_and_never_early(
    clinic: ClinicSetup,
    lengths: tuple[dict[str, int], ...],
    together: tuple[bool, bool],
    zone: str,
    treated: int,
    days: int,
    sent: int,
) -> None:
    old = _plan(lengths[0], lengths[1], together=together[0])
    new = _plan(lengths[2], lengths[3], together=together[1])
    at = clinic.now - timedelta(hours=treated)
    now = clinic.now + timedelta(days=days, hours=2)
    desk = replace(clinic, rules=_roomy(clinic.rules))
    said: dict[str, Any] = {"protocol": "plan", "timezone": zone, "informed": "card"}
    mine = replace(desk, protocols={"plan": old}).enroll(phone=next(NUMBERS), at=at, **said).enrollment
    due = [one for one in _planned(desk, mine).values() if one.due_at and one.due_at <= now]
    for text in sorted(due, key=lambda one: one.due_at or now)[:sent]:
        desk.send(text, text.due_at or now)
    over = {step for step, one in desk.texts(mine).items() if one.state is MessageState.DELIVERED}

    desk.act(apply, mine, Migrate(new), rules=desk.rules, now=now, by="desk")

    fresh = replace(desk, protocols={"plan": new})
    anew = fresh.enroll(phone=next(NUMBERS), at=at, now=now, **said).enrollment
    for step, text in _planned(desk, anew).items():
        if step in over:  # what was sent takes no place among what is to come
            desk.send(text, desk.texts(mine)[step].left_at or now)
    desk.act(apply, anew, Migrate(new), rules=desk.rules, now=now, by="desk")
    wanted, found = (
        {step: (max(_leaves(one), now), one.text) for step, one in _planned(desk, whose).items()}
        for whose in (anew, mine)
    )
    assert wanted == found
    ends = Moments.of(new, Anchor(at), ZoneInfo(zone), {}).ends
    lifts = [one for one in _planned(desk, mine).values() if one.kind == "lift"]
    assert [] == [one.step for one in lifts if _leaves(one) < max(ends[topic] for topic in one.topics or ())]


def _roomy(rules: PlanningRules) -> PlanningRules:
    """Days that are never full: what was sent takes no place from what is to come."""
    return replace(rules, max_texts_per_day=20)


def _planned(clinic: ClinicSetup, enrollment: int) -> dict[str, Message]:
    return {step: one for step, one in clinic.texts(enrollment).items() if one.state is MessageState.PLANNED}


def _leaves(text: Message) -> datetime:
    assert text.due_at is not None
    return text.due_at
