"""What a reply holds as long as it is open: unread is the safe state, whatever we make of the words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from schedules.protocol import StepKind

HELD_KINDS: Final = (StepKind.LIFT, StepKind.EXPECT, StepKind.ASK, StepKind.CHECK_IN, StepKind.REBOOK)
"""What permits, reassures, asks or invites."""
HELD_BESIDE_URGENT: Final = StepKind.CARE
"""Waits too while urgent words are open."""
HELD_TIME_COUNTS_NOT: Final = timedelta(days=7)
"""So long at most a lift that was held keeps its use: held time does not count against it."""
WHOLE: Final = {"perhaps_stop": "may be a wish to stop", "wrong_person": "may be from somebody else's phone"}
"""Meanings that hold the number whole, and why."""


class TextsDecision(StrEnum):
    """What whoever closes a reply decides about the texts of its numbers."""

    GO_ON = "go-on"
    STAY_HELD = "stay-held"
    END = "end"
    """Nothing more is sent to these numbers."""


@dataclass(frozen=True, slots=True)
class OpenReply:
    """A reply that nobody has closed, as one of the numbers that it holds sees it."""

    id: int
    at: datetime
    meaning: str
    urgent: bool
    office: str | None = None
    """Whose number was written to."""
    is_elsewhere: bool = False
    """Seen from another office, which may know no more of it than that."""

    @property
    def is_whole(self) -> bool:
        """Whether it holds every text."""
        return self.meaning in WHOLE

    @property
    def must_be_released(self) -> bool:
        """Whether texts go on only by a release of the number, once all that is open on it was read."""
        return self.urgent or self.is_whole

    @property
    def reason(self) -> str:
        """Why texts wait, for staff."""
        if self.is_elsewhere:
            return "what came from it to another office is open"
        if self.is_whole:
            return f"reply {self.id} {WHOLE[self.meaning]}"
        return f"reply {self.id} {'has urgent words and is open' if self.urgent else 'is open'}"

    @property
    def kinds(self) -> str:
        """What it holds, as a hold writes it: `all`, or step kinds joined by commas."""
        if self.is_whole:
            return "all"
        return ",".join([*HELD_KINDS, *([HELD_BESIDE_URGENT] if self.urgent else [])])

    def seen_from(self, office: str | None) -> OpenReply:
        """The same as staff of that office may read it."""
        return replace(self, is_elsewhere=office is not None and self.office not in {None, office})

    def covers(self, kind: str) -> bool:
        """Whether a text of this step kind has to wait."""
        return self.is_whole or kind in self.kinds.split(",")
