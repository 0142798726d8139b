"""One's own account: the password, and where one is signed in."""

from __future__ import annotations

from starlette.responses import Response

from notifier.access import accounts, manage_accounts, rate_limit, sessions
from notifier.access.known_browsers import is_known
from notifier.access.manage_accounts import revoke_sessions, set_password
from notifier.access.password_rules import clinic_words
from notifier.access.passwords import is_password
from notifier.access.sessions import token_hash
from notifier.db.engine import reading, writing
from notifier.db.tables import Staff
from notifier.domain.refused import Refused
from notifier.web import cookies
from notifier.web.view import Page, View, redirect
from schedules.languages.registry import languages

_SHOWN = 16
"""Characters of a session's hash that name it in a form."""


def show(view: View) -> Response:
    """The password, and open sessions."""
    return _page(view)


def _page(view: View, *, problem: str | None = None, status: int = 200) -> Response:
    with reading(view.context.engine) as session:
        opened = sessions.open_sessions(session, view.who.staff_id, view.now)
        account = session.get(Staff, view.who.staff_id)
    since = account.otp_since if account else None
    mine = token_hash(view.token)
    return view.page(
        "account.html",
        status=status,
        opened=opened,
        mine=mine,
        shown=_SHOWN,
        problem=problem,
        since=since,
        languages=[one.code for one in languages()],
    )


def set_languages(view: View) -> Response:
    """Which languages one reads: messages that a colleague cannot read are passed on to who can."""
    with writing(view.context.engine) as session:
        manage_accounts.set_languages(
            session, view.who.name, view.fields.getlist("language"), now=view.now, by=view.who.by, source=view.source
        )
    return redirect("/account")


def change_password(view: View) -> Response:
    """Another password, for whoever knows the old one; every session ends, so one signs in with the new one."""
    context, name = view.context, view.who.name
    address = view.request.client.host if view.request.client else "unknown"
    old, new = view.fields.get("old", ""), view.fields.get("new", "")
    browser = cookies.browser_in(view.request)
    browser = browser if is_known(context.engine, browser, name, view.now) else None
    if not rate_limit.take_try(context.engine, address, name, view.now, browser=browser):
        return _page(view, problem="too many tries; wait a quarter of an hour", status=429)
    with reading(context.engine) as session:
        account = session.get(Staff, view.who.staff_id)
        stored = account.password_hash if account else None
    if not is_password(old, stored):
        return _page(view, problem="the password you have now is another one; nothing was changed", status=422)
    rate_limit.forget_wrong_passwords(context.engine, address, name, browser=browser)
    if new != view.fields.get("again", ""):
        return _page(view, problem="the two new passwords differ; type the same one twice", status=422)
    try:
        with writing(context.engine) as session:
            set_password(
                session, name, new, words=clinic_words(context.rules), now=view.now, by=view.who.by, source=view.source
            )
    except Refused as why:
        return _page(view, problem=str(why), status=422)
    return cookies.end(redirect("/sign-in"), view.request)


def end_session(view: View) -> Response:
    """Sign out one browser."""
    which, mine = view.field("which"), token_hash(view.token)
    if len(which) != _SHOWN:
        raise Refused("choose which session ends; nothing was changed")
    with writing(view.context.engine) as session:
        for one in sessions.open_sessions(session, view.who.staff_id, view.now):
            if one.token_hash.startswith(which) and one.token_hash != mine:
                sessions.revoke(session, one.token_hash, now=view.now)
                about = f"ended a session of their own: {one.device}"
                accounts.audit(session, at=view.now, by=view.who.by, what="did", about=about, source=view.source)
    return redirect("/account")


def end_others(view: View) -> Response:
    """Sign out everywhere but here."""
    with writing(view.context.engine) as session:
        sessions.revoke_others(session, view.who.staff_id, token_hash(view.token), now=view.now)
        accounts.audit(
            session,
            at=view.now,
            by=view.who.by,
            what="did",
            about="ended all other sessions of their own",
            source=view.source,
        )
    return redirect("/account")


def end_all(view: View) -> Response:
    """Sign out everywhere, here too."""
    with writing(view.context.engine) as session:
        revoke_sessions(session, view.who.name, now=view.now, by=view.who.by, source=view.source)
    return cookies.end(redirect("/sign-in"), view.request)


PAGES = (
    Page("GET", "/account", show),
    Page("POST", "/account/password", change_password, hashes=True),
    Page("POST", "/account/languages", set_languages),
    Page("POST", "/account/sessions", end_session),
    Page("POST", "/account/sessions/others", end_others),
    Page("POST", "/account/sessions/all", end_all),
)
