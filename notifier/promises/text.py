"""What is promised of each text: not early, twice, stale, silent or lost. Pure."""

from __future__ import annotations

from collections import Counter

from notifier.domain.states import MAY_STILL_LEAVE, MessageState
from notifier.promises.facts import Evidence
from notifier.promises.tally import Tally, length
from schedules.protocol import StepKind

_LEFT = frozenset({MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED})


def never_early(evidence: Evidence) -> Tally:
    """No text says "you may" before the restriction has ended; none leaves before its anchor."""
    found = Tally()
    for text, row in evidence.pairs():
        if row.kind == StepKind.LIFT:
            found.numbers["lifts"] += 1
            found.saw(text.at - row.not_before)
        if text.at < row.not_before:
            found.broken.append(f"{row}: {length(row.not_before - text.at)} early")
    return found


def never_twice(evidence: Evidence) -> Tally:
    """No phone has the same text more often than the outbox has rows that say it."""
    meant = Counter((row.phone, row.said) for row in evidence.outbox if row.said is not None)
    got = Counter((t.phone, t.body) for t in evidence.ledger if t.arrived)
    names = {row.phone: row.patient for row in evidence.outbox}
    doubled = {key: times for key, times in got.items() if times > meant[key]}
    broken = [
        f"{names.get(phone, 'nobody we know')}: {times} times “{body[:40]}…”, meant {meant[phone, body]}"
        for (phone, body), times in doubled.items()
    ]
    extra = sum(times - meant[key] for key, times in doubled.items())
    phones = len({phone for phone, _ in got})
    return Tally(Counter(texts=got.total(), phones=phones, extra=extra), broken=broken)


def never_stale(evidence: Evidence) -> Tally:
    """No text leaves when it is no longer useful."""
    found = Tally()
    for text, row in evidence.pairs():
        if text.at >= row.expires_at:
            found.broken.append(f"{row}: {length(text.at - row.expires_at)} past its use")
        if row.due_at is not None and text.sid == row.sid:
            found.saw(text.at - row.due_at)
    return found


def never_silent(evidence: Evidence) -> Tally:
    """Whatever did not reach a phone says why."""
    reached = {text.sid for text in evidence.ledger if text.arrived}
    unsent = [row for row in evidence.outbox if row.sid not in reached and row.state not in MAY_STILL_LEAVE]
    broken = [f"{row}: {row.state} without a reason" for row in unsent if not row.reason]
    return Tally(Counter(unsent=len(unsent)), broken=broken)


def never_lost(evidence: Evidence) -> Tally:
    """What was due has left or has ended with a reason, and what we believe has left is in the ledger."""
    sids = {text.sid for text in evidence.ledger}
    due = [row for row in evidence.outbox if row.due_at is not None and row.due_at <= evidence.until]
    unread = {phone for phone, wrote in evidence.messages.items() if any(one.closed_at is None for one in wrote)}
    stuck = [
        f"{row}: was due and is still {row.state} ({row.reason})"
        for row in due
        if row.state in MAY_STILL_LEAVE and not (row.reason and row.phone in unread)  # a person must read
    ]
    missing = [
        f"{row}: {row.state}, but the provider has no such text"
        for row in evidence.outbox
        if row.state in _LEFT and row.sid not in sids
    ]
    known = {sid for row in evidence.outbox for sid in (row.sid, *row.bounced)}
    orphans = [
        f"{text.sid}: the provider has it, our outbox does not" for text in evidence.ledger if text.sid not in known
    ]
    return Tally(Counter(due=len(due), stuck=len(stuck)), broken=[*stuck, *missing, *orphans])
