"""People who may sign in: for admins alone. Add one, change the role, lock, a new password, sign out everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.access import accounts as staff
from notifier.access import audit_log as audits
from notifier.access import manage_accounts as accounts
from notifier.access.passwords import new_password
from notifier.db.engine import reading, writing
from notifier.db.tables import Role, Staff
from notifier.domain.offices import choose_offices
from notifier.domain.refused import Refused
from notifier.web.view import NotFound, Page, Visit, see


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and when it was last here."""

    account: Staff
    seen_at: datetime | None


def show(visit: Visit) -> Response:
    """Every account."""
    return _page(visit)


def _page(visit: Visit, *, problem: Refused | None = None, status: int = 200) -> Response:
    with reading(visit.office.engine) as session:
        seen = audits.last_seen(session)
        people = [Person(one, seen.get(one.id or 0)) for one in staff.accounts(session)]
    return visit.page(
        "people.html", status=status, people=people, problem=problem, typed=visit.field("name"), roles=list(Role)
    )


def add(visit: Visit) -> Response:
    """A new account; its password is made up and shown once."""
    password, name = new_password(), visit.field("name")
    try:
        with writing(visit.office.engine) as session:
            accounts.add_staff(
                session,
                name,
                password,
                admin=visit.field("role") == Role.ADMIN,
                offices=_offices(visit),
                now=visit.now,
                by=visit.who.by,
            )
    except Refused as why:
        return _page(visit, problem=why, status=422)
    return visit.page("secret.html", what="password", whose=name, secret=password, back="/people")


def new_word(visit: Visit) -> Response:
    """Another password, shown once; every session of this person ends."""
    password = new_password()
    with writing(visit.office.engine) as session:
        account = _the_account(session, visit)
        accounts.set_password(
            session, account.name, password, now=visit.now, by=visit.who.by
        )  # fmt: skip
        name = account.name
    return visit.page("secret.html", what="password", whose=name, secret=password, back="/people")


def _acting(story: Callable[[Session, Visit, Staff], object]) -> Callable[[Visit], Response]:
    def act(visit: Visit) -> Response:
        with writing(visit.office.engine) as session:
            story(session, visit, _the_account(session, visit))
        return see("/people")

    return act


def _the_account(session: Session, visit: Visit) -> Staff:
    account = session.get(Staff, visit.number("person"))
    if account is None:
        raise NotFound
    return account


def _role(session: Session, visit: Visit, account: Staff) -> None:
    role = Role.ADMIN if visit.field("role") == Role.ADMIN else Role.STAFF
    accounts.set_role(session, account.name, role, now=visit.now, by=visit.who.by)


def _see(session: Session, visit: Visit, account: Staff) -> None:
    accounts.set_offices(
        session, account.name, _offices(visit), now=visit.now, by=visit.who.by
    )  # fmt: skip


def _offices(visit: Visit) -> list[str]:
    """What is ticked; nothing is all."""
    return choose_offices(visit.fields.getlist("office"), visit.office.rules.offices)


def _lock(session: Session, visit: Visit, account: Staff) -> None:
    accounts.refuse_last_admin(session, account)
    accounts.deactivate(session, account.name, now=visit.now, by=visit.who.by)


def _unlock(session: Session, visit: Visit, account: Staff) -> None:
    accounts.activate(session, account.name, now=visit.now, by=visit.who.by)


def _sign_out(session: Session, visit: Visit, account: Staff) -> None:
    accounts.revoke_sessions(session, account.name, now=visit.now, by=visit.who.by)


PAGES = (
    Page("GET", "/people", show, admin=True),
    Page("POST", "/people", add, admin=True),
    Page("POST", "/people/{person:int}/password", new_word, admin=True),
    Page("POST", "/people/{person:int}/role", _acting(_role), admin=True),
    Page("POST", "/people/{person:int}/offices", _acting(_see), admin=True),
    Page("POST", "/people/{person:int}/lock", _acting(_lock), admin=True),
    Page("POST", "/people/{person:int}/unlock", _acting(_unlock), admin=True),
    Page("POST", "/people/{person:int}/sign-out", _acting(_sign_out), admin=True),
)
