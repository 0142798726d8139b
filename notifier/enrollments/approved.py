"""Which words a new patient gets: until a clinician has approved a protocol's new content, the one approved last."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.protocols import last_approved
from notifier.db.tables import Approval, Pause
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.protocol_choice import ApprovedCatalogue
from schedules.protocol import CareProtocol


def approved_catalogue(
    session: Session, protocols: Mapping[str, CareProtocol], rules: PlanningRules
) -> Mapping[str, CareProtocol]:
    """The protocols with, by language, the content to enroll on; as they are where nothing must be approved."""
    if not rules.must_be_approved or isinstance(protocols, ApprovedCatalogue):
        return protocols
    last = last_approved(session, protocols.values())
    return ApprovedCatalogue(protocols, last) if last else protocols


def ready_protocols(session: Session, protocols: Mapping[str, CareProtocol], rules: PlanningRules) -> frozenset[str]:
    """Those that a patient can be enrolled on now: somebody stands behind them in some language, and none is paused."""
    paused = session.scalars(
        select(col(Pause.protocol)).where(col(Pause.step).is_(None), col(Pause.lifted_at).is_(None))
    )
    running = set(protocols) - set(paused)
    if not rules.must_be_approved:
        return frozenset(running)
    approved = set(session.execute(select(col(Approval.protocol), col(Approval.version))).all())
    earlier = {protocol for protocol, _ in last_approved(session, protocols.values())}
    return frozenset(one for one in running if one in earlier or (one, protocols[one].version) in approved)
