"""People at the desk in the database: accounts, and the record of what they saw and did."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_rows, insert_rows_for_ids
from notifier.db.tables import AuditShown, Role, Staff, StaffAudit


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The account that a request to the staff page is signed in with."""

    staff_id: int
    name: str
    role: Role
    offices: tuple[str, ...] | None = None
    """Whose patients this person sees; None: all."""
    languages: tuple[str, ...] | None = None
    """Codes of those that this person reads; None: nobody has said."""
    second_factor: bool = False
    """Whether a code was given in this session."""

    @property
    def by(self) -> str:
        """This account as events and the audit log name it."""
        return f"staff:{self.name}"

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN


def fold(name: str) -> str:
    """A name with single spaces and without case: names that fold alike are one account."""
    return " ".join(name.split()).casefold()


def account_called(session: Session, name: str) -> Staff | None:
    """The account of that name, active or not."""
    found = select(Staff).where(col(Staff.folded_name) == fold(name))
    return session.scalar(found)


def accounts(session: Session) -> list[Staff]:
    """Every account, by name."""
    return list(session.scalars(select(Staff).order_by(col(Staff.folded_name))))


def readers_of(session: Session, language: str, office: str | None = None) -> list[Staff]:
    """Who may sign in, has said to read this language, and sees the patients of that office; by name."""
    return [
        one
        for one in accounts(session)
        if one.active
        and language in (one.languages or ())
        and (office is None or one.offices is None or office in one.offices)
    ]


def has_accounts(session: Session) -> bool:
    """Whether there is an active account."""
    found = select(col(Staff.id)).where(col(Staff.active).is_(True))
    return session.execute(found.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Source:
    """Where somebody acts from."""

    address: str | None = None
    """The address that a request came from."""
    device: str | None = None
    """Such as "Safari on iPad", or the terminal."""


def audit(
    session: Session,
    *,
    at: datetime,
    by: str,
    what: str,
    about: str | None = None,
    enrollment_id: int | None = None,
    source: Source | None = None,
    shown: Collection[int] = (),
) -> None:
    """Write down who saw or did what. `about` names no patient; `shown`: the enrollments that a list showed."""
    source = source or Source()
    row = {"at": at, "by": by[:120], "what": what, "about": about and about[:200], "enrollment_id": enrollment_id}
    row |= {"address": source.address and source.address[:45], "device": source.device and source.device[:80]}
    if not shown:
        insert_rows(session, StaffAudit, [row])
        return
    (entry,) = insert_rows_for_ids(session, StaffAudit, [row])
    insert_rows(session, AuditShown, [{"enrollment_id": one, "entry_id": entry} for one in sorted(set(shown))])
