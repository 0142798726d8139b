"""A protocol that has changed under two running patients."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.db.protocols import store_version
from notifier.db.tables import MigratedEnrollment, ProtocolMigration, Role, Staff
from notifier.domain.planning.plan import PlanningRules
from notifier.publishing.effect import ProtocolEffect, protocol_effect
from notifier.publishing.migrate import Migrated, migrate, undo
from schedules.protocol import CareProtocol
from tests.setups.clinic import ClinicSetup

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD, FRESH = "+12125550131", "+12125550132"


def moved_and_misinformed(session: Session, enrollment: int, to: CareProtocol, at: datetime) -> None:
    """As if a migration had found this enrollment told otherwise: a day less of sun."""
    older = CareProtocol.from_content(to.content.replace('"days":7', '"days":6'))
    for one in (older, to):
        store_version(session, one, at)
    session.add(ProtocolMigration(id=1, protocol=to.id, by="dana", at=at))
    session.flush()
    was, becomes = older.version, to.version
    moved = MigratedEnrollment(
        migration_id=1, enrollment_id=enrollment, from_version=was, to_version=becomes, misinformed=True
    )
    session.add(moved)


def a_staff_member(number: int, at: datetime) -> Staff:
    """An account that nobody signs in to."""
    return Staff(
        id=number, name="Dana", folded_name="dana", password_hash="-", role=Role.STAFF, created_at=at, created_by="test"
    )


class Changed:
    """Two patients on `plain`; one has read its first text. Then the file says ten days without sun, not seven."""

    def __init__(self, clinic: ClinicSetup) -> None:
        self.told = clinic.enroll(name="Ana Ruiz", phone=TOLD).enrollment
        self.fresh = clinic.enroll(name="Bea Holm", phone=FRESH).enrollment
        clinic.send(clinic.texts(self.told)["today"], clinic.now + HOUR)
        content = clinic.protocols["plain"].content.replace('"days":7', '"days":10')
        self.old, self.new = clinic.protocols["plain"], CareProtocol.from_content(content)
        self.clinic = replace(clinic, protocols={**clinic.protocols, "plain": self.new}, now=clinic.now + 2 * HOUR)

    def effect(self, **rules: Any) -> ProtocolEffect:
        clinic = self.clinic
        with reading(clinic.engine) as session:
            return protocol_effect(
                session, "plain", protocols=clinic.protocols, rules=replace(clinic.rules, **rules), now=clinic.now
            )

    def migrate(self, effect: ProtocolEffect | None = None, *, not_told: bool = False) -> Migrated:
        found = effect or self.effect()
        return migrate(self._change, found, not_told=not_told, rules=self.clinic.rules, now=self.clinic.now, by="desk")

    def undo(self, *, after: timedelta) -> Migrated:
        return undo(self._change, "plain", rules=self.clinic.rules, now=self.clinic.now + after, by="desk")

    def rules(self, must_be_approved: bool) -> PlanningRules:
        return replace(self.clinic.rules, must_be_approved=must_be_approved)

    @property
    def _change(self) -> Callable[[], AbstractContextManager[Session]]:
        return partial(writing, self.clinic.engine)

    def sun(self, enrollment: int) -> Any:
        return self.clinic.texts(enrollment)["sun-again"].due_at
