"""Enrollments: writing them, finding them, and the only way their state changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.columns import can_be_id
from notifier.db.events import cut, record_event
from notifier.db.rows import Row, insert_rows_for_ids, table_of
from notifier.db.tables import Enrollment, Event, Message
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import RUNNING, EnrollmentState


def insert(session: Session, rows: Sequence[Row]) -> list[int]:
    """Write down enrollments; their ids, in the order of the rows. They are found once their words are written too.

    Raises IntegrityError for a known external id, and for the same phone, folded name, protocol, date and ordinal.
    """
    return insert_rows_for_ids(session, Enrollment, rows)


def by_id(session: Session, enrollment_id: int) -> Enrollment | None:
    """The enrollment with this id; None where there is none."""
    return _one(session, col(Enrollment.id) == enrollment_id) if can_be_id(enrollment_id) else None


def by_external_id(session: Session, external_id: str) -> Enrollment | None:
    """The enrollment that the clinic's own system calls by this id."""
    return session.scalar(_BY_EXTERNAL_ID, {"external_id": external_id})


_BY_EXTERNAL_ID = select(Enrollment).where(  # built once: building it takes longer than asking
    col(Enrollment.external_id) == bindparam("external_id")
)


def _one(session: Session, which: Any) -> Enrollment | None:
    return session.scalar(select(Enrollment).where(which))


def by_external_ids(session: Session, external_ids: Sequence[str]) -> dict[str, Enrollment]:
    """The known ones of these external ids; for an import, at most some thousands at a time."""
    found = session.scalars(_BY_EXTERNAL_IDS, {"external_ids": external_ids})
    return {str(enrollment.external_id): enrollment for enrollment in found}


_BY_EXTERNAL_IDS = select(Enrollment).where(in_array(col(Enrollment.external_id), "external_ids"))


def by_ids(session: Session, ids: Collection[int]) -> list[Enrollment]:
    """Those of these enrollments that there are, as they are now, the oldest first; at most some thousands."""
    return list(session.scalars(_BY_IDS, {"ids": ids}))


_BY_IDS = (
    select(Enrollment)
    .where(in_array(col(Enrollment.id), "ids"))
    .order_by(col(Enrollment.id))
    .execution_options(populate_existing=True)
)


def ids_on(session: Session, phones: Collection[str]) -> list[int]:
    """Everybody who was ever enrolled on these numbers."""
    found = select(col(Enrollment.id)).where(col(Enrollment.phone).in_(phones))
    return [one for one in session.scalars(found) if one is not None]


def of_same_person(session: Session, enrollment_id: int) -> list[int]:
    """This enrollment, and the others of the same folded name on the same number."""
    one, other = table_of(Enrollment).alias(), table_of(Enrollment).alias()
    same = (other.c.phone == one.c.phone) & (other.c.folded_name == one.c.folded_name)
    found = select(other.c.id).join(one, same).where(one.c.id == enrollment_id)
    return sorted({enrollment_id, *session.scalars(found)})


def sharing_phone(session: Session, phone: str) -> list[Enrollment]:
    """Every enrollment on this number, whoever the patient and whatever its state, the oldest first."""
    found = select(Enrollment).where(col(Enrollment.phone) == phone)
    return list(session.scalars(found.order_by(col(Enrollment.id))))


def numbers_since(session: Session, phone: str, since: datetime) -> list[str]:
    """The numbers of those whose texts went to this one until it was changed, at that instant or later."""
    changed, same = (
        aliased(Event),
        aliased(Enrollment),
    )  # said of one of the patient's enrollments, and done to all of them
    found = (
        select(col(Enrollment.phone))
        .distinct()
        .join(Message, col(Message.enrollment_id) == col(Enrollment.id))
        .join(same, col(same.phone) == col(Enrollment.phone))
        .join(changed, col(changed.enrollment_id) == col(same.id))
        .where(
            col(Message.phone) == phone,
            col(Message.left_at).is_not(None),
            col(Enrollment.phone) != phone,
            col(changed.at) >= since,
            col(changed.what) == "changed",
            col(changed.message_id).is_(None),
            col(changed.why).contains("phone"),
        )
    )
    return list(session.scalars(found))


def move(
    session: Session,
    enrollment_id: int,
    *,
    seen: EnrollmentState,
    to: EnrollmentState,
    at: datetime,
    by: str,
    why: str | None,
    **values: Any,
) -> bool:
    """Bring an enrollment from the state it was seen in to another; False when somebody was faster. Leaves an event."""
    moved = session.execute(
        update(Enrollment)
        .where(col(Enrollment.id) == enrollment_id, col(Enrollment.state) == seen)
        .values(**{"reason": cut(why), **values, "state": to})
        .returning(col(Enrollment.id))
        .execution_options(synchronize_session="fetch")
    ).first()
    if moved is None:
        return False
    record_event(
        session,
        at=at,
        by=by,
        what="enrollment",
        enrollment_id=enrollment_id,
        from_state=seen.value,
        to_state=to.value,
        why=why,
    )
    return True


def latest_on(session: Session, phones: Iterable[str]) -> dict[str, Enrollment]:
    """The latest enrollment on each of these numbers; on one that was changed, whose texts went there last."""
    numbers = sorted(set(phones))
    if not numbers:
        return {}
    found = select(Enrollment).where(col(Enrollment.phone).in_(numbers))
    whose = {one.phone: one for one in session.scalars(found.order_by(col(Enrollment.id)))}
    if before := [phone for phone in numbers if phone not in whose]:
        had = select(col(Message.phone), Enrollment).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        had = had.where(col(Message.phone).in_(before), col(Message.left_at).is_not(None))
        whose |= dict(session.execute(had.order_by(col(Message.left_at))).all())
    return whose


def the_enrollment(session: Session, enrollment_id: int) -> Enrollment:
    """The enrollment of that id; raises Refused where there is none."""
    found = by_id(session, enrollment_id)
    if found is None:
        raise Refused(f"there is no enrollment {enrollment_id}", "enrollment", code=RefusalCode.ENROLLMENT_UNKNOWN)
    return found


def inform(session: Session, enrollment_id: int, topics: Collection[str], how: str) -> None:
    """Write down that a person told the patient the rules of these topics, as `yes` or `card`; what was said in
    writing stays so."""
    stored = session.get_one(Enrollment, enrollment_id, with_for_update=True)
    stored.informed = {**dict.fromkeys(topics, how), **(stored.informed or {})}


def not_informed(session: Session, enrollment_id: int, topics: Collection[str]) -> None:
    """Take back that a person said these rules; what was said in writing stays so."""
    stored = session.get_one(Enrollment, enrollment_id, with_for_update=True)
    stored.informed = {
        topic: how for topic, how in (stored.informed or {}).items() if topic not in topics or how != "yes"
    }


def patients_on(session: Session, phones: Iterable[str]) -> dict[str, tuple[Enrollment, ...]]:
    """The latest enrollment of each patient on these numbers; where any of them runs, only of those that do."""
    found = select(Enrollment).where(col(Enrollment.phone).in_(sorted(set(phones)))).order_by(col(Enrollment.id))
    by_phone: dict[str, list[Enrollment]] = defaultdict(list)
    for one in session.scalars(found):
        by_phone[one.phone].append(one)
    patients = {}
    for phone, every in by_phone.items():
        running = [one for one in every if one.state in RUNNING] or every
        patients[phone] = tuple({one.folded_name: one for one in running}.values())
    return patients
