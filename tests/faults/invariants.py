"""What must be true after any fault: the ledger beside the outbox, and the logs. Nothing here trusts what we recorded
about what left: the provider's ledger says that."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import is_sqlite, reading
from notifier.db.tables import Attempt, Enrollment, Event, Message, OptOut
from notifier.domain.phone import area_zones
from notifier.domain.states import LEGAL_MOVES, MessageState
from notifier.sandbox.messages import LedgerEntry
from notifier.sending.gates.circuits import open_circuits

S = MessageState
HAS_LEFT = frozenset({S.ACCEPTED, S.SENT, S.DELIVERED, S.UNDELIVERED})
NOBODY_KNOWS = frozenset({S.ATTEMPTING, S.UNKNOWN})
MUST_SAY_WHY = frozenset({S.FAILED, S.EXPIRED, S.CANCELLED, S.SUPPRESSED, S.NEEDS_REVIEW})
_WAITS_FOR_NO_OTHER = frozenset({"reply", "first", "test", "warning"})
_APART = timedelta(minutes=14)
"""A quarter of an hour, without the minute that the one before may have been under way."""
_SAME_MOMENT = timedelta(seconds=3)
"""On PostgreSQL two transactions that end together may write their instants in the other order."""


@dataclass
class Findings:
    """What was counted, and a sentence for each thing that is wrong."""

    texts: int = 0
    accepted: int = 0
    """Texts that the provider created."""
    duplicates: int = 0
    lost: int = 0
    stuck: int = 0
    broken: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Records:
    """Everything that is known, read at one moment."""

    messages: Sequence[Message]
    enrollments: dict[int, Enrollment]
    events: Sequence[Event]
    attempts: Sequence[Attempt]
    opt_outs: Sequence[OptOut]
    circuit_is_open: bool
    one_writer: bool
    ledger: Sequence[LedgerEntry]
    now: datetime

    def texts_of(self, message: Message) -> list[LedgerEntry]:
        """What the provider created for this row; no two rows of a test say the same to the same number."""
        said = {message.sent_text or message.text, message.late_text or message.text, message.text}
        return [one for one in self._by_number[message.phone] if one.body in said]

    def moves_of(self, message: Message) -> list[Event]:
        """A row's changes of state, in the order they were written."""
        return self._moves[message.id or 0]

    @cached_property
    def _by_number(self) -> defaultdict[str, list[LedgerEntry]]:
        """There may be ten thousand texts: looking through all of them for each would take minutes."""
        found = defaultdict(list)
        for one in self.ledger:
            found[one.to].append(one)
        return found

    @cached_property
    def _moves(self) -> defaultdict[int, list[Event]]:
        found = defaultdict(list)
        for event in self.events:
            if event.what == "state":
                found[event.message_id or 0].append(event)
        return found


def check_invariants(
    engine: Engine, ledger: Iterable[LedgerEntry], logs: str, secrets: Iterable[str], *, now: datetime
) -> Findings:
    """Count what happened. `secrets`: every name and number that was used; each text's words are looked for too."""
    found = read(engine, ledger, now)
    counted = Findings(texts=len(found.messages), accepted=len(found.ledger))
    duplicates, lost, stuck = (list(check(found)) for check in (accepted_twice, without_outcome, nobody_cares_for))
    counted.duplicates, counted.lost, counted.stuck = len(duplicates), len(lost), len(stuck)
    counted.broken += [*duplicates, *lost, *stuck]
    for check in (after_an_opt_out, at_night_or_stale, beside_another, moved_backwards, one_sid_one_text):
        counted.broken += check(found)
    words = {*secrets, *(message.text for message in found.messages)}
    counted.broken += [f'the log has "{word}"' for word in sorted(spoken(words)) if word in logs]
    return counted


def read(engine: Engine, ledger: Iterable[LedgerEntry], now: datetime) -> Records:
    with reading(engine) as session:
        return Records(
            messages=session.scalars(select(Message).order_by(col(Message.id))).all(),
            enrollments={one.id or 0: one for one in session.scalars(select(Enrollment))},
            events=session.scalars(select(Event).order_by(col(Event.id))).all(),
            attempts=session.scalars(select(Attempt)).all(),
            opt_outs=session.scalars(select(OptOut)).all(),
            circuit_is_open=bool(open_circuits(session)),
            one_writer=is_sqlite(engine),
            ledger=list(ledger),
            now=now,
        )


def accepted_twice(found: Records) -> Iterator[str]:
    """No text exists more often at the provider than it was meant to: once, and once more for each retry of a text
    that the carrier gave back."""
    for message in found.messages:
        times = len(found.texts_of(message))
        if times > 1 + message.retries:
            yield f"text {message.id} was accepted {times} times: {history(found, message)}"


def without_outcome(found: Records) -> Iterator[str]:
    """What we call accepted the provider has, what it has we know, and what never left says why."""
    ours = {message.sid for message in found.messages} | {attempt.sid for attempt in found.attempts}
    theirs = {one.sid for one in found.ledger}
    for message in found.messages:
        if message.state in HAS_LEFT and message.sid not in theirs:
            yield f"text {message.id} is {message.state}, and the provider does not have it: {history(found, message)}"
        if message.state in MUST_SAY_WHY and not message.reason:
            yield f"text {message.id} is {message.state} without a reason: {history(found, message)}"
    yield from (f"{one.sid} left, and no row knows of it" for one in found.ledger if one.sid not in ours)


def nobody_cares_for(found: Records) -> Iterator[str]:
    """Nothing that is due waits without a reason, and nobody's fate stays open."""
    for message in found.messages:
        late = message.state is S.PLANNED and message.due_at is not None and message.due_at <= found.now
        if message.state in NOBODY_KNOWS or (late and not found.circuit_is_open):
            yield f"text {message.id} is still {message.state}: {history(found, message)}"


def after_an_opt_out(found: Records) -> Iterator[str]:
    """Nobody was about to be texted once her opt-out was committed."""
    for opt_out in found.opt_outs:
        for message in found.messages:
            if message.phone == opt_out.phone:
                yield from _left_after(found, message, opt_out)


def _left_after(found: Records, message: Message, opt_out: OptOut) -> Iterator[str]:
    if found.one_writer:  # events have the order of commits
        stored = [e.id or 0 for e in found.events if e.what == "opted_out" and e.enrollment_id == message.enrollment_id]
        left = [e.id or 0 for e in found.moves_of(message) if e.to_state == S.ATTEMPTING]
        wrong = opt_out.ended_at is None and bool(stored) and any(one > stored[-1] for one in left)
    else:
        began = [attempt.started_at for attempt in found.attempts if attempt.message_id == message.id]
        until = opt_out.ended_at or found.now
        wrong = any(opt_out.at + _SAME_MOMENT < at < until for at in began)
    if wrong:
        yield f"text {message.id} was about to leave after its number had opted out: {history(found, message)}"


def at_night_or_stale(found: Records) -> Iterator[str]:
    """Nothing planned was created outside 09:00-20:00 on her clock, outside 08:00-21:00 where her number comes from
    (but for the day of the treatment), before its time, or when it had become useless."""
    for message in found.messages:
        if message.kind == "reply" or message.enrollment_id is None:
            continue
        whose = found.enrollments[message.enrollment_id]
        for at in (one.created_at for one in found.texts_of(message)):
            local = at.astimezone(ZoneInfo(whose.timezone))
            day0 = whose.treated_at and whose.treated_at.astimezone(local.tzinfo).date()
            theirs = [] if local.date() == day0 else [at.astimezone(ZoneInfo(z)) for z in area_zones(message.phone)]
            if not time(9) <= local.time() < time(20) or not all(time(8) <= t.time() < time(21) for t in theirs):
                yield f"text {message.id} left at {local:%H:%M} on her clock"
            if not message.not_before <= at < message.expires_at:
                yield f"text {message.id} left at {at}, useful from {message.not_before} to {message.expires_at}"


def beside_another(found: Records) -> Iterator[str]:
    """Two texts of the plan to one number are a quarter of an hour apart, where the later one can wait so long."""
    left: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for message in found.messages:
        if message.kind not in _WAITS_FOR_NO_OTHER and message.state is not S.UNDELIVERED:
            left[message.phone] += [(one.created_at, message.id or 0) for one in found.texts_of(message)]
    whose = {message.id: message for message in found.messages}
    for one, two in (pair for phone in left.values() for pair in pairwise(sorted(phone))):
        message, then = whose[two[1]], one[0] + timedelta(minutes=15)
        local = then.astimezone(ZoneInfo(found.enrollments[message.enrollment_id or 0].timezone))
        can_wait = then < message.expires_at and time(9) <= local.time() < time(19, 45)
        if two[0] - one[0] < _APART and two[1] != one[1] and can_wait:
            yield f"text {two[1]} left {two[0] - one[0]} after text {one[1]} to its number: {history(found, message)}"


def moved_backwards(found: Records) -> Iterator[str]:
    """Each row's events are a path of legal moves that ends where the row stands."""
    for message in found.messages:
        events = found.moves_of(message)
        for event in events:
            seen, to = S(str(event.from_state)), S(str(event.to_state))
            if to not in LEGAL_MOVES[seen]:
                yield f"text {message.id} went from {seen} to {to}"
        if found.one_writer and any(one.to_state != two.from_state for one, two in pairwise(events)):
            yield f"text {message.id} has a gap in its history: {history(found, message)}"
        if events and found.one_writer and events[-1].to_state != message.state:
            yield f"text {message.id} is {message.state}, and its history ends elsewhere: {history(found, message)}"


def one_sid_one_text(found: Records) -> Iterator[str]:
    """No SID belongs to two rows."""
    bound = Counter(message.sid for message in found.messages if message.sid)
    yield from (f"{sid} belongs to {times} texts" for sid, times in bound.items() if times > 1)


def spoken(words: Iterable[str]) -> set[str]:
    """The words as they might stand in a log: a number also without its plus, without its country, and in groups."""
    found = set()
    for word in words:
        found.add(word)
        if digits := re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", word):
            area, middle, last = digits.groups()
            found |= {word[1:], word[2:], f"{area}-{middle}-{last}", f"({area}) {middle}-{last}"}
    return found - {""}


def history(found: Records, message: Message) -> str:
    """What happened to a text, for whoever reads the failure."""
    moves = [f"{e.from_state}>{e.to_state} ({e.why})" for e in found.events if e.message_id == message.id]
    calls = [f"{a.outcome}:{a.sid}" for a in found.attempts if a.message_id == message.id]
    return f"{moves} calls {calls} {message.reason}"
