"""The words of a correction: staff write them, a clinician stands behind them, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.corrections import correction_of, last_version_moved_to
from notifier.db.events import record_event
from notifier.db.protocols import load_version
from notifier.db.rows import insert_rows
from notifier.db.tables import CorrectionWording
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from schedules.checks.correction import check_correction
from schedules.protocol import CareProtocol


def corrected_version(session: Session, protocol_id: str) -> CareProtocol:
    """What patients of this protocol were moved to last. Raises Refused where none were, or all were taken back."""
    version = last_version_moved_to(session, protocol_id)
    if version is None:
        raise Refused(f"no patients of {protocol_id[:40]} were moved to another version, so there is none to correct")
    return load_version(session, protocol_id, version)


def write_correction(
    session: Session, protocol_id: str, words: Mapping[str, str], *, rules: PlanningRules, now: datetime, by: str
) -> list[str]:
    """Write the words, by language; those in which they are new, and wait for a clinician.

    Languages that were written before are checked beside them: all must say the same. Raises Refused with a sentence.
    """
    protocol = corrected_version(session, protocol_id)
    known = correction_of(session, protocol.id, protocol.version)
    said = {language: " ".join(text.split()) for language, text in words.items()}
    for language, text in said.items():
        if language not in protocol.languages:
            spoken = ", ".join(protocol.languages)
            raise Refused(f'{protocol.id} has no texts in "{language[:8]}"; say one of {spoken}', "text")
        if not text:
            raise Refused("the correction is empty; write what the patient shall read", "text")
    together = {language: one.written.words for language, one in known.items()} | said
    in_order = {one: together[one] for one in protocol.languages if one in together}
    if problems := check_correction(protocol, in_order, rules.voice):
        raise Refused("; ".join(problems), "text")
    new = [one for one in said if one not in known or known[one].written.words != said[one]]
    rows = [
        {
            "protocol": protocol.id,
            "version": protocol.version,
            "language": language,
            "words": said[language],
            "at": now,
            "by": by,
        }
        for language in new
    ]
    insert_rows(session, CorrectionWording, rows)
    if new:
        why = f"wrote that of {protocol.id} {protocol.version} in {', '.join(new)}"
        record_event(session, at=now, by=by, what="correction", why=why)
    return new


def approve_correction(
    session: Session,
    protocol_id: str,
    *,
    language: str | None = None,
    seen: Mapping[str, int] | None = None,
    now: datetime,
    by: str,
) -> list[str]:
    """A clinician stands behind the last words, in one language or in all; the languages newly approved.

    `seen`: by language the edit that was read; a later one refuses. Raises Refused.
    """
    by = by.strip()[:120]
    if not by:
        raise Refused("say who approves it", "by", code=RefusalCode.APPROVER_MISSING)
    protocol = corrected_version(session, protocol_id)
    known = correction_of(session, protocol.id, protocol.version)
    if not known or (language is not None and language not in known):
        where = f' in "{language[:8]}"' if language else ""
        raise Refused(f"the correction of {protocol.id} has no words{where} yet; write them first", "language")
    new = []
    for code in [language] if language else list(known):
        standing = known[code]
        if seen is not None and seen.get(code) != standing.written.id:
            raise Refused("these words have changed since you read them; read them again, then approve")
        if standing.waits:
            standing.written.approved_at, standing.written.approved_by = now, by
            new.append(code)
    session.flush()
    if new:
        why = f"that of {protocol.id} {protocol.version} in {', '.join(new)}"
        record_event(session, at=now, by=by, what="correction_approved", why=why)
    return new
