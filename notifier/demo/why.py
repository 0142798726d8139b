"""Why a text leaves at this very moment: its rule in words, and what moved it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.counted import counted
from schedules.offsets import Duration, Moment
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.send_window import EARLIEST, LATEST, SendWindow

_CROWDED: Final = ("enough texts", "another text leaves within the hour")  # how the plan's notes say what moved it
_UNSTAFFED: Final = "under two staffed hours were left that day to read an answer"


def why_now(
    protocol: CareProtocol,
    step: Step,
    *,
    anchor: datetime,
    nominal_at: datetime,
    due_at: datetime,
    zone: ZoneInfo,
    area_zones: Sequence[ZoneInfo] = (),
    window: SendWindow,
    notes: Sequence[str] = (),
) -> str:
    """Such as "makeup: 24 hours after Sat 3:30 PM; 1:10 AM is outside 09:00-20:00: moved to 9:00 AM"."""
    start = f"{anchor.astimezone(zone):%a} {hour(anchor, zone)}"
    if step.kind is StepKind.LIFT:
        rule = "; ".join(_lifted(protocol, step.lifts, start))
    elif step.at is not None:
        rule = _said(step.at, start, before_visit=step.kind is StepKind.PREPARE)
    else:
        rule = ""
    if due_at == nominal_at:
        return rule
    closed = _closed(nominal_at, zone, area_zones, window)
    passed = f"{hour(nominal_at, zone)} had passed when it was planned"
    crowded = next((note.partition(": ")[2] for note in notes if note.endswith(_CROWDED)), None)
    unstaffed = next((_UNSTAFFED for note in notes if note.endswith("too late in the staffed hours")), None)
    return f"{rule}; {closed or crowded or unstaffed or passed}: moved to {_moved_to(nominal_at, due_at, zone)}"


def hour(at: datetime, zone: ZoneInfo) -> str:
    """An instant on that clock: 3:30 PM."""
    local = at.astimezone(zone)
    return f"{local.hour % 12 or 12}:{local:%M %p}"


def city(zone: ZoneInfo) -> str:
    """A zone's city: New York."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def _lifted(protocol: CareProtocol, topics: Sequence[str], start: str) -> list[str]:
    """Each rule once, with all the topics that share it."""
    by_rule: dict[str, list[str]] = {}
    for topic in topics:
        by_rule.setdefault(_ended(protocol.restrictions[topic], start), []).append(topic)
    return [f"{', '.join(sharing)}: {rule}" for rule, sharing in by_rule.items()]


def _ended(length: Duration, start: str) -> str:
    if length.until_day is not None:
        return f"until day {length.until_day} begins"
    unit = next(unit for unit in length.UNITS if getattr(length, unit) is not None)
    return f"{_count(getattr(length, unit), unit)} after {start}"


def _said(at: Moment, start: str, *, before_visit: bool) -> str:
    time = f"{at.time.hour % 12 or 12}:{at.time:%M %p}" if at.time else ""
    if at.minutes is not None or at.hours is not None:
        elapsed = _count(at.hours, "hours") if at.hours is not None else _count(at.minutes or 0, "minutes")
        return f"{elapsed} after {start}"
    if at.day is None:
        return f"{_count(at.weeks, 'weeks') if at.weeks else _count(at.months or 0, 'months')} later, at {time}"
    if before_visit:
        return (
            f"{_count(-at.day, 'days')} before the visit, at {time}" if at.day else f"the day of the visit, at {time}"
        )
    return f"day {at.day}, at {time}" if at.day else f"the same day, at {time}"


def _closed(at: datetime, zone: ZoneInfo, area_zones: Sequence[ZoneInfo], window: SendWindow) -> str | None:
    local = at.astimezone(zone)
    if not window.opens <= local.time() < window.closes:
        return f"{hour(at, zone)} is outside {window}"
    for area in area_zones:
        if not EARLIEST <= at.astimezone(area).time() < LATEST:
            return f"{hour(at, zone)} is {hour(at, area)} where the number is from ({city(area)})"
    return None


def _moved_to(nominal_at: datetime, due_at: datetime, zone: ZoneInfo) -> str:
    same_date = due_at.astimezone(zone).date() == nominal_at.astimezone(zone).date()
    return hour(due_at, zone) if same_date else f"{due_at.astimezone(zone):%a} {hour(due_at, zone)}"


def _count(number: int, unit: str) -> str:
    return counted(number, unit.removesuffix("s"))
