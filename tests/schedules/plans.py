"""Small protocols and patients for the tests of the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.staffed_hours import StaffedClock, StaffedHours
from schedules.defaults import fill_in
from schedules.informing import KnownRules
from schedules.moments import Anchor
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol
from schedules.timeline import Patient, Rules, build_timeline
from schedules.wording import Voice

NEW_YORK = ZoneInfo("America/New_York")
STAFFED = StaffedClock(StaffedHours.parse("Mon-Sat 09:00-18:00"), NEW_YORK)
RULES = Rules(Voice("Elm Street Skin", "(978) 555-0142"), staffed=STAFFED)
WORDS = "{clinic}: words. Questions? {phone}. STOP to opt out."


def step(key: str, kind: str, **said: Any) -> dict[str, Any]:
    """One step, with words that name its topics and a day to stay useful unless said."""
    topics = " or ".join(said.get("topics", ()))
    words = WORDS.replace("words", f"no {topics}") if topics else WORDS
    return {"key": key, "kind": kind, "text": {"en": words}, "stale_after": {"hours": 24}, **said}


def lift(*topics: str, **said: Any) -> dict[str, Any]:
    """A step that lifts these topics, useful for two days unless said."""
    return {**step("-".join((*topics, "again")), "lift", lifts=topics, stale_after={"days": 2}), **said}


def protocol(*steps: dict[str, Any], **said: Any) -> CareProtocol:
    """A protocol of these steps."""
    data = {"title": "A plan", "source": "none", "languages": ["en"], "steps": list(steps), **said}
    return CareProtocol.model_validate({"id": "plan", **fill_in(data)})


def one(kind: str, **said: Any) -> CareProtocol:
    """A protocol of one step."""
    return protocol(step("one", kind, **said))


def with_lengths_in_words(regimen: CareProtocol) -> CareProtocol:
    """The regimen as a clinic may have written it, and as it was: with the lengths in the words of its first text."""
    content = json.loads(regimen.content)
    (today,) = [step for step in content["steps"] if step["key"] == "today"]
    today.pop("late_text", None)
    today["text"]["en"] = "{clinic}: 2 days no makeup or mineral sunscreen, 3 days no sun (hat). STOP to opt out."
    today["text"]["es"] = "{clinic}: 2 días sin maquillaje ni protector mineral, 3 sin sol. STOP para darse de baja."
    return CareProtocol.from_content(json.dumps(content))


def at(local: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    """An instant, said as the wall clock of the zone shows it."""
    return datetime.fromisoformat(local).replace(tzinfo=zone)


def utc(instant: str) -> datetime:
    """An instant, said in UTC."""
    return datetime.fromisoformat(instant).replace(tzinfo=UTC)


def local_dues(messages: tuple[PlannedMessage, ...], zone: ZoneInfo = NEW_YORK) -> dict[str, str | None]:
    """When each step leaves, on the wall clock of the zone."""
    return {m.step: m.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if m.due_at else None for m in messages}


def planned(
    plan: CareProtocol,
    anchor: datetime,
    *,
    treated: bool = True,
    answers: Mapping[str, str] | None = None,
    enrolled_at: datetime | None = None,
    area_zones: tuple[ZoneInfo, ...] = (),
    zone: ZoneInfo = NEW_YORK,
) -> tuple[PlannedMessage, ...]:
    """What a patient hears who has the rules in writing: then nobody has to tell them."""
    patient = Patient(zone, "en", "Ana", area_zones=area_zones, answers=answers or {})
    known = KnownRules(frozenset(plan.restrictions))
    timeline = build_timeline(plan, Anchor(anchor, treated), patient, RULES, enrolled_at=enrolled_at, known=known)
    return timeline.messages
