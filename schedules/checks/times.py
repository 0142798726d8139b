"""Times: a plan tried at the minutes around every hour, on the weekends when clocks change, in zones that differ.

Every step is tried on its own, whatever the answers: where a text leaves depends on nothing but its own moment, except
for the daily cap, which is `check_density`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from schedules.checks.findings import Finding
from schedules.checks.tried import tried_lengths
from schedules.checks.words import day_word
from schedules.moments import Anchor, Moments, Slot, place
from schedules.offsets import wall_first
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.send_window import EARLIEST, LATEST, OpenHours, SendWindow, open_hours

ZONES = (
    "America/New_York", "America/Los_Angeles", "America/Anchorage", "America/Phoenix", "Pacific/Honolulu",
    "America/Puerto_Rico", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",
)  # fmt: skip
YEAR = 2026
VISITS = time(8), time(19, 45)
"""When treatments end. After the last call of the day its own texts are told in person, so those are not missed."""
_ORDINARY = date(YEAR, 6, 17)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_Problem = tuple[Step, str, str]
"""A step, what is wrong with it, and what to do instead."""


def check_times(protocol: CareProtocol, window: SendWindow) -> Iterator[Finding]:
    """What goes wrong with the moments of any step that is on; each problem once, with the first case it shows in."""
    seen: set[tuple[str, str]] = set()
    of_its_day = {s.key for s in protocol.planned_steps if not s.late_text and any(map(day_word, s.text.values()))}
    of_its_day -= {s.key for s in protocol.planned_steps if s.kind is StepKind.PREPARE}  # refused whatever its hour
    on = [s for s in protocol.planned_steps if s.enabled]
    by_anchor = {treated: [s for s in on if treated == (s.kind is not StepKind.PREPARE)] for treated in (True, False)}
    for zone in map(ZoneInfo, ZONES):
        hours = open_hours(window, zone)
        for anchor in _anchors(zone):
            for treated, steps in by_anchor.items():
                for moments in _moments(protocol, Anchor(anchor, treated), zone) if steps else ():
                    slots = place(steps, moments, hours, None)
                    today = (slot for slot in slots if slot.step.key in of_its_day)
                    problems = (
                        *_problems(slots, moments, window),
                        *(p for slot in today for p in _wrong_day(slot, hours)),
                    )
                    for step, what, instead in problems:
                        if (step.key, what) not in seen:
                            seen.add((step.key, what))
                            yield Finding(protocol.id, f"{what} {_when(moments)}", instead, step.key)


def _when(moments: Moments) -> str:
    after = "after a treatment that ended" if moments.anchor.treated else "before an appointment"
    return f"{after} {moments.anchor.at.astimezone(moments.zone):%a %H:%M} in {moments.zone.key}"


def _moments(protocol: CareProtocol, anchor: Anchor, zone: ZoneInfo) -> Iterator[Moments]:
    """The moments of a patient for whom every restriction holds, with each of the lengths that are tried."""
    day0 = anchor.at.astimezone(zone).date() if anchor.treated else None
    for own in tried_lengths(protocol, anchor):
        ends = {topic: own.end(topic, one, anchor.at, zone) for topic, one in protocol.restrictions.items()}
        yield Moments(anchor, zone, day0, ends, own)


def _anchors(zone: ZoneInfo) -> Iterator[datetime]:
    dates = [_ORDINARY, *(change - days * _DAY for change in _clock_changes(zone) for days in (7, 4, 1, 0))]
    for on in dates:
        for hour in range(24):
            full = wall_first(on, time(hour), zone)
            yield from (full - _MINUTE, full, full + _MINUTE)


@cache
def _clock_changes(zone: ZoneInfo) -> tuple[date, ...]:
    """The dates of the year on which the zone's clock is set."""
    noons = [datetime(YEAR, 1, 1, 12, tzinfo=zone) + day * _DAY for day in range(365)]
    return tuple(b.date() for a, b in pairwise(noons) if a.utcoffset() != b.utcoffset())


def _problems(slots: list[Slot], moments: Moments, window: SendWindow) -> Iterator[_Problem]:
    at = moments.anchor.at.astimezone(moments.zone).time()
    latest: Slot | None = None
    for slot in sorted(slots, key=lambda s: s.nominal_at):
        step = slot.step
        if step.still_held:
            yield from _cut_short(slot, moments)
        if slot.due_at is None:
            if VISITS[0] <= at <= VISITS[1]:
                yield _homeless(step)
            continue
        if any(slot.due_at < moments.ends[topic] for topic in step.lifts):
            yield step, "says 'you may' too early", "report this: no file should be able to"
        local = slot.due_at.astimezone(moments.zone).time()
        if not max(window.opens, EARLIEST) <= local < min(window.closes, LATEST):
            yield step, f"leaves outside {window}", "report this: no file should be able to"
        if latest and latest.due_at and slot.due_at < latest.due_at and VISITS[0] <= at <= VISITS[1]:
            yield step, f'overtakes "{latest.step.key}", which is to be said earlier', "change one of their hours"
        latest = slot


def _homeless(step: Step) -> _Problem:
    if step.kind is StepKind.PREPARE:
        return step, "is of no use any more", "move `at` to an earlier day"
    return step, "finds no open hour before it is stale", "lengthen `stale_after`, or move `at` into the day"


def _cut_short(slot: Slot, moments: Moments) -> Iterator[_Problem]:
    """A text must be stale before what it states has ended."""
    step = slot.step
    for topic in step.still_held:
        useful = moments.ends[topic] - slot.nominal_at
        if useful <= timedelta(0):
            yield step, f'speaks of "{topic}" when it has ended', "move `at` earlier, or leave the topic out"
        elif step.stale_after and useful < step.stale_after.length:
            hours = int(useful / timedelta(hours=1))
            yield (
                step,
                f'could still leave after "{topic}" has ended',
                f"shorten `stale_after` to {{ hours = {max(hours - 1, 1)} }} or less",
            )


def _wrong_day(slot: Slot, hours: OpenHours) -> Iterator[_Problem]:
    """A text that says "today" must not be able to leave on the next date."""
    next_date = slot.nominal_at.astimezone(hours.zone).date() + _DAY
    if hours.first_open(wall_first(next_date, time.min, hours.zone), slot.expires_at) is not None:
        yield slot.step, "names its day and could still leave on the next", "shorten `stale_after`, or add `late_text`"
