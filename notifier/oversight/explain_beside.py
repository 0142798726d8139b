"""Texts beside the plan, explained: replies to what a patient wrote, first texts, and corrections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from notifier.db.tables import Enrollment, Message
from notifier.domain.informed import in_full
from notifier.domain.instants import zone_called
from notifier.domain.kinds import BY_ITSELF, CORRECTION, FIRST, REPLY
from schedules.offsets import NOT_YET
from schedules.plain import key_in_words
from schedules.protocol import StepKind
from schedules.saying import say_moment

_WHOSE: Final = {BY_ITSELF: "the fixed answer", "after": "what the protocol says after an answer,"}
"""Replies by how their step begins."""


def say_reply(message: Message, enrollment: Enrollment) -> list[str]:
    """What a reply to a patient is, and until when it is useful."""
    begins, number = message.step.split("-")[0], re.findall(r"[0-9]+", message.step)[0]
    whose = _WHOSE.get(begins, "a person's reply")
    return [
        f"Message {message.id} is {whose} to reply {number}, for enrollment {enrollment.id}.",
        "The patient had just written, so it may leave at any hour; only STOP would keep it.",
        say_useful(message, enrollment),
    ]


def say_first_text(message: Message, enrollment: Enrollment) -> list[str]:
    """What the first text is, and until when it is useful."""
    due = f"It is due at {say_when(message.due_at, enrollment)}"
    return [
        f"Message {message.id} is the first text of enrollment {enrollment.id}: it says who writes, and is no step.",
        "It leaves at enrollment, once for each number and course; the daily limit does not count it.",
        f"{due}{''.join(f'; {note}' for note in message.notes or [])}.",
        say_useful(message, enrollment),
    ]


def say_correction(message: Message, enrollment: Enrollment) -> list[str]:
    """What a correction is, why it leaves, and until when it is useful."""
    due = f"It is due at {say_when(message.due_at, enrollment)}" if message.due_at else "No text can say it"
    return [
        f"Message {message.id} is a correction: enrollment {enrollment.id} was told otherwise before it was moved.",
        "It leaves once, inside the send window; a full day does not keep it back, and it counts for the day.",
        f"{due}{''.join(f'; {note}' for note in message.notes or [])}.",
        say_useful(message, enrollment),
    ]


BESIDE_THE_PLAN: Final = {REPLY: say_reply, FIRST: say_first_text, CORRECTION: say_correction}
"""How a text is explained that is no step of a protocol, by its kind."""


def say_gate(message: Message, enrollment: Enrollment, closed: Sequence[str]) -> list[str]:
    """What a lift waits for that lifts a gate, and how that is opened; `closed` are the topics to clear."""
    named = " and ".join(key_in_words(topic) for topic in closed)
    return [
        *(f"It {note}." for note in message.notes or []),
        f"No time alone ends that: it leaves once staff mark {named} as cleared, and never before the length is over.",
        f"Today asks about it from {say_when(message.nominal_at, enrollment)} on.",
        *(f"To mark it: notifier cleared {enrollment.id} {topic}" for topic in closed),
    ]


def say_cleared(message: Message, enrollment: Enrollment) -> Iterator[str]:
    """Since when what a lift lifts is cleared, where it held until then."""
    cleared = (enrollment.cleared or {}) if message.kind == StepKind.LIFT else {}
    for topic in message.topics or ():
        if topic in cleared:
            since = say_when(datetime.fromisoformat(cleared[topic]), enrollment)
            yield f"Staff marked {key_in_words(topic)} as cleared since {since}."


def say_useful(message: Message, enrollment: Enrollment) -> str:
    """Until when a text is useful."""
    if message.expires_at >= NOT_YET:
        return "It is useful until what it speaks of is cleared."
    return f"It is useful until {say_when(message.expires_at, enrollment)}; after that it expires."


def say_when(at: datetime | None, enrollment: Enrollment) -> str:
    """The instant on the patient's clock."""
    return say_moment(at, zone_called(enrollment.timezone), year=True) if at else "an unknown moment"


def why_it_is_so(message: Message) -> str:
    """The reason of its state, behind a colon; empty where there is none."""
    return f": {in_full(message.reason).rstrip('.')}" if message.reason else ""
