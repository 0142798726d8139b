"""How a patient learnt each rule, for staff and for programs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from notifier.db.outbox import messages_of
from notifier.db.protocols import UnreadableVersion, load_version
from notifier.db.tables import Enrollment
from notifier.domain.informed import how_informed


def informed_of(session: Session, enrollment: Enrollment) -> dict[str, str]:
    """In words, by topic, for the restrictions that hold for this patient; empty before the treatment and where the
    protocol version cannot be read."""
    if enrollment.treated_at is None:
        return {}
    try:
        protocol = load_version(session, enrollment.protocol, enrollment.version)
    except UnreadableVersion:
        return {}
    holding = [topic for topic, one in protocol.restrictions.items() if one.holds(enrollment.answers or {})]
    return how_informed(
        holding,
        messages_of(session, enrollment.id or 0),
        enrollment.informed or {},
        enrollment.phone,
        catches_up=enrollment.catches_up,
    )
