"""The events as the chain seals them, and the salts that go when a patient is erased."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.event_tree import SealedEvent, commitment, stamp
from notifier.db.array_param import in_array
from notifier.db.rows import table_of
from notifier.db.tables import Event, EvidenceSalt

_OPEN = and_(col(Event.commitment).is_(None), or_(col(Event.why).is_not(None), col(Event.words).is_not(None)))
"""Something of it is committed to, and still here."""
_events, _salts = table_of(Event), table_of(EvidenceSalt)
_of_patient, _of_event = _salts.alias(), _salts.alias()
_WITH_SALTS = (
    select(_events, func.coalesce(_of_patient.c.salt, _of_event.c.salt).label("salt"))
    .outerjoin(_of_patient, _of_patient.c.enrollment_id == _events.c.enrollment_id)
    .outerjoin(_of_event, and_(_of_event.c.event_id == _events.c.id, _events.c.enrollment_id.is_(None)))
    .order_by(_events.c.id)
)
"""In one statement: an erasure has taken all of an event, or nothing."""
_EARLIER = (
    select(col(Event.enrollment_id), func.max(col(Event.id)))
    .where(in_array(col(Event.enrollment_id), "enrollments"), col(Event.id) < bindparam("first"))
    .group_by(col(Event.enrollment_id))
)


def events_between(
    session: Session, first: int, last: int, earlier: dict[int | None, int] | None = None, *, most: int
) -> list[SealedEvent]:
    """At most so many events with these numbers, in order. They have their salts (`add_salts`), else they read as
    changed.

    `earlier`: the last event before `first` of each enrollment; kept up to date for the next call. None: it is looked
    up.
    """
    rows = session.connection().execute(_WITH_SALTS.where(col(Event.id).between(first, last)).limit(most)).all()
    if earlier is None:
        whose = {row.enrollment_id for row in rows if row.enrollment_id is not None}
        found = session.execute(_EARLIER, {"enrollments": whose, "first": first}) if whose else ()
        earlier = {enrollment: event or 0 for enrollment, event in found}
    return [_sealed(row, earlier) for row in rows]


def add_salts(session: Session, *which: ColumnElement[bool]) -> None:
    """Give a salt to whose events have none: one for each enrollment, and for an event without one its own."""
    of_nobody = col(Event.enrollment_id).is_(None)
    for name, key, of, alone in (
        ("enrollment_id", col(EvidenceSalt.enrollment_id), col(Event.enrollment_id), ~of_nobody),
        ("event_id", col(EvidenceSalt.event_id), col(Event.id), of_nobody),
    ):
        lacking = select(of).outerjoin(EvidenceSalt, key == of).where(*which, _OPEN, alone, key.is_(None)).distinct()
        rows = [{name: one, "salt": secrets.token_hex(16)} for one in session.scalars(lacking.order_by(of))]
        if rows:
            kind = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
            session.connection().execute(kind(_salts).on_conflict_do_nothing(), rows)


def forget_content(session: Session, which: ColumnElement[bool], enrollments: Iterable[int]) -> None:
    """Take why these events happened and their words, and the salts with them; what they were sealed as stays."""
    add_salts(session, which)
    rows = session.connection().execute(_WITH_SALTS.where(which, _OPEN)).all()
    if rows:
        found = [{"event": one.id, "proof": one.values[-1]} for one in (_sealed(row, {}) for row in rows)]
        taken = update(_events).where(_events.c.id == bindparam("event"))
        taken = taken.values(why=None, words=None, commitment=bindparam("proof"))
        session.connection().execute(taken, found)
    theirs = or_(_salts.c.enrollment_id.in_(list(enrollments)), _salts.c.event_id.in_([row.id for row in rows]))
    session.execute(delete(_salts).where(theirs))


def _sealed(row: Any, earlier: dict[int | None, int]) -> SealedEvent:
    proof, has_content = row.commitment, row.why is not None or row.words is not None
    opens = proof is None and has_content and row.salt is not None
    if opens:
        proof = commitment(row.salt, row.id, row.why, row.words)
    elif proof is not None and has_content:
        proof = "?"  # somebody wrote it after an erasure
    before = earlier.get(row.enrollment_id, 0)
    if row.enrollment_id is not None:
        earlier[row.enrollment_id] = row.id
    values = [
        row.id, before, stamp(row.at), row.by, row.what, row.enrollment_id, row.message_id, row.from_state,
        row.to_state, proof,
    ]  # fmt: skip
    if not opens:
        return SealedEvent(row.id, row.enrollment_id, values)
    return SealedEvent(row.id, row.enrollment_id, values, row.salt, row.why, row.words)
