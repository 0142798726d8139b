"""What somebody wants done to one enrollment: what every command has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.states import EnrollmentState
from notifier.enrollments.changes import ChangeRequest, changed


@dataclass(frozen=True, slots=True)
class Command(ABC):
    """What somebody wants done to one enrollment. Its fields are what a door asks for: `at`, `why` or `request`."""

    word: ClassVar[str]
    """What every door calls it."""
    button: ClassVar[str]
    past: ClassVar[str]
    """What an enrollment is once this is done to it."""
    event: ClassVar[str] = "enrollment"
    """What the history calls it; `enrollment` is a mere change of state."""
    to: ClassVar[EnrollmentState | None] = None
    """The state that it leads to, whatever else is true of the enrollment. None: what is asked for decides."""
    checks_words: ClassVar[bool] = True
    """Whether other words than the patient was enrolled on must be approved, and not paused. False: who asks knows."""

    holds_number: ClassVar[bool] = False
    """Whether every text to the number waits from then on, until a person decides."""

    @abstractmethod
    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        """What a person says yes to, with times on the clock of `zone`."""

    @abstractmethod
    def note(self) -> str:
        """Why, as the history says it: no patient data."""

    @abstractmethod
    def refuse(self, stored: Enrollment, now: datetime) -> None:
        """Raise Refused where this cannot be done to this enrollment now."""

    def wanted(self) -> ChangeRequest:
        """What becomes different of the enrollment besides its state."""
        return ChangeRequest()

    def is_done(self, stored: Enrollment) -> bool:
        """Whether it was done before, so that nothing changes."""
        return stored.state is self.to

    def after(self, facts: EnrollmentFacts, now: datetime) -> EnrollmentFacts:
        """The enrollment once this is done. Raises Refused with a sentence."""
        return changed(facts, self.wanted(), now) if self.to is None else replace(facts, state=self.to)
