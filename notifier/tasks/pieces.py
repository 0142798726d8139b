"""Pieces of work one by one: each with what it is about, its age and who has taken it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Subquery, bindparam, case, literal, or_, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import latest_on
from notifier.db.tables import Enrollment, Message, NumberHold, Reply, TaskClaim, TaskSnooze
from notifier.domain.states import MessageState
from notifier.domain.tasks import TaskKind, TaskRef
from notifier.tasks.sources import Snoozed, parameters, snoozed, sources, visible

_OF_TEXTS: Final = (TaskKind.TEXT, TaskKind.SILENCE, TaskKind.GATE)
_DOUBT: Final = (MessageState.UNKNOWN, MessageState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work."""

    ref: TaskRef
    phone: str
    since: datetime
    is_urgent: bool
    enrollment: Enrollment | None = None
    """Whose; for a reply or a hold the latest on its number, None where there is none."""
    reply: Reply | None = None
    message: Message | None = None
    hold: NumberHold | None = None
    taken_by: str | None = None
    taken_until: datetime | None = None
    snoozed_until: datetime | None = None
    is_open: bool = True

    @property
    def what(self) -> str:
        """What is to be seen to, in a word or two."""
        if self.message is None or self.ref.kind in (TaskKind.SILENCE, TaskKind.GATE):
            return _WORDS[self.ref.kind]
        if self.message.state in _DOUBT:
            return "in doubt"
        return "too late" if self.message.state is MessageState.EXPIRED else "did not arrive"

    @property
    def has_not_reached(self) -> bool:
        """Whether it is a text that did not reach the patient's phone, which a person may tell instead."""
        return self.ref.kind is TaskKind.TEXT and self.message is not None and self.message.state not in _DOUBT


_WORDS: Final = {
    TaskKind.REPLY: "wrote",
    TaskKind.TEXT: "text",
    TaskKind.SILENCE: "no answer",
    TaskKind.VISIT: "unmarked visit",
    TaskKind.HOLD: "texts wait",
    TaskKind.GATE: "to be cleared",
}


def task_json(task: Task) -> dict[str, Any]:
    """A piece of work for programs; the words of a patient are not in it."""
    message, whose = task.message, task.enrollment
    return {
        "task": str(task.ref),
        "what": task.what,
        "since": task.since.isoformat(),
        "urgent": task.is_urgent,
        "enrollment": whose.id if whose else None,
        "name": whose.name if whose else None,
        "phone": task.phone,
        "reply": task.reply.id if task.reply else None,
        "message": message.id if message else None,
        "step": message.step if message else None,
        "state": message.state.value if message else None,
        "reason": message.reason if message else task.hold.reason if task.hold else None,
        "taken_by": task.taken_by,
        "put_off_until": task.snoozed_until.isoformat() if task.snoozed_until else None,
    }


@cache
def open_tasks(away: frozenset[TaskKind]) -> Subquery:
    """Everything that is open and not put off: `kind`, `number`, `phone`, `since`, `urgent` (1 or 0).

    `away`: the kinds of which anything is put off. It takes `parameters`.
    """
    return union_all(
        *(_seen(kind, visible(kind, found, away).subquery()) for kind, found in sources().items())
    ).subquery()


def _seen(kind: TaskKind, rows: Subquery) -> Any:
    of_row = (rows.c.number, rows.c.phone, rows.c.since, case((rows.c.urgent, 1), else_=0).label("urgent"))
    return select(literal(kind.value).label("kind"), *of_row)


@cache
def _in_order(away: frozenset[TaskKind]) -> tuple[Subquery, Any]:
    """Everything that is open, urgent first, then the oldest; and the statement that asks for it."""
    found = open_tasks(away)
    return found, select(found).order_by(found.c.urgent.desc(), found.c.since, found.c.kind, found.c.number)


@cache
def _about(away: frozenset[TaskKind]) -> Any:
    found, ordered = _in_order(away)
    return ordered.where(found.c.phone.in_(bindparam("phones", expanding=True)))


def tasks_about(session: Session, phones: Collection[str], now: datetime, hidden: Snoozed) -> dict[str, list[Task]]:
    """The open work about these numbers, urgent first, then the oldest; at most some hundred numbers.

    `hidden`: what is put off (`snoozed`).
    """
    values = parameters(now, hidden) | {"phones": sorted(phones)}
    by_phone: dict[str, list[Task]] = {phone: [] for phone in phones}
    for task in _with_rows(session, session.execute(_about(frozenset(hidden)), values).all(), now):
        by_phone[task.phone].append(task)
    return by_phone


def all_tasks(session: Session, now: datetime, *, limit: int, kind: TaskKind | None = None) -> list[Task]:
    """The open work, urgent first, then the oldest."""
    hidden = snoozed(session, now)
    found, these = _in_order(frozenset(hidden))
    if kind is not None:
        these = these.where(found.c.kind == kind.value)
    return _with_rows(session, session.execute(these.limit(limit), parameters(now, hidden)).all(), now)


def snoozed_tasks(session: Session, now: datetime, *, limit: int) -> list[Task]:
    """What somebody has put off and is still open, whatever comes back first standing first."""
    away = snoozed(session, now)
    found = open_tasks(frozenset())
    wanted = [(found.c.kind == kind.value) & found.c.number.in_(sorted(numbers)) for kind, numbers in away.items()]
    if not wanted:
        return []
    rows = session.execute(select(found).where(or_(*wanted)).limit(limit), parameters(now)).all()
    return sorted(_with_rows(session, rows, now), key=lambda one: (one.snoozed_until or now, one.since))


def find_tasks(session: Session, refs: Collection[TaskRef], now: datetime) -> dict[TaskRef, Task]:
    """Those of these pieces of work that are open, put off or not."""
    found = open_tasks(frozenset())
    numbers: dict[TaskKind, list[int]] = {}
    for ref in refs:
        numbers.setdefault(ref.kind, []).append(ref.number)
    if not numbers:
        return {}
    these = [(found.c.kind == kind.value) & found.c.number.in_(of_kind) for kind, of_kind in numbers.items()]
    rows = session.execute(select(found).where(or_(*these)), parameters(now)).all()
    return {task.ref: task for task in _with_rows(session, rows, now)}


def find_closed(session: Session, refs: Collection[TaskRef]) -> list[TaskRef]:
    """Those of these replies, texts and silences that there are, and that are not open."""
    found: list[TaskRef] = []
    for kinds, column, closed in (
        ((TaskKind.REPLY,), col(Reply.id), col(Reply.closed_at).is_not(None)),
        ((TaskKind.TEXT, TaskKind.SILENCE), col(Message.id), col(Message.seen_to).is_not(None)),
    ):
        numbers = {ref.number for ref in refs if ref.kind in kinds}
        there = set(session.scalars(select(column).where(column.in_(sorted(numbers)), closed)))
        found += [ref for ref in refs if ref.kind in kinds and ref.number in there]
    return found


def _with_rows(session: Session, rows: Sequence[Any], now: datetime) -> list[Task]:
    """Everything that they are about is read at once, not one by one."""
    numbers: dict[TaskKind, list[int]] = {kind: [] for kind in TaskKind}
    for row in rows:
        numbers[TaskKind(row.kind)].append(row.number)
    replies = _by_id(session, Reply, numbers[TaskKind.REPLY])
    messages = _by_id(session, Message, [number for kind in _OF_TEXTS for number in numbers[kind]])
    holds = _by_id(session, NumberHold, numbers[TaskKind.HOLD])
    of_texts = {one.enrollment_id for one in messages.values() if one.enrollment_id}
    whose = _by_id(session, Enrollment, [*numbers[TaskKind.VISIT], *of_texts])
    on_number = latest_on(session, {row.phone for row in rows if row.kind in (TaskKind.REPLY, TaskKind.HOLD)})
    claims = _claims_or_snoozes(session, TaskClaim, numbers)
    snoozes = _claims_or_snoozes(session, TaskSnooze, numbers)
    found = []
    for row in rows:
        ref = TaskRef(TaskKind(row.kind), row.number)
        message = messages.get(row.number) if ref.kind in _OF_TEXTS else None
        enrollment = on_number.get(row.phone)
        if message is not None:
            enrollment = whose.get(message.enrollment_id)
        elif ref.kind is TaskKind.VISIT:
            enrollment = whose.get(row.number)
        claim = claims.get((row.kind, row.number))
        is_taken = claim is not None and (claim.ends_at is None or claim.ends_at > now)
        snooze = snoozes.get((row.kind, row.number))
        found.append(
            Task(
                ref,
                row.phone,
                row.since,
                bool(row.urgent),
                enrollment,
                reply=replies.get(row.number) if ref.kind is TaskKind.REPLY else None,
                message=message,
                hold=holds.get(row.number) if ref.kind is TaskKind.HOLD else None,
                taken_by=claim.by if claim is not None and is_taken else None,
                taken_until=claim.ends_at if claim is not None and is_taken else None,
                snoozed_until=snooze.until if snooze is not None and snooze.until > now else None,
            )
        )
    return found


def _by_id(session: Session, table: Any, ids: Collection[Any]) -> dict[Any, Any]:
    return {one.id: one for one in session.scalars(select(table).where(table.id.in_(sorted(ids))))} if ids else {}


def _claims_or_snoozes(session: Session, table: Any, numbers: dict[TaskKind, list[int]]) -> dict[tuple[str, int], Any]:
    wanted = [(table.kind == kind.value) & table.number.in_(of_kind) for kind, of_kind in numbers.items() if of_kind]
    if not wanted:
        return {}
    return {(one.kind, one.number): one for one in session.scalars(select(table).where(or_(*wanted)))}
