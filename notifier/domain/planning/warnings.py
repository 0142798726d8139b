"""What staff should hear of a plan: which texts nobody will send, and what it does to others on the same number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from notifier.domain.planning.difference import PlanDifference
from notifier.domain.planning.plan import Plan
from schedules.daily_cap import lost_its_place
from schedules.protocol import StepKind


def of_plan(plan: Plan) -> Iterator[str]:
    """Texts of her own that are not sent because of her other treatments, or because the day has had enough."""
    for withheld in plan.withheld:
        yield f"{withheld.step} is not sent: {withheld.why}"
    for message in plan.timeline.messages:
        if lost_its_place(message):
            yield f"{message.step} is not sent: {'; '.join(message.notes)}"


def for_others(others: Mapping[int, PlanDifference]) -> Iterator[str]:
    """What becomes of the texts of others on her number, or of her own earlier treatments."""
    for whose, difference in others.items():
        for entry in difference.cancelled:
            if entry.for_staff or (entry.row is not None and entry.row.kind == StepKind.RESTRICT):
                yield f"enrollment {whose}: {entry.step} is not sent any more: {entry.why}"
        for entry in difference.expired:
            yield f"enrollment {whose}: {entry.step} is not sent any more: {entry.why}"
        for entry in difference.moved:
            if entry.why:
                yield f"enrollment {whose}: {entry.step} has {entry.why}"
        for entry in difference.wrong_now:
            yield f"enrollment {whose}: {entry.step} was sent and is wrong now ({entry.why}); call the patient"
