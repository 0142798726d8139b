"""A correction as it is planned for one patient, who was told otherwise: at once, or at the next opening. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from notifier.domain.planning.plan import Plan
from schedules.moments import TELL_IN_PERSON
from schedules.offsets import NOT_YET
from schedules.placeholders import topics_printed
from schedules.planned import PlannedMessage
from schedules.protocol import StepKind
from schedules.segments import count_segments

_USEFUL: Final = timedelta(hours=48)
"""For so long a correction is worth reading that prints no end."""


def plan_correction(step: str, words: str, plan: Plan, *, nominal_at: datetime, now: datetime) -> PlannedMessage:
    """These words in one patient's plan; `due_at` is None, and a note says why, where no text can say it in time.

    It tells the topics of which it prints the end, and is useful while all of them hold. Whether the cap of the day is
    full does not matter: to have been told otherwise is worse than one text more.
    """
    topics, ends = topics_printed([words], "until"), dict(plan.timeline.restrictions)
    expires = min([ends[topic] for topic in topics if topic in ends], default=nominal_at + _USEFUL)
    said, why, due = "", _why_not(topics, ends, plan, now), None
    if why is None and plan.informing is not None:
        said = plan.informing.speech.say(words)
        due = plan.timeline.hours.on_quiet_days_too.first_open(max(now, nominal_at), expires, day0=plan.timeline.day0)
        why = None if due else "no open hour before what it says has ended"
    return PlannedMessage(
        step=step,
        kind=StepKind.RESTRICT,  # what it does to the plan; its row says that it is a correction
        topics=topics,
        nominal_at=nominal_at,
        due_at=due,
        not_before=nominal_at,
        expires_at=expires,
        text=said,
        late_text=None,
        segments=count_segments(said),
        notes=(why, TELL_IN_PERSON) if why else (),
    )


def _why_not(topics: tuple[str, ...], ends: dict[str, datetime], plan: Plan, now: datetime) -> str | None:
    if plan.informing is None:
        return "the patient is not treated yet"
    for topic in topics:
        if topic not in ends:
            return f"{topic} does not hold for this patient"
        if ends[topic] >= NOT_YET:
            return f"{topic} holds until staff clear it, so its end is not known"
        if ends[topic] <= now:
            return f"{topic} has ended"
    return None
