"""Patients who were erased are known again by their pseudonyms: "stop", "never" and "once" hold for them too."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.tables import Enrollment, Erasure, NeverText, NumberHold, OptOut
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import Refused
from notifier.numbers.never_text import Person

_ANYBODY: Final = select(exists(select(col(Erasure.enrollment_id))))  # built once: it is asked for each enrollment
_ROW: Final = select(
    col(Enrollment.id), col(Enrollment.phone), col(Enrollment.folded_name), col(Enrollment.protocol),
    col(Enrollment.treated_on), col(Enrollment.external_id),
)  # fmt: skip
# A union of two: with one "or", PostgreSQL reads every enrollment.
ERASED_ROWS: Final = _ROW.where(in_array(col(Enrollment.phone), "phones")).union(
    _ROW.where(in_array(col(Enrollment.external_id), "ids"))
)
"""The enrollments on these `phones` (pseudonyms too), or under these `ids` of the clinic's own system."""


class ErasedRow(NamedTuple):
    """An enrollment of which only pseudonyms are left."""

    enrollment: int
    phone: str | None
    name_pseudonym: str
    protocol: str
    treated_on: date
    external_id: str | None


def recall(session: Session, persons: Collection[Person], pseudonyms: Pseudonyms | None) -> None:
    """Where one of these was erased, their opt-outs, holds and "never text" name them again, as before.

    Raises Refused where the key file is not here: nobody could say who has opted out.
    """
    if not persons or (pseudonyms := _known(session, pseudonyms)) is None:
        return
    _recall_numbers(session, {one.phone for one in persons if one.phone}, pseudonyms)
    _recall_never_text(session, persons, pseudonyms)


def recall_number(session: Session, phone: str, pseudonyms: Pseudonyms | None) -> None:
    """The same for what holds for a number alone."""
    if (known := _known(session, pseudonyms)) is not None:
        _recall_numbers(session, {phone}, known)


def erased_rows(
    session: Session, phones: Iterable[str], external_ids: Iterable[str], pseudonyms: Pseudonyms | None
) -> list[ErasedRow]:
    """Every enrollment of somebody who was erased on one of these numbers, or under one of these ids of the clinic's
    own system; told by the number or id that was asked for."""
    if (known := _known(session, pseudonyms)) is None:
        return []
    by_phone, by_id = known.of_phones(phones), known.of_external_ids(external_ids)
    rows = session.execute(ERASED_ROWS, {"phones": set(by_phone), "ids": set(by_id)})
    return [
        ErasedRow(int(id_ or 0), by_phone.get(phone), name, protocol, day, by_id.get(external_id or ""))
        for id_, phone, name, protocol, day, external_id in rows
    ]


def is_anybody_erased(session: Session) -> bool:
    """Whether there is anybody to be known again."""
    return bool(session.connection().scalar(_ANYBODY))


def _known(session: Session, pseudonyms: Pseudonyms | None) -> Pseudonyms | None:
    if not is_anybody_erased(session):
        return None
    if pseudonyms is None:
        raise Refused(
            "patients were erased, and the key file that knows them again is not here: put the copy of it that you "
            "keep in its place"
        )
    return pseudonyms


def _recall_numbers(session: Session, phones: Collection[str], pseudonyms: Pseudonyms) -> None:
    whose = pseudonyms.of_phones(phones)
    open_ones = select(col(OptOut.id), col(OptOut.phone)).where(
        in_array(col(OptOut.phone), "pseudonyms"), col(OptOut.ended_at).is_(None)
    )
    for id_, pseudonym in session.execute(open_ones, {"pseudonyms": set(whose)}).all():
        there = select(col(OptOut.id)).where(col(OptOut.phone) == whose[pseudonym], col(OptOut.ended_at).is_(None))
        if session.scalar(there) is None:
            session.execute(update(OptOut).where(col(OptOut.id) == id_).values(phone=whose[pseudonym]))
    held = select(col(NumberHold.id), col(NumberHold.phone)).where(
        in_array(col(NumberHold.phone), "pseudonyms"), col(NumberHold.released_at).is_(None)
    )
    for id_, pseudonym in session.execute(held, {"pseudonyms": set(whose)}).all():
        session.execute(update(NumberHold).where(col(NumberHold.id) == id_).values(phone=whose[pseudonym]))


def _recall_never_text(session: Session, persons: Collection[Person], pseudonyms: Pseudonyms) -> None:
    names = pseudonyms.of_names({one.folded_name for one in persons})
    phones = pseudonyms.of_phones({one.phone for one in persons if one.phone})
    ids = pseudonyms.of_external_ids({one.external_id for one in persons if one.external_id})
    same = or_(in_array(col(NeverText.phone), "phones"), in_array(col(NeverText.external_id), "ids"))
    found = select(NeverText).where(in_array(col(NeverText.folded_name), "names"), same)
    given = {"names": set(names), "phones": set(phones), "ids": set(ids)}
    for one in session.scalars(found, given).all():
        one.folded_name = names[one.folded_name]
        one.phone = phones.get(one.phone or "", one.phone)
        one.external_id = ids.get(one.external_id or "", one.external_id)
    session.flush()
