"""What is handed over: the patient's events with what opens them, and the chain from the first of them to now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.audit_chain import BEGINNING, own_digest, part_of
from notifier.access.event_tree import SealedEvent, path
from notifier.access.seal_audit_log import last_seal
from notifier.access.sealed_events import events_between
from notifier.db.enrollments import of_same_person
from notifier.db.events import record_event
from notifier.db.tables import AuditSeal, Event, Message
from notifier.db.visibility import Yours
from notifier.domain.refused import Refused
from notifier.maintenance.forgetting.subject import refuse_elsewhere

VERIFIER: Final = Path(__file__).with_name("verify_evidence.py")
"""The script that verifies it with Python alone."""
_AT_ONCE: Final = 500


def enrollments_proven(session: Session, enrollment_id: int, yours: Yours = None) -> list[int]:
    """All enrollments of the patient, also of one who was erased. Raises Refused as `export_patient` does."""
    whose = of_same_person(session, enrollment_id)
    refuse_elsewhere(session, whose, yours)
    return whose


def record_evidence(session: Session, enrollments: Sequence[int], *, now: datetime, by: str) -> None:
    """Write down that evidence is made: the last event of each enrollment in it, so that a cut-off end shows."""
    for one in enrollments:
        record_event(session, at=now, by=by, what="evidence", enrollment_id=one)


def evidence_of(session: Session, enrollments: Sequence[int]) -> dict[str, Any]:
    """What `verify_evidence.py` reads, of what is sealed by now: events with their places in their seals, and of each
    seal without one its digest alone. Of other patients there is nothing in it but digests."""
    ids = set(session.scalars(select(col(Event.id)).where(col(Event.enrollment_id).in_(enrollments))))
    end = last_seal(session)
    first = min((one for one in ids if one is not None), default=0)
    since = select(func.min(col(AuditSeal.number))).where(col(AuditSeal.last_event) >= first)
    begins = session.scalar(since)
    if end is None or begins is None:
        raise Refused("nothing of this patient is sealed yet; wait for a minute", "enrollment")
    before = session.get(AuditSeal, begins - 1)
    seals = []
    for number in range(begins, end.number + 1, _AT_ONCE):
        found = select(AuditSeal).where(col(AuditSeal.number).between(number, number + _AT_ONCE - 1))
        seals += [_opened(session, seal, ids) for seal in session.scalars(found.order_by(col(AuditSeal.number)))]
        session.expunge_all()
    return {
        "enrollments": sorted(enrollments),
        "steps": _steps(session, enrollments),
        "after": before.digest if before else BEGINNING,
        "seals": seals,
        "number": end.number,
        "digest": end.digest,
    }


def _steps(session: Session, enrollments: Sequence[int]) -> dict[str, str]:
    """What each text of the plan is called, to read the events by; it is not sealed, but a text that has left says it
    among its words."""
    found = select(col(Message.id), col(Message.step)).where(col(Message.enrollment_id).in_(enrollments))
    return {str(number): step for number, step in session.execute(found)}


def _opened(session: Session, seal: AuditSeal, ids: set[int | None]) -> str | dict[str, Any]:
    values = part_of(seal).values(seal.entries_digest or "", seal.events_root or "")
    first, last = seal.first_event or 0, seal.last_event or 0
    if not any(one is not None and first <= one <= last for one in ids):
        return own_digest(values)
    events = events_between(session, first, last, most=last - first + 1)
    leaves = [one.leaf() for one in events]
    mine = [_shown(one, path(leaves, place)) for place, one in enumerate(events) if one.id in ids]
    return {"seal": values, "events": mine}


def _shown(event: SealedEvent, beside: list[tuple[str, str]]) -> dict[str, Any]:
    opened = {"salt": event.salt, "content": [event.why, event.words]} if event.salt else {}
    return {"line": event.values, "path": beside, **opened}
