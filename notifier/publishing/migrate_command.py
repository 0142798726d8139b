"""One patient on another version of the same protocol: a command like any other, through the same planner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.db.tables import Enrollment
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.identity import refuse_ended
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True)
class Migrate(Command):
    """Move a running patient to this version; unsent texts follow. Whoever asks has looked at who stands behind it."""

    word, button, past, event, checks_words = "migrate", "Migrate", "migrated", "migrated", False

    to_words: CareProtocol

    def question(self, stored: Enrollment, zone: ZoneInfo) -> str:
        return f"Move the patient from {stored.version} to {self.to_words.version}?"

    def note(self) -> str:
        return f"to version {self.to_words.version} of {self.to_words.id}"

    def refuse(self, stored: Enrollment, now: datetime) -> None:
        refuse_ended(stored)

    def wanted(self) -> ChangeRequest:
        return ChangeRequest(protocol=self.to_words)
