"""What one answer after another says about the provider, or about one sender: slow down, lost contact, refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from notifier.sending.concurrency import AtOnce
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.rate import Pace
from notifier.sms.code_classes import NotCreatedClass

LOST_CONTACT_AFTER: Final = 5
"""So many lost answers in a row open the circuit: a long outage leaves a handful to look up, not a day's list."""
SAME_REFUSAL_AFTER: Final = 3
"""So many numbers in a row, refused alike for a reason that says too little, are no longer those numbers' trouble."""
_PAUSE: Final = 1.0
"""Seconds after what opens the circuit: what is claimed goes back at once; the circuit is open before this ends."""
_ALL: Final = "*"
"""Stands for every sender."""
_C = NotCreatedClass


@dataclass(slots=True)
class Verdicts:
    """One worker's running judgement; the pace and the number at once that it sets hold for all its calls."""

    pace: Pace
    at_once: AtOnce
    unknown_in_a_row: int = 0
    refusals: int = 0
    """How often our account or a sender was refused."""
    _unsaved: set[str | None] = field(default_factory=set)
    """The senders that were refused, while no circuit of theirs is open yet."""
    _alike: dict[str | None, tuple[int | None, set[str]]] = field(default_factory=dict)
    """The last code that said too little, and the numbers that got it in a row, by sender."""

    def hear(self, finished: Finished, now: float, *, retry_after: float | None = None) -> Finished:
        """Take in one answer at `now` (monotonic); the same with how long its text must wait if it was not created.

        `retry_after`: the seconds that the provider asked us to wait.
        """
        if finished.result is Result.UNKNOWN:
            self.unknown_in_a_row += 1
            if self.lost_contact:
                self.pace.failed(now, first=_PAUSE, longest=_PAUSE)
            return finished
        if finished.why is _C.NETWORK:  # says nothing about the provider's answers
            return replace(finished, back_off=self.pace.failed(now, first=5, longest=300))
        self.unknown_in_a_row = 0
        sender = finished.sender
        if finished.why is _C.SLOW_DOWN:
            if not self.pace.is_paused(now, sender):  # what was in flight together was too much together: once
                self.at_once.too_many()
            wait = self.pace.hold(now, sender, first=1, longest=60, retry_after=retry_after)
            return replace(finished, back_off=wait, retry_after=retry_after)
        if finished.why is _C.UNRECOGNIZED:
            return self._refused_alike(finished, now)
        self._alike.pop(sender, None)
        if finished.why in (_C.SENDER, _C.ACCOUNT):
            return self._refused_for(finished, now, all_stop=finished.why is _C.ACCOUNT)
        self.pace.went_well(sender)
        self.at_once.went_well()
        return finished

    def _refused_alike(self, finished: Finished, now: float) -> Finished:
        code, numbers = self._alike.get(finished.sender, (finished.code, set()))
        numbers = {*numbers, finished.phone} if code == finished.code else {finished.phone}
        self._alike[finished.sender] = (finished.code, numbers)
        if len(numbers) < SAME_REFUSAL_AFTER:
            return finished
        return replace(self._refused_for(finished, now, all_stop=False), stops_sender=True)

    def _refused_for(self, finished: Finished, now: float, *, all_stop: bool) -> Finished:
        self.refusals += 1
        self._unsaved.add(_ALL if all_stop else finished.sender)
        if all_stop:
            return replace(finished, back_off=self.pace.failed(now, first=_PAUSE, longest=_PAUSE))
        return replace(finished, back_off=self.pace.hold(now, finished.sender, first=_PAUSE, longest=_PAUSE))

    @property
    def lost_contact(self) -> str | None:
        """Why the circuit has to open, where too many answers in a row were lost."""
        if self.unknown_in_a_row < LOST_CONTACT_AFTER:
            return None
        return f"{self.unknown_in_a_row} answers of the provider in a row were lost"

    def has_just_refused(self, sender: str | None) -> bool:
        """Whether nothing may be called through this sender, though no circuit says so yet: however long the database
        takes to write it down."""
        return self.lost_contact is not None or not self._unsaved.isdisjoint({_ALL, sender})

    def saved(self, batch: Sequence[Finished]) -> None:
        """These are written down, and with them the circuits that they open."""
        for one in batch:
            if one.why in (_C.ACCOUNT, _C.SENDER, _C.UNRECOGNIZED):
                self._unsaved.discard(_ALL if one.why is _C.ACCOUNT else one.sender)
