"""A change that a booking system's file says: in the evening the hour to which a visit was moved may be over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifier.domain.planning.plan import EnrollmentFacts
from notifier.enrollments.changes import changed
from notifier.enrollments.commands import Change

PASSED: Final = timedelta(days=3)
"""How old a visit may be that a booking system's list has and nobody has said more of: staff are asked about it."""


@dataclass(frozen=True, slots=True)
class FileChange(Change):
    """`Change`, where the new appointment may have passed by `passed`."""

    passed: timedelta = PASSED

    def after(self, facts: EnrollmentFacts, now: datetime) -> EnrollmentFacts:
        """A treatment that was to end later than now stays refused, as does a gate that was to be cleared then."""
        moves_visit = self.request.appointment_at is not None and self.request.treated_at is None
        return changed(facts, self.request, now - self.passed if moves_visit else now)
