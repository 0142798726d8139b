"""Whose aftercare is under way: for everybody else nothing is left that a change of a protocol could change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.protocols import UnreadableVersion, load_version
from notifier.db.tables import Enrollment, Message
from notifier.domain.instants import zone_called
from notifier.domain.own_lengths import own_lengths
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import RUNNING, EnrollmentState, MessageState
from schedules.protocol import CareProtocol
from schedules.reach import reach

_S = MessageState


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The running patients of a protocol."""

    others: tuple[Enrollment, ...]
    """Those on another version, by their number."""
    on_it: int
    """How many are on the present one."""
    over: int
    """How many more there are, on any version, whose aftercare is over."""


def under_way(session: Session, protocol: CareProtocol, rules: PlanningRules, now: datetime) -> UnderWay:
    """Who is booked or held, has a text to come or one on its way, or was treated so lately that anything by the
    present content, by an older one that somebody is on, or by a length of the patient's own may still hold."""
    which = [col(Enrollment.protocol) == protocol.id, col(Enrollment.state).in_(RUNNING), *_yours(rules)]
    versions = select(col(Enrollment.version), func.count()).where(*which).group_by(col(Enrollment.version))
    counts = dict(session.execute(versions).all())
    since = now - max(reach(one) for one in (protocol, *_readable(session, protocol.id, counts.keys())))
    lately, is_present = _lately(since), col(Enrollment.version) == protocol.version
    found = select(Enrollment).where(*which, ~is_present, or_(lately, _has_own_lengths()))
    with_reason = found.add_columns(lately).order_by(col(Enrollment.id))
    others = tuple(one for one, is_late in session.execute(with_reason).all() if is_late or _own_hold(one, now))
    on_it = session.scalar(select(func.count()).where(*which, is_present, lately)) or 0
    with_own = select(Enrollment).where(*which, is_present, ~lately, _has_own_lengths())
    on_it += sum(_own_hold(one, now) for one in session.scalars(with_own))
    return UnderWay(others, on_it, sum(counts.values()) - len(others) - on_it)


def _yours(rules: PlanningRules) -> list[ColumnElement[bool]]:
    """As `PlanningRules.is_yours` says it."""
    office = col(Enrollment.office)
    return [] if rules.yours is None else [or_(office.is_(None), office.in_(sorted(rules.yours)))]


def _readable(session: Session, protocol_id: str, versions: Iterable[str]) -> Iterator[CareProtocol]:
    for version in versions:
        with suppress(UnreadableVersion):  # what nobody can plan by is told of each patient who is under way
            yield load_version(session, protocol_id, version)


def _lately(since: datetime) -> ColumnElement[bool]:
    def with_texts(*which: ColumnElement[bool]) -> Any:
        return col(Enrollment.id).in_(
            select(col(Message.enrollment_id)).where(*which, col(Message.enrollment_id).is_not(None))
        )

    state, treated_at = col(Enrollment.state), col(Enrollment.treated_at)
    # Each has a partial index.
    to_come = with_texts(in_state(_S.PLANNED))
    on_its_way = with_texts(in_state(_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW))
    return or_(treated_at.is_(None), state != EnrollmentState.ACTIVE, treated_at >= since, to_come, on_its_way)


def _has_own_lengths() -> ColumnElement[bool]:
    said = col(Enrollment.restrictions)
    return and_(said.is_not(None), cast(said, Text) != "{}")


def _own_hold(stored: Enrollment, now: datetime) -> bool:
    """Whether a length that staff said for this patient is not over."""
    if stored.treated_at is None:
        return True
    zone, treated_at = zone_called(stored.timezone), stored.treated_at
    own = own_lengths(stored.restrictions or {}, stored.decided_by, {})
    return any(one.end(treated_at, zone) > now for one in own.said.values())
