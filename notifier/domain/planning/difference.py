"""The difference between what stands in the outbox and what the plan says now.

Unsent texts follow the plan; sent ones stay. A step that was said, or may have been said, is never said again. What was
said and is wrong now is listed, for a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notifier.domain.kinds import LOOK_AGAIN, NOT_SAID, TELLS
from notifier.domain.planning.plan import Plan
from notifier.domain.states import LEGAL_MOVES, SAID, MessageState
from schedules.daily_cap import lost_its_place
from schedules.moments import NOT_TOLD, TELL_IN_PERSON
from schedules.planned import PlannedMessage
from schedules.protocol import StepKind

UNSENT = frozenset({MessageState.PLANNED, MessageState.SUPPRESSED})
"""Can still be changed; a suppressed text may be planned again after START, so it follows too."""
_DID_NOT_ARRIVE = frozenset({MessageState.FAILED, MessageState.UNDELIVERED})
_LISTS = ("added", "passed", "moved", "reworded", "adjusted", "expired", "kept")
_NO_HOUR = f"no hour is left in which it would be useful; {TELL_IN_PERSON}"
DATE_CORRECTED = "the date was corrected"
"""Why a text that comes back must not leave again."""
_FINAL = frozenset(state for state, moves in LEGAL_MOVES.items() if not moves)


class OutboxRow(Protocol):
    """A message of the outbox, as far as a new plan looks at it."""

    @property
    def id(self) -> int | None: ...
    @property
    def step(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def topics(self) -> Sequence[str] | None: ...
    @property
    def phone(self) -> str: ...
    @property
    def state(self) -> MessageState: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def nominal_at(self) -> datetime: ...
    @property
    def not_before(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def text(self) -> str: ...
    @property
    def late_text(self) -> str | None: ...
    @property
    def sent_text(self) -> str | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def retries(self) -> int: ...
    @property
    def left_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One step of a difference: the row it is about, what the plan says now, and why."""

    step: str
    row: OutboxRow | None = None
    planned: PlannedMessage | None = None
    why: str = ""
    for_staff: bool = False
    """Whether staff must decide or tell the patient, because no text will."""

    @property
    def revision(self) -> int:
        """The number of a new row for this step."""
        return 0 if self.row is None else self.row.revision + 1


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """What a change does to one enrollment's texts. `added` and `passed` become new rows."""

    added: tuple[PlannedChange, ...] = ()
    passed: tuple[PlannedChange, ...] = ()
    """Steps that are new in the plan and have no moment any more: kept as expired rows, for staff."""
    moved: tuple[PlannedChange, ...] = ()
    reworded: tuple[PlannedChange, ...] = ()
    adjusted: tuple[PlannedChange, ...] = ()
    """Same hour, same words: only how early or late it may leave has changed, which nobody would call a change."""
    cancelled: tuple[PlannedChange, ...] = ()
    expired: tuple[PlannedChange, ...] = ()
    kept: tuple[PlannedChange, ...] = ()
    on_their_way: tuple[PlannedChange, ...] = ()
    """Left, or perhaps left, but may come back: then with what the plan says now (None: not at all)."""
    wrong_now: tuple[PlannedChange, ...] = ()
    """Said already, and wrong after this change: somebody must call the patient."""
    reread: tuple[PlannedChange, ...] = ()
    """Said already, and right in other words: nobody need call."""

    @property
    def withheld(self) -> tuple[PlannedChange, ...]:
        """Steps that nobody will say any more and that staff must decide on."""
        return tuple(entry for entry in self.cancelled if entry.for_staff)

    @property
    def writes_anything(self) -> bool:
        """Whether the outbox is another one afterwards, be it in what nobody sees."""
        return self.changes_anything or bool(self.adjusted or self.on_their_way)

    @property
    def changes_anything(self) -> bool:
        """Whether any text is added, passed, moved, reworded, cancelled, expired or wrong now."""
        return any((self.added, self.passed, self.moved, self.reworded, self.cancelled, self.expired, self.wrong_now))


def sent_steps(rows: Iterable[OutboxRow]) -> frozenset[str]:
    """Steps that get no new row, whatever changes: said, perhaps said, or decided by a person."""
    return frozenset(row.step for row in rows if _is_settled(row))


def over_steps(rows: Iterable[OutboxRow]) -> frozenset[str]:
    """Those of the said steps that can never come back, so that no plan needs a place for them."""
    return frozenset(row.step for row in rows if _is_settled(row) and row.state in _FINAL)


def placeless_steps(rows: Iterable[OutboxRow], phone: str) -> frozenset[str]:
    """Steps whose text takes no place on any day to come: settled, or not arrived at `phone`."""
    rows = sorted(rows, key=lambda row: row.revision)
    latest = {row.step: row for row in rows}
    lost = {row.step for row in latest.values() if row.state in _DID_NOT_ARRIVE and row.phone == phone}
    return sent_steps(rows) | lost


def informed_topics(rows: Iterable[OutboxRow]) -> frozenset[str]:
    """Topics of the texts that tell rules and that the patient has read, or may have."""
    said = (row for row in rows if row.kind in TELLS and row.state in SAID)
    return frozenset(topic for row in said for topic in row.topics or ())


def compare(
    rows: Sequence[OutboxRow],
    plan: Plan,
    phone: str,
    now: datetime,
    wrong_now: Sequence[PlannedChange] = (),
    reread: Sequence[PlannedChange] = (),
) -> PlanDifference:
    """Compare the outbox rows of one enrollment with its new plan (made at `now`, without the steps that are over)."""
    latest: dict[str, OutboxRow] = {}
    for row in sorted(rows, key=lambda row: row.revision):
        latest[row.step] = row
    found: dict[str, list[PlannedChange]] = {name: [] for name in (*_LISTS, "on_their_way")}
    settled = sent_steps(rows)
    in_plan = {message.step: message for message in plan.timeline.messages}
    planned = {step: message for step, message in in_plan.items() if step not in settled}
    for message in planned.values():
        where, why = _place(latest.get(message.step), message, phone, now)
        found[where].append(PlannedChange(message.step, latest.get(message.step), message, why))
    cancelled = []
    for step, row in latest.items():
        if step in planned:
            continue
        if row.state in UNSENT and step not in settled:
            cancelled.append(_withdrawn(row, plan))
        else:
            found["kept"].append(PlannedChange(step, row))
    overtaken = {one.step for one in plan.overtaken}
    may_return = {step: message for step, message in in_plan.items() if step not in overtaken}
    for row in latest.values():
        if row.state not in _FINAL | UNSENT and (on_its_way := _on_its_way(row, may_return.get(row.step), phone, now)):
            found["on_their_way"].append(on_its_way)
    lists = {name: tuple(entries) for name, entries in found.items()}
    return PlanDifference(cancelled=tuple(cancelled), wrong_now=tuple(wrong_now), reread=tuple(reread), **lists)


def _is_settled(row: OutboxRow) -> bool:
    if row.state in SAID:
        return True
    # A person decided that it shall not leave again, who was asked whether it had left; or not leave at all.
    return row.state is MessageState.CANCELLED and (row.attempts > 0 or row.reason == NOT_SAID)


def _place(row: OutboxRow | None, message: PlannedMessage, phone: str, now: datetime) -> tuple[str, str]:
    """Which list of the difference this step belongs to, and why."""
    why = "; ".join(message.notes)
    if row is None:
        return ("added" if message.is_to_come else "passed"), why
    if row.state in _DID_NOT_ARRIVE:
        # A late receipt may still say "delivered": only another number makes it worth saying again.
        return ("added", "the number has changed") if message.is_to_come and row.phone != phone else ("kept", "")
    if row.state is MessageState.CANCELLED and not message.is_to_come:
        return "passed", why
    if row.state not in UNSENT:
        return ("added" if message.is_to_come else "kept"), why
    if not message.is_to_come:
        return "expired", why if lost_its_place(message) or NOT_TOLD in message.notes else _NO_HOUR
    same_moments = _same_moments(row, message)
    if not (_keeps_its_hour(row, message, now) if same_moments else row.due_at == message.due_at):
        return "moved", why
    if (row.text, row.late_text, row.phone) != (message.text, message.late_text, phone):
        return "reworded", why if message.waits else ""
    return ("kept" if same_moments else "adjusted"), ""


def _on_its_way(row: OutboxRow, message: PlannedMessage | None, phone: str, now: datetime) -> PlannedChange | None:
    """What must change about a text that has left, for the case that it comes back: `planned` None, it must not."""
    if row.phone != phone:
        ended = "the number was changed"
    elif message is None:
        ended = "it is no longer part of the plan"
    elif _same_moments(row, message) and (row.text, row.late_text) == (message.text, message.late_text):
        return None
    elif message.due_at is None:  # the plan as it is now has no hour for it any more
        ended = _NO_HOUR if row.nominal_at == message.nominal_at else DATE_CORRECTED
    else:
        return PlannedChange(row.step, row, message)
    return PlannedChange(row.step, row, None, ended) if row.expires_at > now else None


def _same_moments(row: OutboxRow, message: PlannedMessage) -> bool:
    same = row.nominal_at == message.nominal_at and row.expires_at == message.expires_at
    # A prepare text may leave from the moment of planning on, so this one always differs.
    return same and (message.kind is StepKind.PREPARE or row.not_before == message.not_before)


def _keeps_its_hour(row: OutboxRow, message: PlannedMessage, now: datetime) -> bool:
    if row.due_at is None or message.due_at is None:
        return row.due_at == message.due_at
    put_off_by_the_sender = row.due_at >= message.due_at and (row.retries > 0 or row.attempts > 0)
    soon = now + LOOK_AGAIN if row.reason else now  # what waits for a person is put off by minutes, again and again
    due_at_once = row.due_at <= soon and message.due_at <= now
    return row.due_at == message.due_at or put_off_by_the_sender or due_at_once


def _withdrawn(row: OutboxRow, plan: Plan) -> PlannedChange:
    for withheld in plan.withheld:
        if withheld.step == row.step:
            return PlannedChange(row.step, row, None, withheld.why, withheld.for_staff)
    if row.kind == StepKind.PREPARE and plan.timeline.anchor.treated:
        return PlannedChange(row.step, row, None, "the visit is over")
    why = {left_out.step: left_out.why for left_out in plan.timeline.left_out}.get(row.step)
    return PlannedChange(row.step, row, None, why or "no longer part of the plan")
