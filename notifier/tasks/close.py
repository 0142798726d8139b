"""Close work: the patient was told in person, or there is nothing to tell. Many at once, each once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import replans
from notifier.db.array_param import in_array
from notifier.db.enrollments import inform
from notifier.db.rows import insert_rows, table_of
from notifier.db.tables import Event, Message, SeenTo, TaskClaim, TaskSnooze
from notifier.domain.informed import Informed
from notifier.domain.kinds import TELLS
from notifier.domain.refused import Refused
from notifier.domain.tasks import TaskKind, TaskOutcome, TaskRef
from schedules.protocol import StepKind

_OF_RULES: Final = (*TELLS, StepKind.LIFT)
_OTHERWISE: Final = {
    TaskKind.REPLY: "what a patient wrote is closed with a decision about the texts",
    TaskKind.VISIT: "a visit is done once it is marked as treated, no-show or moved",
    TaskKind.GATE: "a lift that waits leaves once what it lifts is marked as cleared",
    TaskKind.HOLD: "texts that wait go on once the number is released",
}
"""How the other kinds are closed."""
EVENTS: Final = {TaskOutcome.TOLD: "told_in_person", TaskOutcome.DONE: "seen_to"}
SILENCE_CLOSED: Final = "silence_closed"
"""What a closing is called in the history."""


@dataclass(frozen=True, slots=True)
class ClosedTasks:
    """What closing some pieces of work did."""

    closed: tuple[TaskRef, ...] = ()
    already: tuple[TaskRef, ...] = ()
    """Somebody else was faster, or there is no such work."""
    otherwise: dict[TaskRef, str] = field(default_factory=dict)
    """What is closed in another way, and how."""


def close_tasks(
    session: Session, refs: Collection[TaskRef], how: TaskOutcome, *, now: datetime, by: str
) -> ClosedTasks:
    """A person has seen to these texts and silences; `how` is told or done.

    What was told in person counts as told: the catch-up of a rule does not leave, and its lift no longer waits.
    Raises Refused where all of them are closed in another way.
    """
    otherwise = {ref: _OTHERWISE[ref.kind] for ref in refs if ref.kind in _OTHERWISE}
    if otherwise and len(otherwise) == len(refs):
        ref, why = next(iter(otherwise.items()))
        raise Refused(f"{ref} is not closed so: {why}")
    closed: list[TaskRef] = []
    for kind in (TaskKind.TEXT, TaskKind.SILENCE):
        ids = {ref.number for ref in refs if ref.kind is kind}
        closed += [TaskRef(kind, number) for number in _see_to(session, ids, kind, how, now, by)] if ids else []
    already = tuple(ref for ref in refs if ref not in otherwise and ref not in closed)
    return ClosedTasks(tuple(closed), already, otherwise)


def _see_to(
    session: Session, ids: Collection[int], kind: TaskKind, how: TaskOutcome, now: datetime, by: str
) -> Sequence[int]:
    these = update(table_of(Message)).where(in_array(col(Message.id), "ids"), col(Message.seen_to).is_(None))
    message = table_of(Message).c
    changed = these.values(seen_to=how.value).returning(
        message.id, message.enrollment_id, message.kind, message.step, message.topics
    )
    rows = session.execute(changed, {"ids": sorted(ids)}).all()
    session.expire_all()
    if not rows:
        return []
    _delete_claims(session, kind, [row.id for row in rows])
    session.execute(delete(SeenTo).where(col(SeenTo.message_id).in_([row.id for row in rows])))
    insert_rows(session, SeenTo, [{"message_id": row.id, "at": now, "by": by} for row in rows])
    what = SILENCE_CLOSED if kind is TaskKind.SILENCE else EVENTS[how]
    insert_rows(session, Event, [_event(row, what, now, by) for row in rows])
    if how is TaskOutcome.TOLD:
        _inform(session, rows, now)
    return [row.id for row in rows]


def _inform(session: Session, rows: Sequence[Any], now: datetime) -> None:
    told: dict[int, set[str]] = {}
    for row in rows:
        if row.kind in _OF_RULES and row.topics and row.enrollment_id is not None:
            told.setdefault(row.enrollment_id, set()).update(row.topics)
    for enrollment_id, topics in sorted(told.items()):
        inform(session, enrollment_id, sorted(topics), Informed.SAID)
    replans.ask_for(session, sorted(told), at=now)


def _delete_claims(session: Session, kind: TaskKind, numbers: Collection[int]) -> None:
    for table in (TaskClaim, TaskSnooze):
        these = delete(table).where(col(table.kind) == kind.value, col(table.number).in_(sorted(numbers)))
        session.execute(these.execution_options(synchronize_session=False))


def _event(row: Any, what: str, now: datetime, by: str) -> dict[str, Any]:
    return {
        "enrollment_id": row.enrollment_id, "message_id": row.id, "at": now, "by": by, "what": what,
    }  # fmt: skip
