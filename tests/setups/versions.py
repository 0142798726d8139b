"""The protocol's version behind an enrollment that a test wrote by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.protocols import store_version
from notifier.db.tables import Enrollment
from schedules.catalogue import shipped


def pin_version(session: Session, enrollment_id: int, now: datetime) -> None:
    """Pin the shipped version of its protocol, so that it can be planned."""
    enrollment = session.get_one(Enrollment, enrollment_id)
    protocol = shipped()[enrollment.protocol]
    store_version(session, protocol, now)
    enrollment.version = protocol.version
