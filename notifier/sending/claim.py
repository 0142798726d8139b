"""Claims: in one transaction, due texts are checked and then marked as about to leave, or told to wait, or withdrawn.

Everything is read for the whole batch at once and decided for each text by a pure function. A text whose claim is
committed belongs to this worker until its lease ends; its attempt is the evidence that a crash leaves behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.attempts import new_attempt_ids, open_attempts
from notifier.db.batch_moves import leave
from notifier.db.engine import database_time
from notifier.db.need import claimable_up_to, mark_late, mark_ready, may_be_claimed, need_of, oldest_of_all
from notifier.db.outbox import in_state, move_many
from notifier.db.rows import insert_rows
from notifier.db.seen_to import mark_reminders
from notifier.db.tables import Enrollment, Event, Message, Recovery, RecoveryKind
from notifier.domain.offices import NO_OFFICES, Offices
from notifier.domain.staffed_hours import StaffedClock
from notifier.domain.states import MessageState
from notifier.sending.apart import JUST_LEFT
from notifier.sending.decide import Send, Wait, Withdraw
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from notifier.sending.gates.circuits import why_stopped
from notifier.sending.gates.closed import Gates, Trial
from notifier.sending.gates.recoveries import LATE, LATE_WAITS, any_waiting, begin_after_outage, end, next_departure
from schedules.send_window import SendWindow

LEASE = timedelta(seconds=60)
"""Three times as long as one call may take: who is silent for so long is dead, or has lost the text."""
Room = Mapping[str | None, int]
"""How many texts may leave now, by sender; None stands for the clinic's own. One that is missing has no limit."""
_BY = "worker"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_DUE = (
    select(*DECIDED_BY)
    .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id), isouter=True)
    .where(in_state(MessageState.PLANNED), col(Message.due_at) <= bindparam("now"))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=Message)
)
_BY_AGE = (col(Message.due_at), col(Message.id))
_READY = _DUE.where(may_be_claimed()).order_by(col(Message.need), *_BY_AGE)
_UNMARKED = _DUE.where(col(Message.need).is_(None), col(Message.due_at) > bindparam("after")).order_by(*_BY_AGE)
_MARKED_AT_ONCE = 500
"""How many texts are marked ready in one transaction: some milliseconds."""


@dataclass(frozen=True, slots=True)
class SendingRules:
    """The clinic's settings that are checked again when a text leaves."""

    window: SendWindow
    max_texts_per_day: int = 2
    recover_above: int = 50
    """After an outage, more late texts than this wait for a person."""
    sender: str | None = None
    """The clinic's own; an office may have another."""
    offices: Offices = field(default_factory=lambda: NO_OFFICES)
    staffed: StaffedClock | None = None
    """When somebody reads answers; an office may have other hours. None: nobody has said, and no question leaves."""

    def sender_of(self, office: str | None) -> str | None:
        """The sender of an office that is not the clinic's own; None: the clinic's own."""
        own = self.offices[office].sender if office and office in self.offices else None
        return None if own == self.sender else own


@dataclass(frozen=True, slots=True)
class Claim:
    """A text that this worker hands over now; its attempt is committed."""

    message_id: int
    attempt_id: str
    phone: str
    body: str
    lease_until: datetime
    """On the worker's own clock."""
    sender: str | None = None
    """Her office's own; None: the clinic's."""
    trial: bool = False
    """It passes the open circuit, to find out whether the provider takes texts again."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one transaction found."""

    claims: list[Claim]
    looked_at: int = 0
    """How many due texts were decided; fewer than the limit means that no more were due."""
    closed: str | None = None
    """`restored`, `gate` or `circuit` where nothing may leave at all."""
    next_due: datetime | None = None
    """When the next planned text is due, after these."""
    backlog: bool = False
    """More may be due than could be claimed at once."""
    began_to_wait: int = 0
    """How many late texts, found just now after an outage, wait for a person from here on."""
    expired: int = 0
    """How many were no longer useful."""


def claim(
    session: Session,
    rules: SendingRules,
    *,
    now: datetime,
    worker_id: str,
    limit: int,
    trial: Trial | None = None,
    room: Room | None = None,
) -> Claimed:
    """Decide up to `limit` due texts, those that are needed most first.

    `trial`: one text passes its circuit, and no other leaves. `room`: how many may leave through each
    sender now. Texts of one that has none stay as they are, and hold up nobody.
    """
    gates = Gates.at(session, now)
    closed, _ = gates.why_closed(trial) or (None, "")
    if closed == "restored":
        return Claimed([], closed=closed)  # nothing comes due before a person has looked
    late = gates.late
    if closed or limit < 1:
        return Claimed([], closed=closed, next_due=next_departure(session, late))
    limit = 1 if trial else limit
    stopped = gates.closed_senders(trial)
    busy = _busy_offices(rules, room or {}, stopped, trial)
    if stopped and len(busy) == 1 + len(rules.offices):
        return Claimed([], closed="circuit", next_due=next_departure(session, late))
    busy = busy if rules.offices else []
    oldest = oldest_of_all(session, most=_MARKED_AT_ONCE) if late is None else None
    due, began = _lock_due(session, now, limit, late, busy), 0
    if due and oldest is not None and oldest <= now - LATE:
        late = begin_after_outage(session, above=rules.recover_above, now=now)
        due, began = (_lock_due(session, now, limit, late, busy), late.texts) if late else (due, 0)
    elif late and not due and not any_waiting(session, late.up_to, now):
        end(session, RecoveryKind.LATE, at=now, by=_BY, why="no late text waits any longer")
    claims, expired, left_out = (
        _decide_all(session, rules, due, now, worker_id, room, trial is not None, late) if due else ([], 0, False)
    )
    then = next_departure(session, late)
    more = len(due) == limit or left_out or bool(busy)
    return Claimed(claims, len(due), next_due=then, backlog=more, began_to_wait=began, expired=expired)


def _busy_offices(rules: SendingRules, room: Room, stopped: Collection[str], trial: Trial | None) -> list[str | None]:
    """The offices through whose sender nothing may leave now; None: the clinic itself."""
    busy = []
    for office in (None, *rules.offices):
        own = rules.sender_of(office)
        name = own or rules.sender
        is_tried = trial is None or trial.sender in (None, name)
        if room.get(own, 1) < 1 or name in stopped or not is_tried:
            busy.append(office)
    return busy


def _lock_due(
    session: Session, now: datetime, limit: int, late: Recovery | None, busy: Sequence[str | None]
) -> list[Due]:
    """The due texts in the order of their need, with what is needed of their enrollments. Other workers pass by the
    rows locked.

    `late`: those that wait for a person are passed by too. `busy`: so are those of these offices.
    """
    ready, unmarked = _READY, _UNMARKED
    if busy:
        whose = func.coalesce(col(Enrollment.office), col(Message.office), "")
        open_ones = whose.not_in([office or "" for office in busy])
        ready, unmarked = ready.where(open_ones), unmarked.where(open_ones)
    if late:
        mark_late(session, late.up_to, most=_MARKED_AT_ONCE)
    after = late.up_to if late else _EVER
    known = {"now": now, "up_to": claimable_up_to(now), "after": after}
    ask = session.connection().execute  # columns, no entities: asked past the ORM, which would look at each row again
    first = ask(ready, {**known, "limit": limit}).all()
    fallen_due = ask(unmarked, {**known, "limit": 1 if first else limit + 1}).all()
    if fallen_due and (first or len(fallen_due) > limit):
        mark_ready(session, now, most=max(_MARKED_AT_ONCE, 2 * limit), after=after)
        first, fallen_due = ask(ready, {**known, "limit": limit}).all(), ()
    found = map(Due.of, first or fallen_due)
    return list(found) if first else sorted(found, key=lambda one: need_of(one.kind, one.due_at, one.expires_at))


def _decide_all(
    session: Session,
    rules: SendingRules,
    due: Sequence[Due],
    now: datetime,
    worker_id: str,
    room: Room | None,
    trial: bool,
    late: Recovery | None,
) -> tuple[list[Claim], int, bool]:
    """What leaves, how many had expired, and whether a sender's rate left some for later."""
    facts = FactsOfBatch.of(
        session,
        due,
        window=rules.window,
        offices=rules.offices,
        staffed=rules.staffed,
        most=rules.max_texts_per_day,
        now=now,
    )
    left = dict(room) if room is not None and rules.offices else {}
    left_out = False
    to_send: list[tuple[Due, Send]] = []
    waiting: dict[Wait, list[Due]] = defaultdict(list)
    withdrawn: dict[Withdraw, list[int]] = defaultdict(list)
    expired = 0
    for row in due:
        match facts.decide(row, now):
            case Send() as send:
                sender = rules.sender_of(row.office)
                if left.get(sender, 1) < 1:
                    left_out = True
                    continue
                if sender in left:
                    left[sender] -= 1
                to_send.append((row, send))
                facts.count(row, now)
            case Wait() as wait:
                waiting[wait].append(row)
            case Withdraw(MessageState.EXPIRED, why):
                expired += 1
                cause = None if row.reason == JUST_LEFT else row.reason
                sender = rules.sender_of(row.office) or rules.sender
                cause = cause or _late(row, late) or why_stopped(session, row.due_at, row.expires_at, sender=sender)
                withdrawn[Withdraw(MessageState.EXPIRED, _with_cause(why, cause))].append(row.id)
            case withdraw:
                withdrawn[withdraw].append(row.id)
    for wait, rows in waiting.items():
        _put_off(session, wait, rows, now)
    for withdraw, ids in withdrawn.items():
        move_many(session, ids, seen=MessageState.PLANNED, to=withdraw.to, at=now, by=_BY, why=withdraw.why)
        if withdraw.to is MessageState.EXPIRED:
            mark_reminders(session, ids)
    return _let_leave(session, rules, to_send, now, worker_id, trial), expired, left_out


def _late(row: Due, late: Recovery | None) -> str | None:
    return LATE_WAITS if late and row.due_at <= late.up_to else None


def _with_cause(why: str, cause: str | None) -> str:
    """What has kept a text until it expired must be read where it is listed: the circuit, the hold, the refusal."""
    return why if cause is None or cause in why else f"{why}; {cause}"


def _put_off(session: Session, wait: Wait, rows: Sequence[Due], now: datetime) -> None:
    these = update(Message).where(in_state(MessageState.PLANNED), col(Message.id).in_([row.id for row in rows]))
    these = these.values(due_at=wait.until, need=None, reason=wait.why)
    session.execute(these.execution_options(synchronize_session=False))
    same = {"at": now, "by": _BY, "what": "put_off", "why": wait.why}
    changed = [row for row in rows if row.reason != wait.why]  # looked at again and again, written down once
    insert_rows(session, Event, [{**same, "enrollment_id": r.enrollment_id, "message_id": r.id} for r in changed])


def _let_leave(
    session: Session,
    rules: SendingRules,
    to_send: Sequence[tuple[Due, Send]],
    now: datetime,
    worker_id: str,
    trial: bool,
) -> list[Claim]:
    if not to_send:
        return []
    claims = [
        Claim(
            row.id, attempt, row.phone, row.text if row.late_text is None or not send.late else row.late_text,
            now + LEASE, rules.sender_of(row.office), trial,
        )
        for (row, send), attempt in zip(to_send, new_attempt_ids(now, len(to_send)), strict=True)
    ]  # fmt: skip
    by_sender: dict[str | None, dict[str, int]] = defaultdict(dict)
    for one in claims:
        by_sender[one.sender or rules.sender][one.attempt_id] = one.message_id
    open_calls = partial(
        open_attempts, session, worker_id=worker_id, started_at=now, lease_until=database_time(session, now) + LEASE
    )
    for sender, attempts in by_sender.items():
        open_calls(attempts, sender=sender)
    for late in (False, True):
        leave(session, [row.id for row, send in to_send if send.late is late], late=late, at=now, by=_BY)
    return claims
