"""Up to when each booking is known, from posts and files alike: whatever happened before that says nothing new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.enrollments import by_external_ids
from notifier.db.rows import insert_if_new
from notifier.db.tables import HookBooking, HookSource
from notifier.domain.pseudonyms import Pseudonyms
from notifier.numbers.erased import erased_rows

_AT_ONCE: Final = 500
"""Ids in one statement."""


def newer_bookings(session: Session, external_ids: Sequence[str], said_at: datetime) -> set[str]:
    """Those of which something later than `said_at` is known already, from a post or a file."""
    found: set[str] = set()
    for ids in _parts(external_ids):
        known = by_external_ids(session, ids)
        found.update(key for key, one in known.items() if one.file_said_at is not None and one.file_said_at > said_at)
        found.update(session.scalars(_NEWER, {"ids": ids, "said_at": said_at}))
    return found


_NEWER = select(col(HookBooking.external_id)).where(  # built once: building it takes longer than asking
    in_array(col(HookBooking.external_id), "ids"), col(HookBooking.at) > bindparam("said_at")
)


def know_bookings(
    session: Session, external_ids: Sequence[str], said_at: datetime, pseudonyms: Pseudonyms | None = None
) -> None:
    """A file that was written at `said_at` has said how these visits are: a post from before comes too late.

    Also of one that is not enrolled, such as a cancelled visit: the late news that it was made must not enroll it.
    The ids of patients who were erased are not written down again: a post of theirs enrolls nobody anyway.
    """
    sources = list(session.scalars(select(col(HookSource.id)).where(col(HookSource.ended_at).is_(None))))
    if not sources:
        return
    erased = {one.external_id for one in erased_rows(session, (), external_ids, pseudonyms)}
    for ids in _parts([one for one in external_ids if one not in erased]):
        named = or_(col(HookBooking.external_id).in_(ids), col(HookBooking.booking).in_(ids))
        older = update(HookBooking).where(named, col(HookBooking.at) < said_at)
        session.execute(older.values(at=said_at))
        found = session.execute(select(col(HookBooking.source_id), col(HookBooking.booking)).where(named))
        known = {(source_id, booking) for source_id, booking in found}
        for source_id in sources:
            for booking in ids:
                if (source_id, booking) not in known:
                    row = {"source_id": source_id, "booking": booking, "external_id": booking, "at": said_at}
                    insert_if_new(session, HookBooking, row)


def _parts(external_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(external_ids), _AT_ONCE):
        yield external_ids[start : start + _AT_ONCE]
