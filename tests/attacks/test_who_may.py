"""Who may ask for what: every address of the application, for every kind of person and key, by office.

The table is `access_table.py`: a new address stands there in one line, and a test fails until it does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import product
from typing import Any, Final

import httpx2
import pytest
from sqlalchemy import delete
from starlette.routing import Route

from notifier.access.api_keys import revoke_key
from notifier.db.engine import writing
from notifier.db.tables import Scope, WrongPassword
from tests.attacks.access_table import (
    ADMIN,
    ANY_KEY,
    ANYBODY,
    CHANGE,
    HINT,
    MAY,
    NO_KEY,
    OUT,
    PARTS,
    QUERIES,
    SCOPES,
    WEBHOOK,
    WHOLE,
    WHOLE_ADMIN,
    WHOLE_CHANGE,
    May,
)  # fmt: skip
from tests.attacks.two_offices import NORTH, PEOPLE, SOUTH, Clinic, Person
from tests.web.conftest import PUBLIC_URL

PUBLIC_HOST: Final = PUBLIC_URL.removeprefix("https://")


class Got(Enum):
    """What became of a request."""

    IN = "it was carried out, or refused for what it said"
    SIGN_IN = "sign in first"
    NO = "not this person, or not this key"
    NOTHING = "there is no such thing"


IN, SIGN_IN, NO, NOTHING = Got


KEYS: Final = (
    ("nothing", (), None), ("wrong", (), None), ("revoked", tuple(Scope), None),
    *((f"{scope} {office}", (scope,), office) for scope in Scope for office in (None, NORTH)),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _keys(clinic: Clinic) -> None:
    for name, scopes, office in KEYS[2:]:
        clinic.key(name, *scopes, office=office)
    with writing(clinic.engine) as session:
        revoke_key(session, "revoked", now=clinic.clock.now(), by="test")


def routes(of: Iterable[Any]) -> Iterator[str]:
    """Method and address of all that is served, from the routers themselves. Fails for what it cannot look into."""
    for route in of:
        if hasattr(route, "original_router"):
            yield from routes(route.original_router.routes)
        elif route.path in ("/api/{rest:anything}", "/fhir/{rest:anything}"):
            yield from routes(route.endpoint._app.routes)
        else:
            assert isinstance(route, Route), f"what does {route} serve?"
            yield from (f"{method} {route.path}" for method in sorted(route.methods or ()))


def test_every_address_says_who_may_ask_for_it(clinic: Clinic) -> None:
    served, said = Counter(routes(clinic.app.routes)), {**MAY, **SCOPES}
    assert not (unknown := sorted(served - Counter(said.keys()))), f"{unknown}: nobody has said who may. {HINT}"
    assert not (gone := sorted(said.keys() - served)), f"{gone} are served no more; take the lines out"


def test_a_page_opens_for_those_who_may_and_for_nobody_else(clinic: Clinic) -> None:
    wrong, cells = [], Counter[Got]()
    with clinic.kept() as put_back:
        for route, may in MAY.items():
            for person, office in product(PEOPLE, offices_in(clinic, route)):
                answer = ask_page(clinic, route, person, office)
                if answer.status_code < 400 and route.startswith("POST"):
                    put_back()
                found = got(answer)
                cells[found] += 1
                if found is not (expected := page_expected(may, person, route, office)):
                    wrong.append(f"{route} of {office}: {person.name} should get {expected.name}, got {found.name}")
    assert not wrong, "\n".join([*wrong, HINT])
    assert cells.total() >= 480
    assert min(cells.values()) > 20, cells  # each kind of answer is met


def page_expected(may: May, person: Person, route: str, office: str) -> Got:
    """`office`: of what the address names."""
    elsewhere = person.office is not None and office != person.office
    if may in (ANYBODY, WEBHOOK):
        return IN if may is ANYBODY else NO
    if may is OUT or person.name == "nobody":
        return SIGN_IN
    if elsewhere and not re.search("{(person|key)", route):
        return NOTHING
    if (may in (ADMIN, WHOLE_ADMIN) and not person.is_admin) or (may in (WHOLE, WHOLE_ADMIN) and person.office):
        return NO
    return NOTHING if elsewhere else IN


def ask_page(clinic: Clinic, route: str, person: Person, office: str) -> httpx2.Response:
    method, _, path = route.partition(" ")
    browser, address = clinic.browser(person.name), filled(clinic, path, office) + QUERIES.get(route, "")
    return browser.post(address) if method == "POST" else browser.get(address, method=method)


def test_the_api_opens_for_keys_with_the_scope_and_the_office_and_for_nothing_else(clinic: Clinic) -> None:
    wrong, cells = [], Counter[Got]()
    with clinic.kept() as put_back:
        for route, scope in SCOPES.items():
            for (name, scopes, limit), office in product(KEYS, offices_in(clinic, route)):
                answer = ask_api(clinic, route, name, office)
                if answer.status_code < 400 and route.startswith("POST"):
                    put_back()
                found = got(answer)
                cells[found] += 1
                if found is not (expected := api_expected(scope, name, scopes, limit, office)):
                    wrong.append(f"{route} of {office}: key {name} should get {expected.name}, got {found.name}")
    assert not wrong, "\n".join([*wrong, HINT])
    assert cells.total() >= 310
    assert min(cells.values()) > 10, cells


def api_expected(
    needed: Scope | str | None, key: str, scopes: Sequence[Scope], limit: str | None, office: str | None
) -> Got:
    if needed == NO_KEY:
        return IN
    if key in ("nothing", "wrong", "revoked"):
        return SIGN_IN
    if needed == WHOLE_CHANGE:
        return IN if limit is None and CHANGE in scopes else NO
    if needed is not ANY_KEY and needed not in scopes:
        return NO
    return NOTHING if limit is not None and office != limit else IN


def ask_api(clinic: Clinic, route: str, key: str, office: str) -> httpx2.Response:
    method, _, path = route.partition(" ")
    secret = {"wrong": f"nk_{'x' * 43}"}.get(key) or clinic.keys.get(key)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    body: dict[str, str] | None = {} if method == "POST" else None
    if secret is None or key in ("wrong", "revoked"):
        with writing(clinic.engine) as session:
            session.execute(delete(WrongPassword))  # too many of them would be refused for that
    return clinic.client.request(method, filled(clinic, path, office), json=body, headers=headers)


def test_the_public_host_serves_webhooks_alone(clinic: Clinic) -> None:
    """Also for an admin, and for a key with every scope: the name decides before anything else is looked at."""
    for route in (*MAY, *SCOPES):
        method, _, path = route.partition(" ")
        shown = {
            "Cookie": f"notifier={clinic.sessions['Admin']}",
            "Authorization": f"Bearer {clinic.keys['Key north']}",
        }
        data = {"From": "+12125550123"} if method == "POST" else None
        address = filled(clinic, path, NORTH)
        answer = clinic.client.request(method, address, data=data, headers={"Host": PUBLIC_HOST, **shown})
        is_webhook = path.startswith(("/twilio/", "/hooks/"))
        assert (route, 403 if is_webhook else 404) == (route, answer.status_code)
        assert is_webhook or answer.text in ("Not Found\n", "")


def offices_in(clinic: Clinic, route: str) -> tuple[str, ...]:
    """Whose things the address is asked for: one's own, and where it names something of an office, the other's."""
    return (NORTH, SOUTH) if any(f"{{{part}" in route for part in clinic.parts[NORTH]) else (NORTH,)


def filled(clinic: Clinic, path: str, office: str) -> str:
    known = PARTS | clinic.parts[office]

    def fill_part(part: re.Match[str]) -> str:
        assert part[1] in known, f"what stands for {part[0]} in {path}? {HINT}"
        return str(known[part[1]])

    return re.sub(r"{(\w+)(?::\w+)?}", fill_part, path)


def got(answer: httpx2.Response) -> Got:
    assert answer.status_code != 500, answer.text
    if answer.status_code == 404:
        return NOTHING
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in"):
        return SIGN_IN
    return NO if answer.status_code == 403 else IN
