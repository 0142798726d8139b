"""Offices in the database: how many patients each has, and who may see which rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, event, func, or_, select, true
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlmodel import col

from notifier.db.columns import can_be_id
from notifier.db.engine import reading
from notifier.db.tables import Enrollment, Message, NumberHold, OptOut, Reply
from notifier.domain.states import RUNNING

Yours = Collection[str] | None
"""The offices of whoever asks; None: all."""
_ADDRESSED: Final[Mapping[str, Any]] = {"enrollment": Enrollment, "message": Message, "reply": Reply}
"""By the name of the part of an address: whose number stands there."""
_enrollments = Enrollment.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it


def enrolled_elsewhere(session: Session, known: Collection[str]) -> dict[str, int]:
    """How many enrollments run at offices that are not `known`, by office.

    Also those whose last text has left: the patient may write or come again, and then the office must be known.
    """
    found = (
        select(col(Enrollment.office), func.count())
        .where(
            col(Enrollment.office).is_not(None),
            col(Enrollment.office).not_in(sorted(known)),
            col(Enrollment.state).in_(RUNNING),
        )
        .group_by(col(Enrollment.office))
        .order_by(col(Enrollment.office))
    )
    return {str(office): many for office, many in session.execute(found).all()}


@contextmanager
def looking(engine: Engine, yours: Yours) -> Iterator[Session]:
    """A session that only reads, and for which patients of other offices, their texts and replies do not exist.

    For lists: every query in it is narrowed, so none can forget to be. A plan needs everybody on a number: there, use
    `reading`.
    """
    with reading(engine) as session:
        if yours is not None:
            narrow(session, yours)
        yield session


def names_a_patient(addressed: Mapping[str, Any]) -> bool:
    """Whether an address is about one patient, and not a list."""
    return not _ADDRESSED.keys().isdisjoint(addressed)


def is_hidden(session: Session, addressed: Mapping[str, Any]) -> bool:
    """Whether an address names what does not exist in this session, such as another office's patient."""
    for name, table in _ADDRESSED.items():
        number = int(addressed.get(name, 0))
        if name in addressed and not (
            can_be_id(number) and session.scalar(select(col(table.id)).where(col(table.id) == number))
        ):
            return True
    return False


def of_offices(yours: Yours) -> ColumnElement[bool]:
    """The condition that an enrollment is of one of these offices, for a query of one's own."""
    return true() if yours is None else _is_of(_enrollments, yours)


def narrow(session: Session, yours: Collection[str]) -> None:
    """Let the rest of this session see one's own offices only."""
    texts = Message.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    enrolled = _enrollments.alias()  # what is narrowed itself would be taken for the same rows
    here = _is_of(enrolled, yours)

    def not_only_elsewhere(table: Any) -> ColumnElement[bool]:
        """Of a number that one's own patient has, or that no patient has."""
        on_phone = enrolled.c.phone == table.c.phone
        return or_(
            select(enrolled.c.id).where(on_phone, here).exists(), ~select(enrolled.c.id).where(on_phone).exists()
        )

    narrowed = (
        with_loader_criteria(Enrollment, _is_of(_enrollments, yours)),
        with_loader_criteria(Reply, _is_of(Reply.__table__, yours)),  # type: ignore[attr-defined]  # the same
        with_loader_criteria(
            Message, select(enrolled.c.id).where(enrolled.c.id == texts.c.enrollment_id, here).exists()
        ),
        with_loader_criteria(NumberHold, not_only_elsewhere(NumberHold.__table__)),  # type: ignore[attr-defined]  # the same
        with_loader_criteria(OptOut, not_only_elsewhere(OptOut.__table__)),  # type: ignore[attr-defined]  # the same
    )

    @event.listens_for(session, "do_orm_execute")
    def _(execution: ORMExecuteState) -> None:
        if execution.is_select:
            execution.statement = execution.statement.options(*narrowed)


def _is_of(table: Any, yours: Collection[str]) -> ColumnElement[bool]:
    """The condition that a row is of one of these offices. What belongs to none is everybody's: somebody must see."""
    return or_(table.c.office.is_(None), table.c.office.in_(sorted(yours)))
