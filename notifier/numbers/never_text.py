"""Persons who must never be texted, whatever their number: known by a folded name and a number or external id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.rows import insert_rows, table_of
from notifier.db.tables import Enrollment, NeverText
from notifier.domain.kinds import NEVER_TEXT
from notifier.domain.refused import RefusalCode, Refused


class Person(NamedTuple):
    """By what somebody is known again."""

    folded_name: str
    phone: str | None
    external_id: str | None


_never, _enrollment = table_of(NeverText).c, table_of(Enrollment).c
_OF_ENROLLMENTS = select(_enrollment.id).where(
    in_array(_enrollment.id, "ids"),
    select(_never.id)
    .where(
        _never.ended_at.is_(None),
        _never.folded_name == _enrollment.folded_name,
        or_(_never.phone == _enrollment.phone, _never.external_id == _enrollment.external_id),
    )
    .exists(),
)


def never_texted_of(session: Session, enrollments: Collection[int]) -> set[int]:
    """Those of these enrollments whose person must never be texted."""
    return {int(one) for one in session.connection().scalars(_OF_ENROLLMENTS, {"ids": set(enrollments)})}


def is_never_texted(session: Session, person: Person) -> bool:
    """Whether it is somebody who must never be texted: the same folded name, and the number or the external id."""
    same: list[Any] = [and_(col(NeverText.phone).is_not(None), col(NeverText.phone) == person.phone)]
    if person.external_id:
        same.append(col(NeverText.external_id) == person.external_id)
    return session.scalar(_of_name(person.folded_name).where(or_(*same)).limit(1)) is not None


def refuse_never_texted(session: Session, person: Person) -> str | None:
    """Raise Refused for somebody who must never be texted.

    Where the name alone is that of such a person, a question for staff.
    """
    same_name = session.execute(_of_name(person.folded_name)).all()
    for _, phone, external_id in same_name:
        if (phone and phone == person.phone) or (external_id and external_id == person.external_id):
            raise Refused(f"{NEVER_TEXT}, whatever the number; call instead", code=RefusalCode.NEVER_TEXT)
    if not same_name:
        return None
    return (
        "somebody of this very name must never be texted; where it is the same person, say so: never text this person"
    )


def remember(session: Session, persons: Iterable[Person], *, enrollment: int, at: datetime, by: str) -> None:
    """By each of these the person is known again."""
    rows = [{**one._asdict(), "enrollment_id": enrollment, "at": at, "by": by} for one in dict.fromkeys(persons)]
    insert_rows(session, NeverText, rows)


def forget(session: Session, persons: Iterable[Person], *, at: datetime, by: str) -> int:
    """The person has agreed to texts again; by how many rows it was known."""
    ended = 0
    for one in dict.fromkeys(persons):
        same = or_(col(NeverText.phone) == one.phone, col(NeverText.external_id) == one.external_id)
        these = update(NeverText).where(col(NeverText.folded_name) == one.folded_name, same)
        these = these.where(col(NeverText.ended_at).is_(None)).values(ended_at=at, ended_by=by)
        ended += len(session.execute(these.returning(col(NeverText.id))).all())
    return ended


def _of_name(folded_name: str) -> Any:
    these = select(col(NeverText.id), col(NeverText.phone), col(NeverText.external_id))
    return these.where(col(NeverText.folded_name) == folded_name, col(NeverText.ended_at).is_(None))
