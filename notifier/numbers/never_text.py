"""Persons who must never be texted, whatever their number: known by a folded name and a number or external id."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.rows import insert_rows, table_of
from notifier.db.tables import Enrollment, NeverText
from notifier.domain.kinds import NEVER_TEXT
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import RefusalCode, Refused


class Person(NamedTuple):
    """By what somebody is known again."""

    folded_name: str
    phone: str | None
    external_id: str | None


_never, _enrollment = table_of(NeverText).c, table_of(Enrollment).c
NEVER_TEXTED: Final = select(_enrollment.id).where(
    in_array(_enrollment.id, "ids"),
    select(_never.id)
    .where(
        _never.ended_at.is_(None),
        _never.folded_name == _enrollment.folded_name,
        or_(_never.phone == _enrollment.phone, _never.external_id == _enrollment.external_id),
    )
    .exists(),
)
"""Those of the enrollments `ids` whose person must never be texted."""


def never_texted_of(session: Session, enrollments: Collection[int]) -> set[int]:
    """Those of these enrollments whose person must never be texted."""
    return {int(one) for one in session.connection().scalars(NEVER_TEXTED, {"ids": set(enrollments)})}


def is_never_texted(session: Session, person: Person) -> bool:
    """Whether it is somebody who must never be texted: the same folded name, and the number or the external id."""
    same: list[Any] = [and_(col(NeverText.phone).is_not(None), col(NeverText.phone) == person.phone)]
    if person.external_id:
        same.append(col(NeverText.external_id) == person.external_id)
    return session.scalar(_of_name(person.folded_name).where(or_(*same)).limit(1)) is not None


OF_NAMES: Final = select(_never.folded_name, _never.phone, _never.external_id).where(
    _never.ended_at.is_(None), in_array(_never.folded_name, "names")
)
"""Who of the folded `names` must never be texted."""
NAMESAKE: Final = (
    "somebody of this very name must never be texted; where it is the same person, say so: never text this person"
)


def refuse_never_texted(is_never: bool | None) -> str | None:
    """Raise Refused for somebody who must never be texted.

    Where the name alone is that of such a person (False; None: nobody's), a question for staff.
    """
    if is_never:
        raise Refused(f"{NEVER_TEXT}, whatever the number; call instead", code=RefusalCode.NEVER_TEXT)
    return None if is_never is None else NAMESAKE


def is_same_person(one: Person, other: Person) -> bool:
    """Whether these of one folded name share the number or the external id."""
    return bool(
        (other.phone and other.phone == one.phone) or (other.external_id and other.external_id == one.external_id)
    )


def find_never_texted(
    session: Session, persons: Sequence[Person], pseudonyms: Pseudonyms | None = None
) -> dict[int, bool]:
    """By position: True for who must never be texted, False where the name alone is that of such a person.

    With `pseudonyms` also who was erased since.
    """
    names = {one.folded_name: one.folded_name for one in persons}
    phones: dict[str, str] = {}
    ids: dict[str, str] = {}
    if pseudonyms is not None:
        names |= pseudonyms.of_names(list(names))
        phones = pseudonyms.of_phones({one.phone for one in persons if one.phone})
        ids = pseudonyms.of_external_ids({one.external_id for one in persons if one.external_id})
    known: dict[str, list[Person]] = {}
    for name, phone, external_id in session.connection().execute(OF_NAMES, {"names": set(names)}):
        person = Person(names[name], phones.get(phone, phone), ids.get(external_id, external_id))
        known.setdefault(person.folded_name, []).append(person)
    return {
        position: any(is_same_person(one, other) for other in known[one.folded_name])
        for position, one in enumerate(persons)
        if one.folded_name in known
    }


def remember(session: Session, persons: Iterable[Person], *, enrollment: int, at: datetime, by: str) -> None:
    """By each of these the person is known again."""
    rows = [{**one._asdict(), "enrollment_id": enrollment, "at": at, "by": by} for one in dict.fromkeys(persons)]
    insert_rows(session, NeverText, rows)


def know_again(session: Session, persons: Sequence[Person], *, at: datetime, by: str) -> None:
    """Persons who must never be texted, with numbers and ids under which they come now: by these too from now on."""
    for one in persons:
        rows = session.scalars(select(NeverText).where(col(NeverText.id).in_(_of_name(one.folded_name)))).all()
        if rows and (one.phone, one.external_id) not in {(row.phone, row.external_id) for row in rows}:
            remember(session, [one], enrollment=rows[0].enrollment_id, at=at, by=by)


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
    return select(col(NeverText.id)).where(col(NeverText.folded_name) == folded_name, col(NeverText.ended_at).is_(None))
