"""What a patient really got, against what the plan says now, whatever was planned in between."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from notifier.domain.planning.difference import OutboxRow
from notifier.domain.planning.plan import Plan
from schedules.asking import first_asking
from schedules.catch_up import is_catch_up


def is_still_right(row: OutboxRow, plan: Plan, own_ends: Mapping[str, datetime]) -> bool:
    """Whether a text that was sent is exactly what the plan would say now: then nobody has to call the patient.

    `plan` has all steps. `own_ends` are the ends, by topic, of this treatment alone: what a text says without
    an hour ("3 days") counts from it, so it is right only while no other treatment moves that end.
    """
    said = next((message for message in plan.timeline.messages if message.step == row.step), None)
    if said is None or row.sent_text not in {said.text, said.late_text} - {None} or row.nominal_at != said.nominal_at:
        return False
    if is_catch_up(row.step):
        return True  # no step of the protocol; it prints the end of every rule that it tells
    ends = dict(plan.timeline.restrictions)
    step = next(step for step in plan.timeline.protocol.steps if step.key == first_asking(row.step))
    return all(
        ends.get(topic) == own_ends.get(topic) for topic in step.named_topics if topic not in step.printed_topics
    )
