"""What the doctor says of patients who were erased here, and whose texts Twilio has not let go of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.maintenance.forgetting.provider_deletions import overdue_deletions
from notifier.oversight.doctor.diagnosis import Diagnosis, Level


def check_deletions(session: Session, now: datetime) -> Iterator[Diagnosis]:
    """One warning for all of them, with the SID of the oldest: it names nobody, and Twilio's console finds it."""
    if late := overdue_deletions(session, now):
        advice = (
            "the worker asks again each day, and its log says why not: text_not_deleted; or delete them in Twilio's "
            "console, under Messaging logs"
        )
        yield Diagnosis("erased", Level.WARN, f"{late}; the first is {late.sid}", advice)
