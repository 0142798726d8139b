"""What a clinic still has to do before its first patients: what an empty Today says instead of nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Message
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.approved import ready_protocols
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True)
class FirstDays:
    """Each step, and whether it is done."""

    protocol: bool
    """Some protocol may be enrolled on."""
    staffed: bool
    """Somebody has said when patients are read."""
    told: bool
    """Somebody is told when something is wrong."""
    text: bool
    """A first text has left: to whoever tries it on their own phone, or to a patient."""

    @property
    def is_over(self) -> bool:
        return self.protocol and self.staffed and self.told and self.text


def first_days(
    session: Session, protocols: Mapping[str, CareProtocol], rules: PlanningRules, *, told: bool
) -> FirstDays:
    """How far the clinic is. `told`: whether any channel for alerts is set."""
    hours = [rules.staffed, *(one.staffed for one in rules.offices.values())]
    left = select(col(Message.id)).where(col(Message.left_at).is_not(None)).limit(1)
    return FirstDays(
        protocol=bool(ready_protocols(session, protocols, rules)),
        staffed=any(hours),
        told=told,
        text=session.execute(left).first() is not None,
    )
