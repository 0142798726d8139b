"""What a patient was told, and what is wrong of it after a change: somebody must call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from notifier.domain.planning.difference import OutboxRow, PlannedChange
from notifier.domain.planning.plan import Plan
from notifier.domain.states import SAID
from schedules.catch_up import is_catch_up
from schedules.planned import PlannedMessage
from schedules.protocol import StepKind


def find_wrong(rows: Sequence[OutboxRow], before: Plan, after: Plan) -> list[PlannedChange]:
    """What was said and is wrong now. Both plans are in one language and without names, all steps included."""
    was = {message.step: message for message in before.timeline.messages}
    now = {message.step: message for message in after.timeline.messages}
    ends = dict(before.timeline.restrictions), dict(after.timeline.restrictions)
    withheld = {withheld.step: withheld for withheld in after.withheld}
    found = []
    for row in rows:
        if row.state not in SAID or (row.kind == StepKind.PREPARE and after.timeline.anchor.treated):
            continue
        if held := withheld.get(row.step):
            if row.kind == StepKind.LIFT and row.left_at is not None and row.left_at > held.since:
                found.append(PlannedChange(row.step, row, None, f"it was said after a newer treatment: {held.why}"))
            elif row.kind == StepKind.RESTRICT and row.step in was and (why := _moved(was[row.step], *ends)):
                found.append(PlannedChange(row.step, row, None, why))
        elif is_catch_up(row.step):
            if why := _ends_moved(row.topics or (), *ends):
                found.append(PlannedChange(row.step, row, None, why))
        elif row.step not in now:
            found.append(PlannedChange(row.step, row, None, "it is no longer part of the plan"))
        elif why := _what_is_wrong(row, was.get(row.step), now[row.step], *ends):
            found.append(PlannedChange(row.step, row, now[row.step], why))
    return found


def _what_is_wrong(
    row: OutboxRow,
    was: PlannedMessage | None,
    now: PlannedMessage,
    ends_before: Mapping[str, datetime],
    ends_after: Mapping[str, datetime],
) -> str | None:
    if now.kind is StepKind.LIFT and row.left_at is not None and now.not_before > row.left_at:
        return f"the patient was told {', '.join(now.topics)} may be again, and the restriction ends only later"
    if was is None:
        return None
    if was.text != now.text:
        return "what it said is different now"
    if now.kind is StepKind.PREPARE and was.nominal_at != now.nominal_at:
        return "the visit has moved"
    return _moved(now, ends_before, ends_after) if now.kind is StepKind.RESTRICT else None


def _moved(text: PlannedMessage, ends_before: Mapping[str, datetime], ends_after: Mapping[str, datetime]) -> str | None:
    return _ends_moved(text.topics, ends_before, ends_after)


def _ends_moved(
    topics: Sequence[str], ends_before: Mapping[str, datetime], ends_after: Mapping[str, datetime]
) -> str | None:
    moved = [topic for topic in topics if ends_before.get(topic) != ends_after.get(topic)]
    return f"the end of {', '.join(moved)} has moved" if moved else None
