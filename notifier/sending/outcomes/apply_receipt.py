"""Receipts: what the provider says became of a text. Stored first, then its text moves forward, or not at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.sending.outcomes import receipts


def apply_receipt(
    session: Session,
    *,
    sid: str,
    status: str,
    error_code: int | None,
    token: str | None,
    at: datetime,
    source: str,
) -> bool:
    """Take in one report about a SID; False where it changes nothing because we had it before.

    `token` is the attempt's, from the receipt's signed URL: it gives a text whose answer was lost its SID. `source`:
    callback or poll. A report that comes before our own record of the call waits in the table until that is made.
    """
    new = receipts.store(session, sid=sid, status=status, error_code=error_code, token=token, at=at, source=source)
    if not new:
        return False
    if token:
        receipts.adopt(session, token, at=at, by="twilio")
    receipts.advance(session, [sid], at=at)
    return True
