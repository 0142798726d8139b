"""The promises, counted: what reached the phones (the provider's ledger) beside what was meant (the outbox).

Pure. Nothing here trusts the outbox about what left: the ledger says that. Each count names every breach it finds,
so a table of zeros is a finding and not a decoration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.kinds import REPLY
from notifier.domain.states import MAY_STILL_LEAVE, MessageState
from schedules.protocol import StepKind
from schedules.send_window import EARLIEST, LATEST, SendWindow

_DID_NOT_ARRIVE = frozenset({"undelivered", "failed", "canceled"})
_LEFT = frozenset({MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED})


@dataclass(frozen=True, slots=True)
class Arrival:
    """One text as the provider's ledger has it."""

    sid: str
    phone: str
    body: str
    at: datetime
    status: str

    @property
    def arrived(self) -> bool:
        """Whether it reached the phone, as far as the provider knows."""
        return self.status not in _DID_NOT_ARRIVE


@dataclass(frozen=True, slots=True)
class Intent:
    """One row of the outbox, with the patient's clocks."""

    message: int
    patient: str
    phone: str
    step: str
    kind: str
    """A step's, or `reply`: one to a patient who has just written, which may leave at any hour."""
    zone: ZoneInfo
    area_zones: tuple[ZoneInfo, ...]
    day0: date | None
    """The date of the treatment, on which the patient's own clock alone counts."""
    state: MessageState
    reason: str | None
    due_at: datetime | None
    not_before: datetime
    expires_at: datetime
    sid: str | None
    said: str | None
    bounced: tuple[str, ...] = ()
    """SIDs of earlier attempts that Twilio had accepted and the carrier then did not deliver."""

    def __str__(self) -> str:
        return f"{self.patient}'s {self.step}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the count looks at, up to the instant `until`."""

    ledger: Sequence[Arrival]
    outbox: Sequence[Intent]
    stops: Mapping[str, datetime]
    """Phone and when its owner wrote STOP."""
    until: datetime
    window: SendWindow = field(default_factory=SendWindow)

    def pairs(self) -> list[tuple[Arrival, Intent]]:
        """Each text in the ledger that the outbox knows, with its row."""
        rows = {row.sid: row for row in self.outbox if row.sid}
        return [(text, rows[text.sid]) for text in self.ledger if text.sid in rows]


@dataclass(frozen=True, slots=True)
class PromiseKept:
    """One promise and what the count found; `broken` has a sentence for each breach."""

    promise: str
    found: str
    broken: tuple[str, ...] = ()


def count_promises(evidence: Evidence) -> list[PromiseKept]:
    """All seven, in the order in which they win."""
    counts: tuple[Callable[[Evidence], PromiseKept], ...] = (
        never_early,
        never_twice,
        never_after_stop,
        never_at_night,
        never_stale,
        never_silent,
        never_lost,
    )
    return [count(evidence) for count in counts]


def never_early(evidence: Evidence) -> PromiseKept:
    """No text says "you may" before the restriction has ended; none leaves before its anchor."""
    pairs = evidence.pairs()
    lifts = [text.at - row.not_before for text, row in pairs if row.kind == StepKind.LIFT]
    broken = [f"{row}: {_length(row.not_before - text.at)} early" for text, row in pairs if text.at < row.not_before]
    soonest = f"; the soonest {_length(min(lifts))} after the restriction's end" if lifts else ""
    return PromiseKept(
        "Never early", f'{len(lifts)} texts said "you may", {len(broken)} of them early{soonest}', tuple(broken)
    )


def never_twice(evidence: Evidence) -> PromiseKept:
    """No phone has the same text more often than the outbox has rows that say it."""
    meant = Counter((row.phone, row.said) for row in evidence.outbox if row.said is not None)
    got = Counter((t.phone, t.body) for t in evidence.ledger if t.arrived)
    names = {row.phone: row.patient for row in evidence.outbox}
    broken = [
        f"{names.get(phone, 'nobody we know')}: {times} times “{body[:40]}…”, meant {meant[phone, body]}"
        for (phone, body), times in got.items()
        if times > meant[phone, body]
    ]
    phones = len({phone for phone, _ in got})
    extra = sum(times - meant[key] for key, times in got.items() if times > meant[key])
    return PromiseKept(
        "Never twice", f"{got.total()} texts reached {phones} phones; {extra} of them doubled", tuple(broken)
    )


def never_after_stop(evidence: Evidence) -> PromiseKept:
    """Nothing is created for a number after its owner wrote STOP."""
    names = {row.phone: row.patient for row in evidence.outbox}
    broken = [
        f"{names.get(text.phone, 'a number')}: a text {_length(text.at - evidence.stops[text.phone])} after STOP"
        for text in evidence.ledger
        if text.phone in evidence.stops and text.at > evidence.stops[text.phone]
    ]
    withheld = sum(row.state is MessageState.SUPPRESSED for row in evidence.outbox)
    stops = len(evidence.stops)
    said = f"{stops} said STOP; {len(broken)} texts followed; {withheld} planned ones were withheld"
    return PromiseKept("Never after STOP", said, tuple(broken))


def never_at_night(evidence: Evidence) -> PromiseKept:
    """No planned text outside the send window of the patient's clock, nor at night where the number comes from."""
    broken: list[str] = []
    hours: list[time] = []
    for text, row in evidence.pairs():
        if row.kind == REPLY:
            continue
        clocks = [(row.zone, evidence.window.opens, evidence.window.closes)]
        if text.at.astimezone(row.zone).date() != row.day0:
            clocks += [(zone, EARLIEST, LATEST) for zone in row.area_zones if zone.key != row.zone.key]
        hours.append(text.at.astimezone(row.zone).time())
        for zone, opens, closes in clocks:
            local = text.at.astimezone(zone)
            if not opens <= local.time() < closes:
                broken.append(f"{row}: {local:%H:%M} in {zone.key}")
    from_to = f"; earliest {_hour(min(hours))}, latest {_hour(max(hours))}" if hours else ""
    said = f"{len(broken)} texts outside {evidence.window} on the patient's clock{from_to}"
    return PromiseKept("Never at night", said, tuple(broken))


def never_stale(evidence: Evidence) -> PromiseKept:
    """No text leaves when it is no longer useful."""
    pairs = evidence.pairs()
    broken = [f"{row}: {_length(t.at - row.expires_at)} past its use" for t, row in pairs if t.at >= row.expires_at]
    late = [text.at - row.due_at for text, row in pairs if row.due_at is not None]
    worst = f"; the slowest left {_length(max(late))} after its planned moment" if late else ""
    return PromiseKept("Never stale", f"{len(broken)} left past their use{worst}", tuple(broken))


def never_silent(evidence: Evidence) -> PromiseKept:
    """Whatever did not reach a phone says why."""
    reached = {text.sid for text in evidence.ledger if text.arrived}
    unsent = [row for row in evidence.outbox if row.sid not in reached and row.state not in MAY_STILL_LEAVE]
    broken = [f"{row}: {row.state} without a reason" for row in unsent if not row.reason]
    said = f"{len(unsent)} planned texts reached no phone; {len(unsent) - len(broken)} of them say why"
    return PromiseKept("Never silent", said, tuple(broken))


def never_lost(evidence: Evidence) -> PromiseKept:
    """What was due has left or has ended with a reason, and what we believe has left is in the ledger."""
    sids = {text.sid for text in evidence.ledger}
    due = [row for row in evidence.outbox if row.due_at is None or row.due_at <= evidence.until]
    stuck = [f"{row}: was due and is still {row.state}" for row in due if row.state in MAY_STILL_LEAVE]
    missing = [f"{row}: {row.state}, but the provider has no such text" for row in _gone(evidence.outbox, sids)]
    known = {sid for row in evidence.outbox for sid in (row.sid, *row.bounced)}
    orphans = [
        f"{text.sid}: the provider has it, our outbox does not" for text in evidence.ledger if text.sid not in known
    ]
    broken = (*stuck, *missing, *orphans)
    said = f"{len(due)} texts were due; {len(due) - len(stuck)} have an outcome, {len(broken)} unaccounted for"
    return PromiseKept("Never lost", said, broken)


def _gone(outbox: Iterable[Intent], sids: set[str]) -> list[Intent]:
    return [row for row in outbox if row.state in _LEFT and row.sid not in sids]


def _length(span: timedelta) -> str:
    seconds = abs(span).total_seconds()
    minutes = int(seconds // 60)
    if not minutes:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _hour(at: time) -> str:
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"
