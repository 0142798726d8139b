"""Other programs at the door: their API keys. For admins alone."""

from __future__ import annotations

from starlette.responses import Response

from notifier.access.api_keys import add_key, revoke_key
from notifier.access.reach import granted_office, managed_key, managed_keys
from notifier.db.engine import reading, writing
from notifier.db.tables import Scope
from notifier.domain.refused import Refused
from notifier.web.view import NotFound, Page, View, redirect

WORDS = {
    Scope.READ: "See patients, texts and replies",
    Scope.ENROLL: "Enroll patients",
    Scope.CHANGE: "Treated, no-show, move, hold, cancel",
    Scope.FORGET: "Hand over, hold for a court and erase all that is kept of a patient",
}


def show(view: View) -> Response:
    """Every key there ever was; those that work first."""
    return _page(view)


def _page(view: View, *, problem: Refused | None = None, status: int = 200) -> Response:
    with reading(view.context.engine) as session:
        keys = managed_keys(session, view.who.offices)
    keys.sort(key=lambda key: key.revoked_at is not None)
    return view.page("api_keys.html", status=status, keys=keys, problem=problem, words=WORDS, typed=view.fields)


def make(view: View) -> Response:
    """A new key; it is shown this once."""
    name, scopes = view.field("name"), [scope for scope in Scope if view.field(f"scope.{scope}") == "yes"]
    try:
        with writing(view.context.engine) as session:
            office = granted_office(view.field("office"), view.context.rules.offices, view.who.offices)
            key = add_key(session, name, scopes, office=office, now=view.now, by=view.who.by, source=view.source)
    except Refused as why:
        return _page(view, problem=why, status=422)
    return view.page("secret.html", what="key", whose=name, secret=key, back="/api-keys")


def revoke(view: View) -> Response:
    """The key opens nothing from now on."""
    with writing(view.context.engine) as session:
        key = managed_key(session, view.number("key"), view.who.offices)
        if key is None:
            raise NotFound
        if key.revoked_at is None:
            revoke_key(session, key.name, now=view.now, by=view.who.by, source=view.source)
    return redirect("/api-keys")


PAGES = (
    Page("GET", "/api-keys", show, admin=True),
    Page("POST", "/api-keys", make, admin=True),
    Page("POST", "/api-keys/{key:int}/revoke", revoke, admin=True),
)
