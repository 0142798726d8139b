"""Which words a new patient gets: until a clinician has approved a protocol's new content, the one approved last."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from notifier.db.protocols import last_approved
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
