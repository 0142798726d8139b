"""Migrating a patient is enrolling anew but for what was sent, and no lift is early across the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from notifier.db.rows import insert_rows
from notifier.db.tables import Enrollment, Message
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.lifecycle import apply
from notifier.publishing.migrate_command import Migrate
from schedules.protocol import CareProtocol
from tests.setups.clinic import ClinicSetup

_UNITS = {"hours": 720, "days": 30, "until_day": 30, "weeks": 4}
LENGTHS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(sorted(_UNITS)).flatmap(
    lambda unit: st.integers(1, _UNITS[unit]).map(lambda many: {unit: many})
)
RANGES = st.lists(st.integers(1, 20), min_size=2, max_size=3, unique=True).map(
    lambda days: {
        name: one if name == "days" else {"days": one}
        for name, one in zip(("days", "up_to", "usual"), (min(days), max(days), *sorted(days)[1:-1]), strict=False)
    }
)
_NO_LENGTH: st.SearchStrategy[dict[str, Any]] = st.just({})
GATES = st.one_of(_NO_LENGTH, LENGTHS).map(lambda length: {**length, "until": "cleared"})
OWN = st.one_of(
    st.none(), st.integers(1, 30).map(lambda days: f"{days}d"), st.integers(1, 720).map(lambda hours: f"{hours}h")
)
REPEATS = st.one_of(
    st.just({"at": {"day": 2, "time": "11:00"}}),
    st.tuples(st.sets(st.integers(0, 9), min_size=2, max_size=4), st.sampled_from((["09:00"], ["09:00", "19:00"]))).map(
        lambda said: {"repeat": {"days": sorted(said[0]), "at": said[1]}}
    ),
)
PLANS = st.tuples(st.one_of(LENGTHS, RANGES, GATES), st.one_of(LENGTHS, RANGES), REPEATS, st.booleans())
# A clock change is among the days of each: Lord Howe's is of half an hour, and in the other direction.
ZONES = st.sampled_from(["America/New_York", "America/St_Johns", "Pacific/Honolulu", "Australia/Lord_Howe"])
NUMBERS = (f"+1212{number:07}" for number in count(5550140))
NEVER = datetime(2999, 1, 1, tzinfo=UTC)


def plan(sun: dict[str, Any], makeup: dict[str, Any], ice: dict[str, Any], together: bool) -> CareProtocol:
    """Two restrictions, told at once, and lifted one by one or together; one text that may repeat."""

    def step(key: str, **said: object) -> dict[str, object]:
        return {"key": key, "stale_after": {"days": 2}, "text": {"en": f"{{clinic}}: {key}"}, **said}

    lifts = [("both", ["sun", "makeup"])] if together else [("sun-again", ["sun"]), ("makeup-again", ["makeup"])]
    until = "until we tell you" if "until" in sun else "until {sun.until}"
    tells = {"en": f"{{clinic}}: no sun {until}, no makeup until {{makeup.until}}."}
    return CareProtocol.model_validate(
        {
            "id": "plan",
            "title": "Plan",
            "source": "Made for tests.",
            "restrictions": {"sun": sun, "makeup": makeup},
            "steps": [
                step("today", kind="restrict", at={"hours": 1}, topics=["sun", "makeup"], text=tells),
                step("ice", kind="care", **ice),
                *(step(key, kind="lift", lifts=topics) for key, topics in lifts),
            ],
        }
    )


@dataclass(frozen=True)
class Course:
    """One patient under a protocol that changes."""

    old: CareProtocol
    new: CareProtocol
    zone: str
    treated: int
    """Minutes before the clinic's hour."""
    days: int
    """After which the protocol changes."""
    sent: int
    """So many of the texts that were due until then have left."""
    own: Mapping[str, str]
    decided: bool
    """Whether somebody is still named who stands behind lengths that are shorter than the protocol's."""
    cleared: int | None
    """Minutes after the treatment at which staff opened the gate, where they have."""


COURSES = st.builds(
    Course,
    old=PLANS.map(lambda said: plan(*said)),
    new=PLANS.map(lambda said: plan(*said)),
    zone=ZONES,
    treated=st.integers(0, 23 * 60),
    days=st.integers(0, 12),
    sent=st.integers(0, 6),
    own=st.fixed_dictionaries({"sun": OWN, "makeup": OWN}).map(
        lambda said: {topic: one for topic, one in said.items() if one}
    ),
    decided=st.booleans(),
    cleared=st.one_of(st.none(), st.integers(1, 30 * 24 * 60)),
)


_PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""A failure is shown as it was found: each example is a clinic, so to make one small takes minutes."""


@settings(max_examples=15, phases=_PHASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(course=COURSES)
def test_migrating_is_enrolling_anew_but_for_what_was_sent_and_never_early(clinic: ClinicSetup, course: Course) -> None:
    check_migration(clinic, course)


def check_migration(clinic: ClinicSetup, course: Course) -> None:
    """Move the patient; compare with one who is enrolled on the new protocol, and with the calendar."""
    old, new = course.old, course.new
    at = clinic.now - timedelta(minutes=course.treated)
    now = clinic.now + timedelta(days=course.days, hours=2)
    desk = replace(clinic, rules=_roomy(clinic.rules))
    said: dict[str, Any] = {"protocol": "plan", "timezone": course.zone, "informed": "card"}
    said |= {"restrictions": course.own, "decided_by": "Dr. Lee"}
    opened = at + timedelta(minutes=course.cleared) if course.cleared else NEVER
    since = {
        "cleared": {"sun": opened.isoformat()} if opened <= now else {},
        "decided_by": "Dr. Lee" if course.decided else None,
    }
    mine = replace(desk, protocols={"plan": old}).enroll(phone=next(NUMBERS), at=at, **said).enrollment
    due = [one for one in _planned(desk, mine).values() if one.due_at and one.due_at <= now]
    for text in sorted(due, key=lambda one: one.due_at or now)[: course.sent]:
        desk.send(text, text.due_at or now)
    over = {step for step, one in desk.texts(mine).items() if one.state is MessageState.DELIVERED}
    _write(desk, mine, since)

    desk.act(apply, mine, Migrate(new), rules=desk.rules, now=now, by="desk")

    fresh = replace(desk, protocols={"plan": new})
    anew = fresh.enroll(phone=next(NUMBERS), at=at, now=now, **said).enrollment
    to_come = _planned(desk, anew)
    for step in over:  # what was sent takes no place among what is to come, and an hour apart from it counts
        text = desk.texts(mine)[step]
        if step in to_come:
            desk.send(to_come[step], text.left_at or now)
        else:
            _copy(desk, text, to=anew)
    _write(desk, anew, since)
    desk.act(apply, anew, Migrate(new), rules=desk.rules, now=now, by="desk")
    wanted, found = (
        {step: (one.due_at and max(one.due_at, now), one.text) for step, one in _planned(desk, whose).items()}
        for whose in (anew, mine)
    )
    assert {step: text for step, text in wanted.items() if step not in over} == found  # and nothing of it twice
    gate = opened if since["cleared"] else NEVER
    ends = {topic: _end(course, topic, at, gate) for topic in ("sun", "makeup")}
    lifts = [one for one in _planned(desk, mine).values() if one.kind == "lift"]  # one that waits for a gate: no hour
    early = [one.step for one in lifts if one.due_at and one.due_at < max(ends[topic] for topic in one.topics or ())]
    assert [] == early


def _end(course: Course, topic: str, at: datetime, opened: datetime) -> datetime:
    """When a restriction ends, by the calendar alone: from what the file and staff say, without what plans by it."""
    said, own = course.new.restrictions[topic].model_dump(exclude_none=True), course.own.get(topic)
    if own:
        lasts = {{"d": "days", "h": "hours"}[own[-1]]: int(own[:-1])}
    else:
        lasts = said.get("usual") or said.get("up_to") or said
    end = _after(lasts, at, course.zone)
    if own and not course.decided:
        end = max(end, _after(said, at, course.zone))
    return max(end, opened) if said.get("until") else end


def _after(lasts: Mapping[str, Any], at: datetime, zone: str) -> datetime:
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if "hours" in lasts:
        return at + timedelta(hours=lasts["hours"])
    if days := lasts.get("days") or 7 * lasts.get("weeks", 0):
        return max(_latest(local + timedelta(days=days), zone), at + timedelta(days=days))
    if "until_day" in lasts:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return _latest(midnight + timedelta(days=lasts["until_day"]), zone)
    return at


def _latest(wall: datetime, zone: str) -> datetime:
    """The later reading of a wall time; one that does not exist is moved forward."""
    return max(wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))


def _copy(clinic: ClinicSetup, text: Message, *, to: int) -> None:
    """The same text has left for another patient, too, whose plan has no place for it any more."""
    phone = next(iter(clinic.texts(to).values())).phone
    row = text.model_dump(exclude={"id"}) | {"enrollment_id": to, "phone": phone, "revision": text.revision + 10}
    clinic.act(insert_rows, Message, [row])


def _write(clinic: ClinicSetup, enrollment: int, values: Mapping[str, Any]) -> None:
    these = update(Enrollment).where(col(Enrollment.id) == enrollment).values(**values)
    clinic.act(lambda session: session.execute(these) and None)


def _roomy(rules: PlanningRules) -> PlanningRules:
    """Days that are never full: what was sent takes no place from what is to come."""
    return replace(rules, max_texts_per_day=20)


def _planned(clinic: ClinicSetup, enrollment: int) -> dict[str, Message]:
    return {step: one for step, one in clinic.texts(enrollment).items() if one.state is MessageState.PLANNED}
