"""A second treatment of the same patient: no "you may" while the other treatment still says "you must not".

An earlier treatment's lift gives way to a newer treatment that restricts the same topics: the newer one's own text
covers it. Where the newer protocol says nothing about a topic, silence is not permission: the lift is withheld and
staff decide. A newer treatment's lift waits for the earlier one's restriction where that ends later, or waits until it
is cleared. A text of either that says a length in words ("3 days no sun") is too short where the other restricts for
longer: staff say it instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schedules.moments import TELL_IN_PERSON, leaves_late
from schedules.offsets import NOT_YET
from schedules.placeholders import PLACEHOLDER, topics_printed
from schedules.planned import WAITS_UNTIL_CLEARED, PlannedMessage
from schedules.protocol import Step, StepKind
from schedules.segments import count_segments
from schedules.send_window import OpenHours
from schedules.timeline import Timeline

ELSEWHERE = "at another office"
"""All that is said of when another office treated the patient: staff of this one may not see more."""
_A_LENGTH = re.compile(r"\d|\bweek|\bsemana")
"""What makes words outside of placeholders a length: "3 days", "for a week"."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """Another treatment of the same patient, as far as it matters to this one's lifts."""

    at: datetime
    """The end of the treatment, or the appointment."""
    when: str
    """Its local date, as staff read it; of another office's only that it is there."""
    is_newer: bool
    is_treated: bool
    """False while it is only booked: then it restricts nothing yet."""
    ends: Mapping[str, datetime]
    """Topic and the instant its restriction ends; `NOT_YET` while a gate is closed."""
    asks: Mapping[str, datetime]
    """Topic that ends with a gate, and when it may be asked whether that is cleared."""
    lifted: frozenset[str]
    """Topics whose end it will say itself."""
    lasts_longer_on: frozenset[str]
    """Topics that it restricts for longer than this one, counted from the same moment."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A step that the other treatment takes out of the plan."""

    step: str
    why: str
    for_staff: bool
    """Whether nobody else says it, so that staff must decide."""
    since: datetime
    """The instant of the newer treatment: what was said before it was right."""


def respect(
    timeline: Timeline,
    treatments: Sequence[Treatment],
    hours: OpenHours,
    enrolled_at: datetime | None,
    longer: Collection[str] = (),
) -> tuple[Timeline, tuple[Withheld, ...], tuple[Withheld, ...]]:
    """The timeline that the other treatments allow, what they withhold, and what of the rest says too short a length.

    `longer` are the topics that another treatment restricts beyond this one's own end. The last are texts that a newer
    treatment has overtaken: they must not leave either, but its own texts may say all that they would.
    """
    kept: list[PlannedMessage] = []
    withheld: list[Withheld] = []
    overtaken: list[Withheld] = []
    ends = dict(timeline.restrictions)
    earlier, newer = {}, {}
    for topic in longer:
        for other in treatments:
            if not other.is_newer and other.ends.get(topic) == ends[topic]:
                earlier[topic] = other
            elif other.is_newer and other.is_treated and topic in other.lasts_longer_on:
                newer[topic] = other  # the same length again is no shorter for having been said late
    for message in timeline.messages:
        if found := _withhold(message, treatments) or _is_too_short(message, earlier, timeline):
            withheld.append(found)
            continue
        if short := _is_too_short(message, newer, timeline):
            overtaken.append(short)
        if message.kind is StepKind.LIFT:
            kept.append(_wait(message, treatments, hours, timeline, enrolled_at))
        else:
            kept.append(message)
    kept.sort(key=lambda message: (message.due_at or message.nominal_at, message.nominal_at))
    return replace(timeline, messages=tuple(kept)), tuple(withheld), tuple(overtaken)


def _withhold(message: PlannedMessage, treatments: Sequence[Treatment]) -> Withheld | None:
    newer = sorted((treatment for treatment in treatments if treatment.is_newer), key=lambda treatment: treatment.at)
    if message.kind is StepKind.REBOOK and newer:
        booked = "" if newer[-1].is_treated else " is booked"
        why = f"withdrawn: a newer treatment {newer[-1].when}{booked}"
        return Withheld(message.step, why, False, newer[0].at)
    newer = [treatment for treatment in newer if treatment.is_treated]
    if not newer:
        return None
    latest = newer[-1]
    if message.kind is StepKind.EXPECT:
        why = f"withdrawn: what is normal counts from the newer treatment {latest.when}"
        return Withheld(message.step, why, False, newer[0].at)
    if message.kind is not StepKind.LIFT:
        return None
    topics = set(message.topics)
    if topics <= {topic for treatment in newer for topic in treatment.lifted}:
        why = f"the newer treatment's own text covers it (treated {latest.when})"
        return Withheld(message.step, why, False, newer[0].at)
    for treatment in newer:
        if silent := topics - treatment.ends.keys():
            said = ", ".join(sorted(silent))
            silence = "" if treatment.when == ELSEWHERE else f": its protocol says nothing about {said}"
            why = f"newer treatment {treatment.when}{silence}; staff decide"
            return Withheld(message.step, why, True, newer[0].at)
    said = ", ".join(sorted(topics))
    why = f"newer treatment {latest.when}: none of its texts says when {said} may be again; staff decide"
    return Withheld(message.step, why, True, newer[0].at)


def _is_too_short(message: PlannedMessage, longer: Mapping[str, Treatment], timeline: Timeline) -> Withheld | None:
    """A `restrict` text whose words say how long, where another treatment restricts one of its topics for longer.

    While a gate of the other is closed nobody knows how long, so nothing but a lift says a length.
    """
    if not longer or message.kind is StepKind.LIFT:
        return None
    step = next(step for step in timeline.protocol.planned_steps if step.key == message.step)
    ends = dict(timeline.restrictions)
    for topic in topics_printed((*step.text.values(), *step.late_text.values()), "length"):
        if topic in longer and ends[topic] >= NOT_YET:
            since = f"{topic} holds until cleared since the treatment {longer[topic].when}"
            why = f'{since}, and "{message.step}" says how long; {TELL_IN_PERSON}'
            return Withheld(message.step, why, True, max(longer[topic].at, timeline.anchor.at))
    if message.kind is not StepKind.RESTRICT:
        return None
    for topic in step.named_topics:
        if topic in longer and _says_a_length(step, topic):
            longer_since = f"{topic} lasts longer since the treatment {longer[topic].when}"
            why = f'{longer_since} than "{message.step}" says; {TELL_IN_PERSON}'
            return Withheld(message.step, why, True, max(longer[topic].at, timeline.anchor.at))
    return None


def _says_a_length(step: Step, topic: str) -> bool:
    """Whether any of its texts says a length in words where it could print the end of that topic."""
    texts = (*step.text.values(), *step.late_text.values())
    return any(f"{{{topic}.until}}" not in text and _A_LENGTH.search(PLACEHOLDER.sub("", text)) for text in texts)


def _wait(
    message: PlannedMessage,
    treatments: Sequence[Treatment],
    hours: OpenHours,
    timeline: Timeline,
    enrolled_at: datetime | None,
) -> PlannedMessage:
    """A lift whose topics another treatment restricts for longer leaves when that one's restriction has ended."""
    ends = [
        (treatment.ends[topic], treatment.when)
        for treatment in treatments
        for topic in message.topics
        if topic in treatment.ends
    ]
    end, when = max(ends, default=(message.nominal_at, None))
    if when is not None and end >= NOT_YET:
        return _wait_until_cleared(message, treatments)
    if when is None or end <= message.nominal_at:
        return message
    if message.waits:
        return message._replace(nominal_at=end, notes=(*message.notes, _waits_for(when)))
    expires = end + (message.expires_at - message.nominal_at)
    due = hours.first_open(max(end, enrolled_at) if enrolled_at else end, expires)
    late = message.late_text if due and message.late_text and leaves_late(end, due, timeline.zone) else None
    text = late or message.text
    notes = (*message.notes, _waits_for(when))
    if due is None:
        notes = (*notes, TELL_IN_PERSON)
    return message._replace(
        nominal_at=end,
        not_before=end,
        due_at=due,
        expires_at=expires,
        text=text,
        segments=count_segments(text),
        notes=notes,
    )


def _wait_until_cleared(message: PlannedMessage, treatments: Sequence[Treatment]) -> PlannedMessage:
    """A lift of what another treatment restricts until staff mark it as cleared."""
    ends = [
        (end if end < NOT_YET else treatment.asks[topic], treatment.when, end)
        for treatment in treatments
        for topic in message.topics
        if (end := treatment.ends.get(topic)) is not None
    ]
    closed = dict.fromkeys(when for _, when, end in ends if end >= NOT_YET)
    return message._replace(
        nominal_at=max(message.nominal_at, *(at for at, _, _ in ends)),
        not_before=NOT_YET,
        due_at=None,
        expires_at=NOT_YET,
        notes=(WAITS_UNTIL_CLEARED, *map(_waits_for, closed)),
    )


def _waits_for(when: str) -> str:
    return f"waits for the restrictions of the treatment {when}"
