"""Running patients are moved to the present content of their protocol, and taken back within an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.protocols import load_version
from notifier.db.rows import insert_rows, insert_rows_for_ids
from notifier.db.tables import Enrollment, Message, MigratedEnrollment, ProtocolMigration
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING
from notifier.enrollments.effect import Effect, What
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.plans import lock_plans
from notifier.publishing.effect import Progress, ProtocolEffect, no_progress
from notifier.publishing.migrate_command import Migrate

UNDO_WITHIN: Final = timedelta(hours=1)
_AT_ONCE: Final = 25
"""Patients in one transaction: no text waits for all of them."""

_T = TypeVar("_T")
Change = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done, patient by patient."""

    effects: tuple[Effect, ...]
    left: tuple[tuple[int, str], ...] = ()
    """Enrollment and step: what left between the migration and its undoing."""
    stayed: tuple[tuple[int, str], ...] = ()
    """Enrollment and why: who stays as they are."""

    @property
    def misinformed(self) -> list[int]:
        """Enrollments to which a text has said what is different now."""
        return [one.enrollment for one in self.effects if _is_wrong(one)]


def to_be_moved(effect: ProtocolEffect, *, not_told: bool) -> list[int]:
    """The enrollments that would be moved. Raises Refused where there is none."""
    whom = [one.enrollment for one in (effect.not_misinformed if not_told else effect.movable)]
    if not whom:
        waits = f"; a clinician reads and approves it in {', '.join(effect.waiting)} first" if effect.waiting else ""
        raise Refused(f"no running patient of {effect.protocol.id} can be moved to {effect.protocol.version}{waits}")
    return whom


def migrate(
    change: Change,
    effect: ProtocolEffect,
    *,
    not_told: bool,
    rules: PlanningRules,
    now: datetime,
    by: str,
    progress: Progress = no_progress,
) -> Migrated:
    """Move the patients of an effect that was shown, or only those who were told nothing that becomes different.

    Some at a time, each in the plan that is found then: who was told meanwhile, and should not be moved once told,
    stays, as who is refused: nothing of that is written. Raises Refused where nobody can be moved. Where it is broken
    off, whom it has moved stay moved, and the same once more moves the others.
    """
    whom = to_be_moved(effect, not_told=not_told)
    command, done, stayed = Migrate(effect.protocol), list[Effect](), list[tuple[int, str]]()
    migration: int | None = None
    for some in _parts(whom, progress):
        with change() as session:
            lock_plans(session)
            moved = []
            for stored in _running(session, some):
                from_version = stored.version
                whose = stored.id or 0
                try:
                    if not_told and _is_wrong(preview(session, whose, command, rules=rules, now=now)):
                        stayed.append((whose, "a text has told the patient otherwise meanwhile"))
                        continue
                    found = apply(session, whose, command, rules=rules, now=now, by=by)
                except Refused as why:
                    stayed.append((whose, str(why)))
                    continue
                done.append(found)
                moved.append((found, from_version))
            migration = _keep(session, migration, effect, moved, now, by)
    return Migrated(tuple(done), stayed=tuple(stayed))


def undo(
    change: Change, protocol_id: str, *, rules: PlanningRules, now: datetime, by: str, progress: Progress = no_progress
) -> Migrated:
    """Take the last migration of a protocol back: each patient who is still where it led is where it began.

    What left meanwhile is listed. Raises Refused where there is none within the hour. Where it is broken off, the same
    once more takes the others back.
    """
    with change() as session:
        migration = migration_to_undo(session, protocol_id, now)
        since = migration.at
        if migration.undone_at is None:
            these = update(ProtocolMigration).where(col(ProtocolMigration.id) == migration.id)
            session.execute(these.values(undone_at=now, undone_by=by))
            record_event(session, at=now, by=by, what="protocol_migration_undone", why=protocol_id)
        whom = _moved_by(session, migration.id or 0)
    done, stayed = list[Effect](), list[tuple[int, str]]()
    left: list[tuple[int, str]] = []
    for some in _parts(whom, progress):
        with change() as session:
            was = {one.enrollment_id: one for one in some}
            for stored in _running(session, list(was)):
                one = was[stored.id or 0]
                if stored.version == one.from_version:
                    continue
                if stored.version != one.to_version:
                    stayed.append((one.enrollment_id, "the patient was moved again since"))
                    continue
                back = Migrate(load_version(session, protocol_id, one.from_version))
                done.append(apply(session, one.enrollment_id, back, rules=rules, now=now, by=by))
            left += _left_since(session, list(was), since)
    return Migrated(tuple(done), left=tuple(left), stayed=tuple(stayed))


def _parts(whom: Sequence[_T], progress: Progress) -> Iterator[Sequence[_T]]:
    for start in range(0, len(whom), _AT_ONCE):
        progress(start, len(whom))
        yield whom[start : start + _AT_ONCE]


def last_migration(session: Session, protocol_id: str, now: datetime) -> ProtocolMigration | None:
    """The last migration of a protocol that can still be taken back: one that was broken off and begun again is two."""
    found = select(ProtocolMigration).where(
        col(ProtocolMigration.protocol) == protocol_id, col(ProtocolMigration.at) >= now - UNDO_WITHIN,
        or_(col(ProtocolMigration.undone_at).is_(None), _is_half_undone()),
    )  # fmt: skip
    return session.scalar(found.order_by(col(ProtocolMigration.id).desc()).limit(1))


def _is_half_undone() -> ColumnElement[bool]:
    """Whether taking it back was broken off: somebody is still where it led, and no later one has led there."""
    moved, later = aliased(MigratedEnrollment), aliased(MigratedEnrollment)
    again = select(col(later.enrollment_id)).where(
        col(later.enrollment_id) == col(moved.enrollment_id), col(later.migration_id) > col(moved.migration_id)
    )
    still_there = (
        select(col(Enrollment.id))
        .join(moved, col(moved.enrollment_id) == col(Enrollment.id))
        .where(
            col(moved.migration_id) == col(ProtocolMigration.id),
            col(moved.to_version) == col(Enrollment.version),
            col(Enrollment.state).in_(RUNNING),
            ~again.correlate(moved).exists(),
        )
    )
    return still_there.correlate(ProtocolMigration).exists()


def migration_to_undo(session: Session, protocol_id: str, now: datetime) -> ProtocolMigration:
    """The same; raises Refused where there is none."""
    if (found := last_migration(session, protocol_id, now)) is None:
        raise Refused(f"no patients of {protocol_id} were moved within the last hour, so there is none to take back")
    return found


def _running(session: Session, whom: Sequence[int]) -> Iterator[Enrollment]:
    running = select(Enrollment).where(col(Enrollment.id).in_(whom), col(Enrollment.state).in_(RUNNING))
    yield from session.scalars(running.order_by(col(Enrollment.id))).all()


def _keep(
    session: Session,
    migration: int | None,
    effect: ProtocolEffect,
    moved: Sequence[tuple[Effect, str]],
    now: datetime,
    by: str,
) -> int | None:
    """Remember whom it moved; the decision itself with the first of them."""
    if not moved:
        return migration
    protocol = effect.protocol
    if migration is None:
        (migration,) = insert_rows_for_ids(session, ProtocolMigration, [{"protocol": protocol.id, "by": by, "at": now}])
        record_event(session, at=now, by=by, what="protocol_migrated", why=f"{protocol.id} to {protocol.version}")
    rows = [
        {
            "migration_id": migration,
            "enrollment_id": one.enrollment,
            "from_version": from_version,
            "to_version": protocol.version,
            "misinformed": _is_wrong(one),
        }
        for one, from_version in moved
    ]
    insert_rows(session, MigratedEnrollment, rows)
    return migration


def _moved_by(session: Session, migration: int) -> Sequence[MigratedEnrollment]:
    found = select(MigratedEnrollment).where(col(MigratedEnrollment.migration_id) == migration)
    rows = session.scalars(found.order_by(col(MigratedEnrollment.enrollment_id))).all()
    session.expunge_all()
    return rows


def _left_since(session: Session, whom: Sequence[int], since: datetime) -> Iterator[tuple[int, str]]:
    left = select(col(Message.enrollment_id), col(Message.step)).where(
        col(Message.enrollment_id).in_(whom), col(Message.left_at) > since
    )
    for enrollment, step in session.execute(left.order_by(col(Message.left_at))):
        yield enrollment or 0, step


def _is_wrong(effect: Effect) -> bool:
    return any(text.what is What.WRONG_NOW for text in effect.texts)
