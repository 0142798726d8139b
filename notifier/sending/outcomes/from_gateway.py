"""What a call's outcome says about its attempt."""

from __future__ import annotations

from datetime import datetime

from notifier.sending.outcomes.results import Finished, Result
from notifier.sms.gateway import Accepted, NotCreated, Outcome, Unknown


def finished(
    message_id: int,
    attempt_id: str,
    phone: str,
    sender: str | None,
    outcome: Outcome | None,
    why_not: str | None,
    at: datetime,
) -> Finished:
    """An attempt as it is written down. Without an outcome the call was not made: `why_not`."""
    same = (message_id, attempt_id, phone)
    match outcome:
        case None:
            return Finished(*same, Result.RELEASED, at, detail=why_not, sender=sender)
        case Accepted(sid):
            return Finished(*same, Result.ACCEPTED, at, sid=sid, sender=sender)
        case NotCreated(why, code, detail):
            return Finished(*same, Result.NOT_CREATED, at, why=why, code=code, detail=detail, sender=sender)
        case Unknown(detail):
            return Finished(*same, Result.UNKNOWN, at, detail=detail, sender=sender)
