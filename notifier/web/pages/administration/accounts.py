"""People who may sign in: for admins alone. Add one, change the role, lock, a new password, sign out everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.access import manage_accounts, sessions
from notifier.access.password_rules import clinic_words
from notifier.access.passwords import new_password
from notifier.access.reach import granted_offices, managed_account, managed_accounts
from notifier.db.engine import reading, writing
from notifier.db.tables import Role, Staff
from notifier.domain.refused import Refused
from notifier.web.view import NotFound, Page, View, redirect
from schedules.languages.registry import languages


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, and when it was last here."""

    account: Staff
    seen_at: datetime | None


def show(view: View) -> Response:
    """Every account that this admin may manage."""
    return _page(view)


def _page(view: View, *, problem: Refused | None = None, status: int = 200) -> Response:
    with reading(view.context.engine) as session:
        seen = sessions.last_seen(session)
        rows = [AccountRow(one, seen.get(one.id or 0)) for one in managed_accounts(session, view.who.offices)]
    return view.page(
        "accounts.html",
        status=status,
        rows=rows,
        problem=problem,
        typed=view.field("name"),
        roles=list(Role),
        languages=[one.code for one in languages()],
    )


def add(view: View) -> Response:
    """A new account; its password is made up and shown once."""
    password, name = new_password(), view.field("name")
    try:
        with writing(view.context.engine) as session:
            manage_accounts.add_staff(
                session,
                name,
                password,
                admin=view.field("role") == Role.ADMIN,
                offices=_offices(view),
                words=clinic_words(view.context.rules),
                made_up=True,
                now=view.now,
                by=view.who.by,
                source=view.source,
            )
    except Refused as why:
        return _page(view, problem=why, status=422)
    return view.page("secret.html", what="password", whose=name, secret=password, back="/accounts")


def reset_password(view: View) -> Response:
    """Another password, shown once; every session of this person ends."""
    password = new_password()
    with writing(view.context.engine) as session:
        account = _the_account(session, view)
        manage_accounts.set_password(
            session, account.name, password, made_up=True, now=view.now, by=view.who.by, source=view.source
        )
        name = account.name
    return view.page("secret.html", what="password", whose=name, secret=password, back="/accounts")


def _account_action(action: Callable[[Session, View, Staff], object]) -> Callable[[View], Response]:
    def act(view: View) -> Response:
        with writing(view.context.engine) as session:
            action(session, view, _the_account(session, view))
        return redirect("/accounts")

    return act


def _the_account(session: Session, view: View) -> Staff:
    account = managed_account(session, view.number("person"), view.who.offices)
    if account is None:
        raise NotFound
    return account


def _role(session: Session, view: View, account: Staff) -> None:
    role = Role.ADMIN if view.field("role") == Role.ADMIN else Role.STAFF
    manage_accounts.set_role(session, account.name, role, now=view.now, by=view.who.by, source=view.source)


def _set_offices(session: Session, view: View, account: Staff) -> None:
    manage_accounts.set_offices(
        session, account.name, _offices(view), now=view.now, by=view.who.by, source=view.source
    )  # fmt: skip


def _offices(view: View) -> list[str]:
    """What is ticked; nothing is all that the admin sees."""
    return granted_offices(view.fields.getlist("office"), view.context.rules.offices, view.who.offices)


def _set_languages(session: Session, view: View, account: Staff) -> None:
    manage_accounts.set_languages(
        session, account.name, view.fields.getlist("language"), now=view.now, by=view.who.by, source=view.source
    )  # fmt: skip


def _lock(session: Session, view: View, account: Staff) -> None:
    manage_accounts.refuse_last_admin(session, account)
    manage_accounts.deactivate(session, account.name, now=view.now, by=view.who.by, source=view.source)


def _unlock(session: Session, view: View, account: Staff) -> None:
    manage_accounts.activate(session, account.name, now=view.now, by=view.who.by, source=view.source)


def _reset_second_factor(session: Session, view: View, account: Staff) -> None:
    if account.id == view.who.staff_id:
        raise Refused("another admin resets your second factor; a new phone is set up under your own name")
    manage_accounts.reset_second_factor(session, account.name, now=view.now, by=view.who.by, source=view.source)


def _sign_out(session: Session, view: View, account: Staff) -> None:
    manage_accounts.revoke_sessions(session, account.name, now=view.now, by=view.who.by, source=view.source)


PAGES = (
    Page("GET", "/accounts", show, admin=True),
    Page("POST", "/accounts", add, admin=True, hashes=True),
    Page("POST", "/accounts/{person:int}/password", reset_password, admin=True, hashes=True),
    Page("POST", "/accounts/{person:int}/role", _account_action(_role), admin=True),
    Page("POST", "/accounts/{person:int}/offices", _account_action(_set_offices), admin=True),
    Page("POST", "/accounts/{person:int}/languages", _account_action(_set_languages), admin=True),
    Page("POST", "/accounts/{person:int}/lock", _account_action(_lock), admin=True),
    Page("POST", "/accounts/{person:int}/unlock", _account_action(_unlock), admin=True),
    Page("POST", "/accounts/{person:int}/second-factor", _account_action(_reset_second_factor), admin=True),
    Page("POST", "/accounts/{person:int}/sign-out", _account_action(_sign_out), admin=True),
)
