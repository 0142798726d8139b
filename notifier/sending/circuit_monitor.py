"""What one answer after another says about the provider as a whole: slow down, lost contact, refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from notifier.sending.concurrency import AtOnce
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.rate import Pace
from notifier.sms.codes import NotCreatedClass, in_words

LOST_CONTACT_AFTER: Final = 5
"""So many lost answers in a row open the circuit: a long outage leaves a handful to look up, not a day's list."""
_PAUSE: Final = 1.0
"""Seconds after what opens the circuit: what is claimed goes back at once; the circuit is open before this ends."""


@dataclass(slots=True)
class Verdicts:
    """One worker's running judgement; the pace and the number at once that it sets hold for all its calls."""

    pace: Pace
    at_once: AtOnce
    unknown_in_a_row: int = 0
    _refused: str | None = None

    def hear(self, finished: Finished, now: float, *, asked: float | None = None) -> float:
        """Take in one answer at `now` (monotonic); the seconds that its text must wait if it was not created.

        `asked`: the seconds that the provider asked us to wait.
        """
        if finished.result is Result.UNKNOWN:
            self.unknown_in_a_row += 1
            if self.lost_contact:
                self.pace.failed(now, first=_PAUSE, longest=_PAUSE)
            return 0.0
        if finished.why is NotCreatedClass.NETWORK:  # says nothing about the provider's answers
            return self.pace.failed(now, first=5, longest=300)
        self.unknown_in_a_row = 0
        if finished.why is NotCreatedClass.SLOW_DOWN:
            if not self.pace.is_paused(now):  # what was in flight together was too much together: once
                self.at_once.too_many()
            return self.pace.failed(now, first=1, longest=60, asked=asked)
        if finished.why is NotCreatedClass.CONFIGURATION:
            self._refused = in_words(finished.code) if finished.code else finished.detail
            return self.pace.failed(now, first=_PAUSE, longest=_PAUSE)
        self.pace.went_well()
        self.at_once.went_well()
        return 0.0

    @property
    def lost_contact(self) -> str | None:
        """Why the circuit has to open, where too many answers in a row were lost."""
        if self.unknown_in_a_row < LOST_CONTACT_AFTER:
            return None
        return f"{self.unknown_in_a_row} answers of the provider in a row were lost"

    def take_refusal(self) -> str | None:
        """The refusal of our account or sender that nobody has been told of yet."""
        refused, self._refused = self._refused, None
        return refused
