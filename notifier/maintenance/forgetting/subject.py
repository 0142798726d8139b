"""Whose data it is: all enrollments of one patient, and the numbers that are nobody else's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import of_same_person, the_enrollment
from notifier.db.tables import Enrollment, Message
from notifier.db.visibility import Yours
from notifier.domain.counted import counted
from notifier.domain.pseudonyms import Pseudonyms, is_pseudonym
from notifier.domain.refused import Refused


@dataclass(frozen=True, slots=True)
class DataSubject:
    """One patient, as far as the tables say who that is."""

    enrollments: tuple[int, ...]
    """All of the same folded name and number."""
    names: tuple[str, ...]
    folded_names: tuple[str, ...]
    external_ids: tuple[str, ...]
    phones: tuple[str, ...]
    """The numbers that this patient's texts went to, and no other patient's."""
    shared: tuple[str, ...]
    """Those that another patient has too: what was written from them may be the other's."""


def subject_of(session: Session, enrollment_id: int) -> DataSubject:
    """The patient of an enrollment. Raises Refused where there is none, and for one who was erased."""
    stored = the_enrollment(session, enrollment_id)
    if is_pseudonym(stored.phone):
        raise Refused(f"the patient of enrollment {enrollment_id} was erased", "enrollment")
    ids = of_same_person(session, enrollment_id)
    rows = session.scalars(select(Enrollment).where(col(Enrollment.id).in_(ids)).order_by(col(Enrollment.id))).all()
    texted = select(col(Message.phone)).where(col(Message.enrollment_id).in_(ids)).distinct()
    phones = sorted({one for one in (*(row.phone for row in rows), *session.scalars(texted)) if not is_pseudonym(one)})
    others = or_(
        col(Enrollment.phone).in_(phones),
        col(Enrollment.id).in_(select(col(Message.enrollment_id)).where(col(Message.phone).in_(phones))),
    )
    found = session.execute(
        select(col(Enrollment.phone), col(Message.phone))
        .outerjoin(Message, col(Message.enrollment_id) == col(Enrollment.id))
        .where(others, col(Enrollment.id).not_in(ids))
        .distinct()
    )
    theirs = {phone for pair in found for phone in pair}
    return DataSubject(
        enrollments=tuple(ids),
        names=tuple(dict.fromkeys(row.name for row in rows)),
        folded_names=tuple(dict.fromkeys(row.folded_name for row in rows)),
        external_ids=tuple(row.external_id for row in rows if row.external_id),
        phones=tuple(one for one in phones if one not in theirs),
        shared=tuple(one for one in phones if one in theirs),
    )


def refuse_elsewhere(session: Session, enrollments: Iterable[int], yours: Yours) -> None:
    """Raise Refused where one of them is at an office that is not among `yours`; None: all are."""
    offices = [the_enrollment(session, one).office for one in enrollments]
    if yours is not None and not all(office is None or office in yours for office in offices):
        raise Refused("the patient is enrolled at another office too; ask somebody who sees all offices", "enrollment")


def patient_on(session: Session, phone: str, pseudonyms: Pseudonyms | None = None) -> int:
    """One enrollment of the only patient on a number; with `pseudonyms` also of one who was erased. Raises Refused."""
    numbers = [phone, *(pseudonyms.of_phones([phone]) if pseudonyms else ())]
    found = select(col(Enrollment.folded_name), func.max(col(Enrollment.id)))
    these = found.where(col(Enrollment.phone).in_(numbers)).group_by(col(Enrollment.folded_name))
    ids = [one or 0 for _, one in session.execute(these)]
    if not ids:
        raise Refused("nobody is enrolled on this number", "patient")
    if len(ids) > 1:
        many = counted(len(ids), "patient is", "patients are")
        raise Refused(f"{many} on this number: name an enrollment, {_or(ids)}", "patient")
    return ids[0]


def _or(ids: list[int]) -> str:
    return " or ".join(map(str, sorted(ids)))


def texts_of(subject: DataSubject) -> ColumnElement[bool]:
    """The patient's texts: of the enrollments, and the answers to the patient's numbers, which have none."""
    answers = col(Message.enrollment_id).is_(None) & col(Message.phone).in_(subject.phones)
    return or_(col(Message.enrollment_id).in_(subject.enrollments), answers)
