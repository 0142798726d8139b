"""What staff should hear of a plan: which of its texts nobody will send."""

from __future__ import annotations

from collections.abc import Iterator

from notifier.domain.kinds import step_in_words
from notifier.domain.planning.plan import Plan
from schedules.daily_cap import lost_its_place
from schedules.moments import TELL_IN_PERSON

NOTHING_LEFT = "the moment of every text has passed: nothing will be sent"


def says_nothing(plan: Plan) -> bool:
    """Whether every text of the plan has passed; one for a visit to come may have none from the start."""
    messages = plan.timeline.messages
    return bool(plan.timeline.anchor.treated or messages) and not any(message.is_to_come for message in messages)


def of_plan(plan: Plan) -> Iterator[str]:
    """The patient's own texts that are not sent because of other treatments, or because the day has had enough.

    A reminder that found no place asks nobody.
    """
    for withheld in plan.withheld:
        yield f"“{step_in_words(withheld.step)}” is not sent: {withheld.why}"
    for message in plan.timeline.messages:
        if lost_its_place(message) and TELL_IN_PERSON in message.notes:
            yield f"“{step_in_words(message.step)}” is not sent: {'; '.join(message.notes)}"
