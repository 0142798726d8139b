"""What needs a person: each piece of work stays open until a person closes it, or what it was about has ended."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import MessageState

RECENT: Final = timedelta(days=3)
"""What is open for longer is folded away behind its count; it never leaves."""
AHEAD: Final = timedelta(days=2)
"""What will not find its way is told at most so long before its moment: until then nobody has to be called."""
LONGEST_SNOOZE: Final = timedelta(days=30)


class TaskKind(StrEnum):
    """What somebody has to see to."""

    REPLY = "reply"
    """What a patient wrote; closed with a decision about the texts."""
    TEXT = "text"
    """A text that did not reach its patient, or of which nobody knows whether it did."""
    SILENCE = "silence"
    """A question that nothing came back on."""
    VISIT = "visit"
    """A booked visit that nobody has marked as treated or missed."""
    HOLD = "hold"
    """A number whose texts wait, though nothing that came from it is open."""
    GATE = "gate"
    """A lift whose length is over, and that waits for somebody to mark what it lifts as cleared."""


class TaskOutcome(StrEnum):
    """How a text, or a silence, was seen to. Stored with the text; nothing stored is open."""

    TOLD = "told"
    """A person has told the patient in person."""
    DONE = "done"
    """A person has seen it; there is nothing to tell."""
    ENDED = "ended"
    """A person has ended the enrollment; it is open again where that is taken back."""
    ANSWERED = "answered"
    """Of a question: the patient has written since."""
    INFORMED = "informed"
    """Its rule was told otherwise, by a later text or by a person; or it is over, and its lift asks for the call."""
    AGAIN = "again"
    """Its step was planned once more."""
    REMINDER = "reminder"
    """It was to remind once more, and came too late: that asks nobody."""
    BEFORE = "before"
    """It was not on the page any more when work began to stay open until it is closed."""


BY_PERSON: Final = (TaskOutcome.TOLD, TaskOutcome.DONE)
"""What a person says who closes a text or a silence."""


class TaskRef(NamedTuple):
    """A piece of work by what it is about: `text-17` is about message 17, `visit-4` about enrollment 4."""

    kind: TaskKind
    number: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.number}"

    @classmethod
    def parse(cls, typed: str) -> TaskRef:
        """Raises Refused for what names none."""
        found = re.fullmatch(r"([a-z]+)-([0-9]{1,18})", typed.strip())
        if found is None or found[1] not in list(TaskKind):
            kinds = ", ".join(f"{kind}-NUMBER" for kind in TaskKind)
            raise Refused(f'"{typed[:40]}" names no piece of work; write {kinds}', code=RefusalCode.TASK_UNKNOWN)
        return cls(TaskKind(found[1]), int(found[2]))


STATES: Final = (
    MessageState.FAILED,
    MessageState.UNDELIVERED,
    MessageState.EXPIRED,
    MessageState.UNKNOWN,
    MessageState.NEEDS_REVIEW,
)
"""In which a text needs a person."""
