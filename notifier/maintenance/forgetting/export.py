"""Everything that is kept of one patient, for the chart or for the patient: as a document and as a text to read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from notifier.db.tables import (
    AuditShown,
    Enrollment,
    Event,
    LegalHold,
    Message,
    NeverText,
    NumberHold,
    OptOut,
    PatientNote,
    Reply,
    StaffAudit,
)
from notifier.db.visibility import Yours
from notifier.maintenance.forgetting.subject import refuse_elsewhere, subject_of

_TITLES = {
    "enrollments": "Treatments and consent",
    "texts": "Texts to the patient",
    "replies": "What the patient wrote",
    "notes": "Notes of staff",
    "opt_outs": "Opt-outs",
    "never_text": "Never to be texted",
    "holds": "Numbers that were held",
    "legal_holds": "Legal holds",
    "events": "What happened",
    "seen_by": "Who saw the patient or did something",
}


def export_patient(session: Session, enrollment_id: int, yours: Yours = None) -> dict[str, Any]:
    """All of it, with every instant in UTC. Raises Refused where there is no such patient, or none any more, and
    where one of the enrollments is at an office that is not among `yours`; None: all.

    What was written from a number that another patient has too is in it: nobody can say whose words it is.
    """
    subject = subject_of(session, enrollment_id)
    refuse_elsewhere(session, subject.enrollments, yours)
    ids, phones = subject.enrollments, subject.phones + subject.shared
    texts = or_(
        col(Message.enrollment_id).in_(ids),
        col(Message.enrollment_id).is_(None) & col(Message.phone).in_(subject.phones),
    )
    ours = select(col(Message.id)).where(texts)
    events = or_(col(Event.enrollment_id).in_(ids), col(Event.message_id).in_(ours))
    shown = select(col(AuditShown.entry_id)).where(col(AuditShown.enrollment_id).in_(ids))
    seen = or_(col(StaffAudit.enrollment_id).in_(ids), col(StaffAudit.id).in_(shown))
    return {
        "patient": {"names": list(subject.names), "phones": list(phones), "external_ids": list(subject.external_ids)},
        "enrollments": _rows(session, Enrollment, col(Enrollment.id).in_(ids)),
        "texts": _rows(session, Message, texts),
        "replies": _rows(session, Reply, col(Reply.phone).in_(phones)),
        "notes": _rows(session, PatientNote, col(PatientNote.enrollment_id).in_(ids)),
        "opt_outs": _rows(session, OptOut, col(OptOut.phone).in_(phones)),
        "never_text": _rows(session, NeverText, col(NeverText.enrollment_id).in_(ids)),
        "holds": _rows(session, NumberHold, col(NumberHold.phone).in_(phones)),
        "legal_holds": _rows(session, LegalHold, col(LegalHold.enrollment_id).in_(ids)),
        "events": _rows(session, Event, events),
        "seen_by": _rows(session, StaffAudit, seen),
    }


def plain(exported: dict[str, Any]) -> dict[str, Any]:
    """The same as JSON knows it: instants as ISO 8601 in UTC."""
    return {
        key: value if key == "patient" else [{name: _plain(one) for name, one in row.items()} for row in value]
        for key, value in exported.items()
    }


def export_text(exported: dict[str, Any], zone: ZoneInfo) -> str:
    """The same for a person to read, with every instant on the clinic's clock."""
    patient = exported["patient"]
    lines = [", ".join(patient["names"]), ", ".join(patient["phones"])]
    if patient["external_ids"]:
        lines.append(f"In the clinic's own system: {', '.join(patient['external_ids'])}")
    for key, title in _TITLES.items():
        rows = exported[key]
        lines += ["", f"{title} ({len(rows)})", "=" * len(f"{title} ({len(rows)})")]
        for row in rows:
            lines += ["", *_lines(row, zone)]
    return "\n".join(lines) + "\n"


def _lines(row: dict[str, Any], zone: ZoneInfo) -> Iterable[str]:
    for name, value in row.items():
        if value in (None, "", [], {}, False):
            continue
        said = f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}" if isinstance(value, datetime) else str(value)
        yield f"  {name.replace('_', ' ')}: {said}"


def _rows(session: Session, model: type[SQLModel], which: Any) -> list[dict[str, Any]]:
    found = session.scalars(select(model).where(which).order_by(model.__table__.c.id))  # type: ignore[attr-defined]  # SQLModel does not declare it
    return [one.model_dump() for one in found]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
