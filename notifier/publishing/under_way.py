"""Whose aftercare is under way: for everybody else nothing is left that a change of a protocol could change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
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
_A_DAY: Final = timedelta(days=1)
"""More than a local date is before or behind that of UTC."""


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
    version, has_own = col(Enrollment.version), _has_own_lengths()
    counted = select(version, has_own.label("has_own"), func.count()).where(*which).group_by(version, "has_own")
    counts = session.execute(counted).all()
    versions = {one for one, *_ in counts} | {protocol.version}
    since = now - max(reach(one) for one in (protocol, *_readable(session, protocol.id, versions)))
    lately = _lately(protocol.id, since)
    those = session.execute(select(col(Enrollment.id), version).where(*which, lately))
    found = [(one, is_on) for one, is_on in those]
    if any(own for _, own, _ in counts):
        more = session.scalars(select(Enrollment).where(*which, has_own, ~lately))
        found += [(one.id, one.version) for one in more if _own_hold(one, now)]
    whom = [one for one, is_on in found if is_on != protocol.version]
    others = session.scalars(select(Enrollment).where(in_array(col(Enrollment.id), "whom")), {"whom": whom})
    in_order = tuple(sorted(others, key=lambda one: one.id or 0))
    return UnderWay(in_order, len(found) - len(whom), sum(many for *_, many in counts) - len(found))


def _yours(rules: PlanningRules) -> list[ColumnElement[bool]]:
    """As `PlanningRules.is_yours` says it."""
    office = col(Enrollment.office)
    return [] if rules.yours is None else [or_(office.is_(None), office.in_(sorted(rules.yours)))]


def _readable(session: Session, protocol_id: str, versions: Iterable[str]) -> Iterator[CareProtocol]:
    for version in versions:
        with suppress(UnreadableVersion):  # what nobody can plan by is told of each patient who is under way
            yield load_version(session, protocol_id, version)


def _lately(protocol_id: str, since: datetime) -> ColumnElement[bool]:
    """Every part has an index: what is long over is not read."""
    whose, treated_on = col(Enrollment.id), col(Enrollment.treated_on)
    waits = col(Enrollment.state).in_(RUNNING - {EnrollmentState.ACTIVE})
    texts = (in_state(_S.PLANNED), in_state(_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW))
    parts = [
        select(whose).where(treated_on >= (since - _A_DAY).date(), col(Enrollment.treated_at) >= since),
        select(whose).where(col(Enrollment.protocol) == protocol_id, waits),
        # Not "is not null": SQLite would look through the index that begins with it, and NOT IN knows no null.
        *(select(func.coalesce(col(Message.enrollment_id), 0)).where(one) for one in texts),
    ]
    return whose.in_(union_all(*parts))


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
