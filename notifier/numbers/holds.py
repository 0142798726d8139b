"""Numbers that wait for a person: what they wrote has to be read before anything else leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.events import record_event
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import NumberHold
from notifier.db.tables.inbound import ALL_KINDS

_ON_PHONES = (
    select(NumberHold)
    .where(in_array(col(NumberHold.phone), "phones"), col(NumberHold.released_at).is_(None))
    .order_by(col(NumberHold.id))
)


def hold_number(session: Session, phone: str, *, reason: str, at: datetime, by: str, kinds: str = "all") -> int:
    """Hold the texts to this number; the hold's id.

    `kinds`: `all`, or step kinds joined by commas such as `lift,expect,rebook`. The texts stay planned; a claim passes
    by what a hold covers. `reason` is for staff and never quotes the patient.
    """
    row = {"phone": phone, "reason": reason, "kinds": kinds, "at": at, "by": by}
    (hold_id,) = insert_rows_for_ids(session, NumberHold, [row])
    record_event(session, at=at, by=by, what="number_held", why=f"hold {hold_id}: {reason}")
    return hold_id


def release_number(session: Session, phone: str, *, at: datetime, by: str) -> int:
    """End every hold of this number; how many there were."""
    ended = session.execute(
        update(NumberHold)
        .where(col(NumberHold.phone) == phone, col(NumberHold.released_at).is_(None))
        .values(released_at=at, released_by=by)
        .returning(col(NumberHold.id))
    ).all()
    for (hold_id,) in ended:
        record_event(session, at=at, by=by, what="number_released", why=f"hold {hold_id}")
    return len(ended)


def open_holds(session: Session, phone: str | None = None) -> list[NumberHold]:
    """The holds of this number, or of every number, that nobody has released, the oldest first."""
    found = select(NumberHold).where(col(NumberHold.released_at).is_(None))
    if phone is not None:
        found = found.where(col(NumberHold.phone) == phone)
    return list(session.scalars(found.order_by(col(NumberHold.id))))


def is_held_whole(session: Session, phone: str) -> bool:
    """Whether some hold lets no text of any kind leave to this number."""
    return any(hold.kinds == ALL_KINDS for hold in open_holds(session, phone))


def holds_on(session: Session, phones: Iterable[str]) -> dict[str, list[NumberHold]]:
    """The open holds of these numbers, by number; for one turn's claim, at most some thousands."""
    holds: dict[str, list[NumberHold]] = {}
    for hold in session.scalars(_ON_PHONES, {"phones": set(phones)}):
        holds.setdefault(hold.phone, []).append(hold)
    return holds
