"""What a clinic's quiet days make of a protocol: which texts move to another date, and which find no place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schedules.checks.density import applies, fullest_answers
from schedules.checks.tried import tried_lengths
from schedules.moments import Anchor, Moments, Slot, place
from schedules.offsets import wall_first
from schedules.protocol import CareProtocol, StepKind
from schedules.quiet_days import NO_QUIET_DAYS
from schedules.saying import say_day
from schedules.send_window import SendWindow, open_hours

_ZONE: Final = ZoneInfo("America/New_York")
_MONDAY: Final = date(2026, 6, 15)
_ENDS: Final = time(10), time(14), time(18)
"""When treatments end."""
_BEFORE: Final = 30
"""So many days before a quiet date a treatment is tried."""
_DAY: Final = timedelta(days=1)
_VISIT: Final = timedelta(hours=1)


def quiet_notes(protocol: CareProtocol, window: SendWindow) -> tuple[str, ...]:
    """In sentences, for treatments on the days that are not quiet; none where the clinic has no quiet days."""
    moved: dict[str, dict[str, None]] = {}
    lost: dict[str, dict[str, None]] = {}
    for said, usual, quiet in _tried(protocol, window):
        if usual.due_at is None or usual.due_at == quiet.due_at:
            continue
        if quiet.due_at is None:
            lost.setdefault(usual.step.key, {})[said] = None
        elif usual.due_at.astimezone(_ZONE).date() != quiet.due_at.astimezone(_ZONE).date():
            moved.setdefault(usual.step.key, {})[said] = None
    days = f"quiet days {window.quiet}"
    notes = [f"{days} move to another date: {_each(moved)}"] if moved else []
    if lost:
        instead = "a person tells the patient; a longer stale_after, or another day, gives it one"
        notes.append(f"{days} leave no place: {_each(lost)}; {instead}")
    return tuple(notes)


def _each(steps: dict[str, dict[str, None]]) -> str:
    return ", ".join(f"{key} (treated {' or '.join(days)})" for key, days in steps.items())


def _tried(protocol: CareProtocol, window: SendWindow) -> Iterator[tuple[str, Slot, Slot]]:
    """Each text of each treatment, without quiet days and with them, and which day that treatment is on."""
    if not window.quiet:
        return
    usual, quiet = (open_hours(one, _ZONE) for one in (replace(window, quiet=NO_QUIET_DAYS), window))
    for answers in fullest_answers(protocol):
        steps = [step for step in protocol.planned_steps if step.enabled and applies(protocol, step, answers)]
        before = [step for step in steps if step.kind is StepKind.PREPARE]
        after = [step for step in steps if step.kind is not StepKind.PREPARE]
        for said, ended in _treatments(window):
            for some, anchor in ((before, Anchor(ended - _VISIT, treated=False)), (after, Anchor(ended))):
                moments = Moments.of(protocol, anchor, _ZONE, answers, tried_lengths(protocol, anchor)[0])
                pairs = zip(place(some, moments, usual, None), place(some, moments, quiet, None), strict=True)
                yield from ((said, one, other) for one, other in pairs)


def _treatments(window: SendWindow) -> Iterator[tuple[str, datetime]]:
    """A week of them, and the month before each quiet date."""
    week = {_MONDAY + ahead * _DAY: f"{_MONDAY + ahead * _DAY:%a}" for ahead in range(7)}
    near = {on - back * _DAY: say_day(on - back * _DAY) for on in window.quiet.dates for back in range(1, _BEFORE + 1)}
    for on, said in (week | near).items():
        if on not in window.quiet:
            for at in _ENDS:
                yield said, wall_first(on, at, _ZONE)
