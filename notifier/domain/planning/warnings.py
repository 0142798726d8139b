"""What staff should hear of a plan: which of its texts nobody will send."""

from __future__ import annotations

from collections.abc import Iterator

from notifier.domain.planning.plan import Plan
from schedules.daily_cap import lost_its_place
from schedules.moments import TELL_IN_PERSON


def of_plan(plan: Plan) -> Iterator[str]:
    """The patient's own texts that are not sent because of other treatments, or because the day has had enough.

    A reminder that found no place asks nobody.
    """
    for withheld in plan.withheld:
        yield f"{withheld.step} is not sent: {withheld.why}"
    for message in plan.timeline.messages:
        if lost_its_place(message) and TELL_IN_PERSON in message.notes:
            yield f"{message.step} is not sent: {'; '.join(message.notes)}"
