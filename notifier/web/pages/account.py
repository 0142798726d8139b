"""One's own account: the password, and where one is signed in."""

from __future__ import annotations

from starlette.responses import Response

from notifier.access import accounts as staff
from notifier.access import audit_log as audits
from notifier.access import rate_limit
from notifier.access.manage_accounts import set_password
from notifier.access.passwords import is_password
from notifier.access.sign_in import token_hash
from notifier.db.engine import reading, writing
from notifier.db.tables import Staff
from notifier.domain.refused import Refused
from notifier.web import cookies
from notifier.web.view import Page, Visit, see

_SHOWN = 16
"""Characters of a session's hash that name it in a form."""


def show(visit: Visit) -> Response:
    """The password, and open sessions."""
    return _page(visit)


def _page(visit: Visit, *, problem: str | None = None, status: int = 200) -> Response:
    with reading(visit.office.engine) as session:
        opened = audits.open_sessions(session, visit.who.staff_id, visit.now)
    mine = token_hash(visit.token)
    sessions = [(one.token_hash[:_SHOWN], one.created_at, one.seen_at, one.token_hash == mine) for one in opened]
    return visit.page("account.html", status=status, sessions=sessions, problem=problem)


def change_password(visit: Visit) -> Response:
    """Another password, for whoever knows the old one; every session ends, so one signs in with the new one."""
    office, name = visit.office, visit.who.name
    address = visit.request.client.host if visit.request.client else "unknown"
    old, new = visit.fields.get("old", ""), visit.fields.get("new", "")
    if not rate_limit.may_try(office.engine, address, name, visit.now):
        return _page(visit, problem="too many tries; wait a quarter of an hour", status=429)
    with reading(office.engine) as session:
        account = session.get(Staff, visit.who.staff_id)
        stored = account.password_hash if account else None
    if not is_password(old, stored):
        rate_limit.note_wrong_password(office.engine, address, name, visit.now)
        return _page(visit, problem="the password you have now is another one; nothing was changed", status=422)
    if new != visit.fields.get("again", ""):
        return _page(visit, problem="the two new passwords differ; type the same one twice", status=422)
    try:
        with writing(office.engine) as session:
            set_password(session, name, new, now=visit.now, by=visit.who.by)
    except Refused as why:
        return _page(visit, problem=str(why), status=422)
    response = see("/sign-in")
    cookies.take_back(response, visit.request)
    return response


def end_session(visit: Visit) -> Response:
    """Sign out one browser, or with nothing chosen all but this one."""
    which, mine = visit.field("which"), token_hash(visit.token)
    with writing(visit.office.engine) as session:
        for one in audits.open_sessions(session, visit.who.staff_id, visit.now):
            if one.token_hash.startswith(which) and one.token_hash != mine:
                staff.revoke(session, one.token_hash, now=visit.now)
        staff.audit(
            session, at=visit.now, by=visit.who.by, what="did", about="ended own sessions"
        )  # fmt: skip
    return see("/account")


PAGES = (
    Page("GET", "/account", show),
    Page("POST", "/account/password", change_password),
    Page("POST", "/account/sessions", end_session),
)
