"""Other programs at the door: their API keys. For admins alone."""

from __future__ import annotations

from starlette.responses import Response

from notifier.access.api_keys import add_key, all_keys, revoke_key
from notifier.db.engine import reading, writing
from notifier.db.tables import ApiKey, Scope
from notifier.domain.offices import choose_office
from notifier.domain.refused import Refused
from notifier.web.view import NotFound, Page, Visit, see

WORDS = {
    Scope.READ: "See patients, texts and replies",
    Scope.ENROLL: "Enroll patients",
    Scope.CHANGE: "Treated, no-show, move, hold, cancel",
}


def show(visit: Visit) -> Response:
    """Every key there ever was; those that work first."""
    return _page(visit)


def _page(visit: Visit, *, problem: Refused | None = None, status: int = 200) -> Response:
    with reading(visit.office.engine) as session:
        keys = all_keys(session)
    keys.sort(key=lambda key: key.revoked_at is not None)
    return visit.page("programs.html", status=status, keys=keys, problem=problem, words=WORDS, typed=visit.fields)


def make(visit: Visit) -> Response:
    """A new key; it is shown this once."""
    name, scopes = visit.field("name"), [scope for scope in Scope if visit.field(f"scope.{scope}") == "yes"]
    try:
        with writing(visit.office.engine) as session:
            said = visit.field("office")  # nothing is all of them
            office = choose_office(said, visit.office.rules.offices) if said else None
            key = add_key(session, name, scopes, office=office, now=visit.now, by=visit.who.by)
    except Refused as why:
        return _page(visit, problem=why, status=422)
    return visit.page("secret.html", what="key", whose=name, secret=key, back="/programs")


def revoke(visit: Visit) -> Response:
    """The key opens nothing from now on."""
    with writing(visit.office.engine) as session:
        key = session.get(ApiKey, visit.number("key"))
        if key is None:
            raise NotFound
        if key.revoked_at is None:
            revoke_key(session, key.name, now=visit.now, by=visit.who.by)
    return see("/programs")


PAGES = (
    Page("GET", "/programs", show, admin=True),
    Page("POST", "/programs", make, admin=True),
    Page("POST", "/programs/{key:int}/revoke", revoke, admin=True),
)
