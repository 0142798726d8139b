"""What is promised each patient: not after STOP, at night, over what was written, untold, or too many a day. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Final

from notifier.domain.kinds import FIRST, OF_NO_PLAN, REPLY, TELLS
from notifier.domain.states import MessageState
from notifier.promises.facts import Evidence
from notifier.promises.tally import Tally, length
from schedules.daily_cap import LEAST_APART
from schedules.moments import hours_for
from schedules.protocol import StepKind
from schedules.send_window import EARLIEST, LATEST, OpenHours

_MAY_EXCEED: Final = frozenset({*TELLS, StepKind.WARNING})
_ON_QUIET_DAYS: Final = frozenset({*_MAY_EXCEED, FIRST})
_NEED_NOT_WAIT: Final = frozenset({StepKind.WARNING, StepKind.ASK})
_ON_ITS_WAY: Final = timedelta(minutes=1)
"""So long the text before may have been under way when it was made."""
_WAITS_FOR_A_PERSON: Final = frozenset(
    {StepKind.LIFT, StepKind.EXPECT, StepKind.ASK, StepKind.CHECK_IN, StepKind.REBOOK}
)


def never_after_stop(evidence: Evidence) -> Tally:
    """Nothing is created for a number after its owner wrote STOP."""
    names = {row.phone: row.patient for row in evidence.outbox}
    broken = [
        f"{names.get(text.phone, 'a number')}: a text {length(text.at - evidence.stops[text.phone])} after STOP"
        for text in evidence.judged()
        if text.phone in evidence.stops and text.at > evidence.stops[text.phone]
    ]
    withheld = sum(row.state is MessageState.SUPPRESSED for row in evidence.outbox)
    return Tally(Counter(stops=len(evidence.stops), held=withheld), broken=broken)


def never_at_night(evidence: Evidence) -> Tally:
    """No planned text outside the send window of the patient's clock, nor at night where the number comes from, nor on
    a quiet day of the clinic's unless it says a rule or warns, nor any on a day that the patient wishes to be quiet."""
    found = Tally()
    for text, row in evidence.pairs():
        if row.kind == REPLY:
            continue
        clocks = [(row.zone, evidence.window.opens, evidence.window.closes)]
        if text.at.astimezone(row.zone).date() != row.day0:
            clocks += [(zone, EARLIEST, LATEST) for zone in row.area_zones if zone.key != row.zone.key]
        found.saw(text.at.astimezone(row.zone).time())
        on = text.at.astimezone(row.zone).date()
        if on in row.quiet or (row.kind not in _ON_QUIET_DAYS and on in evidence.window.quiet):
            found.broken.append(f"{row}: {on:%a %b %-d} is a quiet day")
        for zone, opens, closes in clocks:
            local = text.at.astimezone(zone)
            if not opens <= local.time() < closes:
                found.broken.append(f"{row}: {local:%H:%M} in {zone.key}")
    return found


def never_over_the_head(evidence: Evidence) -> Tally:
    """Nothing that permits, reassures, asks or invites leaves while something that the patient wrote is open."""
    found = Tally(Counter(messages=sum(map(len, evidence.messages.values()))))
    for text, row in evidence.pairs():
        if row.kind not in _WAITS_FOR_A_PERSON:
            continue
        for one in evidence.messages.get(text.phone, ()):
            if one.at <= text.at and (one.closed_at is None or text.at < one.closed_at):
                found.broken.append(f"{row}: it left {length(text.at - one.at)} after the patient wrote, unread")
    return found


def never_uninformed(evidence: Evidence) -> Tally:
    """Nobody reads "you may … again" about a rule that no text which arrived, and no person, has told before."""
    found = Tally()
    rows = {sid: row for row in evidence.outbox for sid in (row.sid, *row.bounced) if sid}
    told: dict[int, set[str]] = defaultdict(set)
    for text in evidence.ledger:
        row = rows.get(text.sid)
        if row is None:
            continue
        if row.kind in TELLS and text.arrived:
            told[row.enrollment] |= row.topics
        if row.kind == StepKind.LIFT:
            found.numbers["topics"] += len(row.topics)
            if untold := row.topics - told[row.enrollment] - row.told_in_person:
                found.broken.append(f"{row}: {', '.join(sorted(untold))} was lifted untold")
    return found


def capped(evidence: Evidence) -> Tally:
    """No more texts of the plan on one day than the clinic allows, and no two of them at once; what forbids and what
    warns may exceed the day, and what warns waits for no other."""
    days: dict[tuple[str, date], set[int]] = defaultdict(set)
    over: dict[tuple[str, date], str] = {}
    for text, row in evidence.pairs():
        if row.kind in OF_NO_PLAN:
            continue
        day = (text.phone, text.at.astimezone(row.zone).date())
        days[day].add(row.message)  # the same text once more, after it has come back, is no other
        if row.kind not in _MAY_EXCEED and len(days[day]) > evidence.max_texts_per_day:
            over.setdefault(day, f"{row}: it was text {len(days[day])} of that day")
    close = _too_close(evidence)
    return Tally(Counter(days=len(days), full=len(over), close=len(close)), broken=[*over.values(), *close])


def _too_close(evidence: Evidence) -> list[str]:
    """A quarter of an hour lies between two texts to one number, but where the later one could not wait so long: it
    would have expired, its hours would have ended, or nobody would have been there for the answers."""
    last: dict[str, datetime] = {}
    broken: list[str] = []
    for text, row in evidence.pairs():
        if row.kind in OF_NO_PLAN or not text.arrived:
            continue
        before, last[text.phone] = last.get(text.phone), text.at
        if before is None or text.at - before >= LEAST_APART - _ON_ITS_WAY or row.kind in _NEED_NOT_WAIT:
            continue
        hours = OpenHours(evidence.window, row.zone, row.area_zones)
        hours = hours_for(row.kind, hours, tells_a_rule=row.kind in _MAY_EXCEED)
        until = before + LEAST_APART
        if until < row.expires_at and hours.is_open(until, day0=row.day0):
            broken.append(f"{row}: it left {length(text.at - before)} after another text to that number")
    return broken
