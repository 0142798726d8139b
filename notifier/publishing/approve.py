"""A clinician stands behind a protocol's words, in one version and one language."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db import protocols
from notifier.domain.refused import RefusalCode, Refused
from schedules.protocol import CareProtocol


def approve(
    session: Session, protocol: CareProtocol, *, by: str, now: datetime, language: str | None = None
) -> list[str]:
    """Approve this content in one language, or in all of its languages; the languages that are newly approved."""
    by = by.strip()
    if not by:
        raise Refused("say who approves it", "by", code=RefusalCode.APPROVER_MISSING)
    if language is not None and language not in protocol.languages:
        raise Refused(
            f'{protocol.id} has no texts in "{language}"; say one of {", ".join(protocol.languages)}', "language"
        )
    languages = [language] if language else list(protocol.languages)
    return [one for one in languages if protocols.approve(session, protocol, one, by=by, at=now)]
