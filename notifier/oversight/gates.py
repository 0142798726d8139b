"""What a patient's lifts wait for until staff clear it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.db.protocols import UnreadableVersion
from notifier.db.tables import Enrollment, Message
from notifier.domain.planning.gates import closed_gates, gates_of
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.states import RUNNING
from notifier.enrollments.plans import company_of, enrollments_on, facts_of


@dataclass(frozen=True, slots=True)
class GateOfPatient:
    """A restriction that holds until staff mark it as cleared."""

    topic: str
    since: datetime | None
    """Since when it is cleared; None: it is not."""
    asks_at: datetime
    """When Today asks about it: its length is over then."""


def gates_to_clear(session: Session, enrollment: Enrollment, message: Message) -> list[str]:
    """The topics of a lift that staff have not cleared. Empty where a version on the number cannot be read."""
    if (known := _known(session, enrollment)) is None:
        return []
    closed = closed_gates(*known)
    return [topic for topic in message.topics or () if topic in closed]


def gates_of_patient(session: Session, enrollment: Enrollment) -> list[GateOfPatient]:
    """Every gate of a treatment whose texts run, and those of the patient's earlier ones that it can clear."""
    if enrollment.state not in RUNNING or enrollment.treated_at is None:
        return []
    if (known := _known(session, enrollment)) is None:
        return []
    facts, company = known
    gates = gates_of(facts, company)
    return [
        GateOfPatient(topic, facts.own.cleared.get(topic), gates[topic])
        for topic in facts.protocol.restrictions
        if topic in gates
    ]


def _known(session: Session, enrollment: Enrollment) -> tuple[EnrollmentFacts, Sequence[EnrollmentFacts]] | None:
    try:
        facts = facts_of(session, enrollment)
        return facts, company_of(session, enrollments_on(session, [enrollment.phone]), facts)
    except UnreadableVersion:
        return None
