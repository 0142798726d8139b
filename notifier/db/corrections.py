"""Whom migrations have found told otherwise, and the words of their correction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import CorrectionWording, MigratedEnrollment, ProtocolMigration


@dataclass(frozen=True, slots=True)
class CorrectionStanding:
    """Where a correction stands in one language."""

    written: CorrectionWording
    """The last edit."""
    approved: CorrectionWording | None
    """The last edit that a clinician stands behind."""

    @property
    def waits(self) -> bool:
        """Whether the last edit waits for a clinician."""
        return self.approved is None or self.approved.id != self.written.id

    def leaves(self, *, must_be_approved: bool) -> str | None:
        """The words that may be planned now; None where the last edit waits and must not."""
        return None if must_be_approved and self.waits else self.written.words

    def stays(self, *, must_be_approved: bool) -> str | None:
        """The words of a correction that is planned already: an edit that waits does not withdraw it."""
        if not must_be_approved:
            return self.written.words
        return self.approved.words if self.approved else None


def correction_of(session: Session, protocol: str, version: str) -> dict[str, CorrectionStanding]:
    """The words of one version's correction, by language."""
    found = select(CorrectionWording).where(
        col(CorrectionWording.protocol) == protocol, col(CorrectionWording.version) == version
    )
    written: dict[str, CorrectionWording] = {}
    approved: dict[str, CorrectionWording] = {}
    for row in session.scalars(found.order_by(col(CorrectionWording.id))):
        written[row.language] = row
        if row.approved_at is not None:
            approved[row.language] = row
    return {language: CorrectionStanding(row, approved.get(language)) for language, row in written.items()}


def last_version_moved_to(session: Session, protocol: str) -> str | None:
    """The version of the last migration of a protocol that was not taken back."""
    found = (
        select(col(MigratedEnrollment.to_version))
        .join(ProtocolMigration, col(ProtocolMigration.id) == col(MigratedEnrollment.migration_id))
        .where(col(ProtocolMigration.protocol) == protocol, col(ProtocolMigration.undone_at).is_(None))
    )
    return session.scalar(found.order_by(col(ProtocolMigration.id).desc()).limit(1))


def misinformed_by(session: Session, protocol: str, version: str) -> dict[int, int]:
    """Enrollments that were told what this version says otherwise, each with the last migration that found it so."""
    found = (
        select(col(MigratedEnrollment.enrollment_id), col(MigratedEnrollment.migration_id))
        .join(ProtocolMigration, col(ProtocolMigration.id) == col(MigratedEnrollment.migration_id))
        .where(
            col(ProtocolMigration.protocol) == protocol,
            col(ProtocolMigration.undone_at).is_(None),
            col(MigratedEnrollment.to_version) == version,
            col(MigratedEnrollment.misinformed),
        )
    )
    rows = session.execute(found.order_by(col(MigratedEnrollment.migration_id), col(MigratedEnrollment.enrollment_id)))
    return {row.enrollment_id: row.migration_id for row in rows}


def still_corrected(session: Session, enrollments: Collection[int]) -> dict[tuple[int, int], str]:
    """By enrollment and migration, of those not taken back: the version that each was moved to."""
    found = (
        select(
            col(MigratedEnrollment.enrollment_id), col(MigratedEnrollment.migration_id),
            col(MigratedEnrollment.to_version),
        )
        .join(ProtocolMigration, col(ProtocolMigration.id) == col(MigratedEnrollment.migration_id))
        .where(col(MigratedEnrollment.enrollment_id).in_(enrollments), col(ProtocolMigration.undone_at).is_(None))
    )  # fmt: skip
    return {(enrollment, migration): version for enrollment, migration, version in session.execute(found)}
