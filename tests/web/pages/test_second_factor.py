"""A second factor: whoever knows the password alone gets nowhere, and whoever lost the phone gets in again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import httpx2
import pyotp
import pytest
from sqlalchemy import Engine, select

from notifier.access.accounts import account_called
from notifier.access.manage_accounts import add_staff, set_role
from notifier.access.otp_key import decrypted, encrypted
from notifier.access.second_factor import SecondFactorRule
from notifier.db.engine import reading, writing
from notifier.db.tables import Role, StaffAudit
from notifier.domain.key_set import LENGTH, KeySet
from tests.setups.keys import KEYS
from tests.web.pages.conftest import PASSWORD, Pages, open_pages, words

CODE, SET_UP = "/sign-in/code", "/sign-in/set-up"


@pytest.fixture
def desk(sqlite_engine: Engine, now: datetime) -> Iterator[Pages]:
    """Dr. Sol is an admin, Dana is not; admins must have a second factor."""
    with open_pages(sqlite_engine, now, second_factor=SecondFactorRule.ADMINS) as pages:
        pages.account("Dr. Sol", admin=True)
        pages.account("Dana")
        yield pages


def app_of(shown: httpx2.Response) -> pyotp.TOTP:
    """The app that has the key of a page."""
    found = re.search(r'class="secret"><code>([^<]+)<', shown.text)
    assert found is not None
    return pyotp.TOTP(found[1].replace(" ", "").upper())


def codes_of(shown: httpx2.Response) -> list[str]:
    return re.findall(r"<li><code>([^<]+)</code></li>", shown.text)


def code(pages: Pages, app: pyotp.TOTP, later: int = 30) -> str:
    """The app's code, some seconds after the last one."""
    pages.clock.pass_(seconds=later)
    return app.at(pages.clock.now())


def give(pages: Pages, said: str) -> httpx2.Response:
    return pages.post(CODE, on=CODE, code=said, to="/")


def set_up(pages: Pages, name: str = "Dr. Sol") -> tuple[pyotp.TOTP, list[str]]:
    """The first sign-in of somebody who must have a second factor."""
    assert SET_UP == pages.sign_in(name).headers["location"].partition("?")[0]
    app = app_of(pages.get(SET_UP))
    shown = pages.post(SET_UP, on=SET_UP, code=code(pages, app))
    assert 200 == shown.status_code
    return app, codes_of(shown)


def is_in(pages: Pages) -> bool:
    return 200 == pages.get("/").status_code


def test_an_admin_sets_one_up_at_the_next_sign_in_and_is_asked_from_then_on(desk: Pages) -> None:
    assert SET_UP == desk.sign_in("Dr. Sol").headers["location"].partition("?")[0]
    assert not is_in(desk)
    assert app_of(desk.get(SET_UP)).secret == app_of(desk.get(SET_UP)).secret  # a reload shows the same key
    wrong = desk.post(SET_UP, on=SET_UP, code="000000")
    assert (422, False) == (wrong.status_code, is_in(desk))
    app, recovery = set_up(desk)
    assert (10, True) == (len({one[:4] for one in recovery}), is_in(desk))
    assert not [one for one in recovery if one in desk.get("/account/second-factor").text]
    desk.post("/sign-out")
    assert CODE == desk.sign_in("Dr. Sol").headers["location"].partition("?")[0]
    assert not is_in(desk)
    assert (401, False) == (give(desk, "000000").status_code, is_in(desk))
    assert (303, True) == (give(desk, code(desk, app)).status_code, is_in(desk))


def test_whoever_is_no_admin_needs_none_unless_all_do_and_may_have_one(desk: Pages) -> None:
    assert "/" == desk.sign_in().headers["location"]
    app = app_of(desk.post("/account/second-factor/key"))
    assert 10 == len(codes_of(desk.post("/account/second-factor/confirm", code=code(desk, app))))
    desk.post("/sign-out")
    assert CODE == desk.sign_in().headers["location"].partition("?")[0]
    assert (303, True) == (give(desk, code(desk, app)).status_code, is_in(desk))
    desk.post("/account/second-factor", what="off", code=code(desk, app))
    assert "Set it up" in desk.read("/account/second-factor")
    object.__setattr__(desk.context, "second_factor", SecondFactorRule.ALL)
    assert not is_in(desk)  # a session of before opens nothing
    assert SET_UP == desk.sign_in().headers["location"].partition("?")[0]


def test_a_used_code_is_refused_and_so_is_an_older_one(desk: Pages) -> None:
    app, recovery = set_up(desk)
    used = code(desk, app)
    for said, right in ((used, True), (used, False), (app.at(desk.clock.now() - timedelta(seconds=30)), False)):
        desk.client.cookies.clear()
        desk.sign_in("Dr. Sol")
        give(desk, said)
        assert (said, right) == (said, is_in(desk))
    for right in (True, False):
        desk.client.cookies.clear()
        desk.sign_in("Dr. Sol")
        give(desk, recovery[0].replace("-", " ").upper())
        assert right is is_in(desk)


def test_tries_run_out_however_often_the_password_is_right(desk: Pages) -> None:
    set_up(desk)
    desk.client.cookies.clear()  # another browser: whoever knows the password
    statuses = []
    for _ in range(12):
        desk.sign_in("Dr. Sol")
        response = desk.get(CODE)
        statuses.append(give(desk, "000000").status_code if response.status_code == 200 else response.status_code)
    assert ([401] * 9, False) == (statuses[:9], 401 in statuses[10:])
    assert not is_in(desk)
    assert 10 >= statuses.count(401)


def test_a_locked_page_opens_with_the_password_alone_where_a_code_was_given_today(desk: Pages) -> None:
    app, _ = set_up(desk)
    desk.clock.pass_(hours=1)
    assert not is_in(desk)
    locked = str(desk.client.cookies["notifier"])
    desk.client.cookies.clear()  # another browser is asked
    assert CODE == desk.sign_in("Dr. Sol").headers["location"].partition("?")[0]
    desk.has_cookie(locked)
    assert "/" == desk.sign_in("Dr. Sol").headers["location"]
    desk.clock.pass_(hours=11, minutes=30)
    said = desk.client.post("/sign-in", data={"name": "Dr. Sol", "password": PASSWORD}, headers={"X-Fragment": "1"})
    assert CODE == said.json()["step"]
    desk.clock.pass_(seconds=30)
    given = {"form": said.json()["form"], "code": app.at(desk.clock.now())}
    assert "Dr. Sol" == desk.client.post(CODE, data=given, headers={"X-Fragment": "1"}).json()["name"]


def test_a_lost_phone_is_reset_by_another_admin_and_not_by_oneself(desk: Pages) -> None:
    with writing(desk.engine) as session:
        add_staff(session, "Dr. Moon", PASSWORD, admin=True, now=desk.clock.now(), by="test")
    set_up(desk, "Dr. Moon")
    desk.client.cookies.clear()
    set_up(desk)
    assert 422 == desk.post("/accounts/1/second-factor").status_code
    assert "/accounts" == desk.post("/accounts/3/second-factor").headers["location"]
    desk.client.cookies.clear()
    assert SET_UP == desk.sign_in("Dr. Moon").headers["location"].partition("?")[0]
    with reading(desk.engine) as session:
        said = [one.about for one in session.scalars(select(StaffAudit)) if one.by == "staff:Dr. Sol"]
    assert "set up the second factor of account 1" in said
    assert "reset the second factor of account 3" in said


def test_a_new_phone_and_new_recovery_codes_need_a_code_and_end_other_sessions(desk: Pages) -> None:
    app, recovery = set_up(desk)
    elsewhere = str(desk.client.cookies["notifier"])
    desk.client.cookies.clear()
    desk.sign_in("Dr. Sol")
    give(desk, code(desk, app))
    for refused in (
        desk.post("/account/second-factor", what="new-phone", code="000000"),
        desk.post("/account/second-factor", what="off", code=code(desk, app)),
    ):
        assert 422 == refused.status_code
    assert 303 == desk.post("/account/second-factor/confirm", code="000000").status_code  # no key was asked for
    fresh = codes_of(desk.post("/account/second-factor", what="new-codes", code=recovery[0]))
    assert not {*fresh} & {*recovery}
    assert 422 == desk.post("/account/second-factor", what="new-codes", code=recovery[1]).status_code
    new = app_of(desk.post("/account/second-factor", what="new-phone", code=code(desk, app)))
    desk.post("/account/second-factor/confirm", code=code(desk, new))
    here = str(desk.client.cookies["notifier"])
    desk.has_cookie(elsewhere)
    assert not is_in(desk)
    desk.has_cookie(here)
    desk.post("/sign-out")
    desk.sign_in("Dr. Sol")
    assert 401 == give(desk, code(desk, app)).status_code
    assert 303 == give(desk, code(desk, new)).status_code


def test_whoever_is_made_an_admin_signs_in_anew_and_sets_one_up(desk: Pages) -> None:
    desk.sign_in()
    with writing(desk.engine) as session:
        set_role(session, "Dana", Role.ADMIN, now=desk.clock.now(), by="test")
    assert not is_in(desk)
    assert SET_UP == desk.sign_in().headers["location"].partition("?")[0]


def test_what_was_filled_in_while_locked_comes_back_behind_all_steps(desk: Pages) -> None:
    kept = {"kept.name": "Ana Ruiz", "kept.once": str(uuid4())}
    shown = desk.sign_in("Dr. Sol", **kept)
    given = {"form": desk.token(SET_UP), **kept, "code": code(desk, app_of(shown))}
    codes = desk.client.post(SET_UP, data=given)
    found = re.search(r'name="form" value="([^"]+)"', codes.text)
    assert found is not None
    back = desk.client.post("/sign-in/go-on", data={"form": found[1], "to": "/", **kept})
    assert (200, True) == (back.status_code, 'value="Ana Ruiz"' in back.text)
    assert "Enroll" in words(back)


def test_its_key_is_stored_encrypted_for_one_person_and_opens_with_the_clinics_key_alone(desk: Pages) -> None:
    def stored(secret: str | None = None) -> str:
        with writing(desk.engine) as session:
            staff = account_called(session, "Dr. Sol")
            assert staff is not None
            staff.otp_secret = secret or staff.otp_secret
            return staff.otp_secret or ""

    def opens_with(said: str) -> bool:
        desk.client.cookies.clear()
        desk.sign_in("Dr. Sol")
        give(desk, said)
        return is_in(desk)

    app, recovery = set_up(desk)
    assert (app.secret, 64) == (decrypted(stored(), 1, KEYS), len(stored()))
    stored(app.secret)  # as it stood before it was encrypted
    assert opens_with(code(desk, app))
    assert (app.secret, 64) == (decrypted(stored(), 1, KEYS), len(stored()))
    stored(encrypted(app.secret, 2, KEYS))  # of another account
    assert not opens_with(code(desk, app))
    lost = KeySet(b"l" * LENGTH)
    stored(encrypted(app.secret, 1, lost))
    assert not opens_with(code(desk, app))
    assert "or reset it" in words(give(desk, code(desk, app)))
    assert opens_with(recovery[0])
    object.__setattr__(desk.context, "keys", KeySet(KEYS.current, (lost.current,)))
    assert opens_with(code(desk, app))
    assert app.secret == decrypted(stored(), 1, KEYS)
