"""Who gets in, for how long, and who does not."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.access.manage_accounts import deactivate, revoke_sessions, set_password
from notifier.db.engine import reading, writing
from notifier.db.tables import Staff, StaffAudit, StaffSession
from tests.web.pages.conftest import HERE, PASSWORD, Pages, open_pages, words


def test_without_an_account_every_page_says_how_to_make_one_and_nothing_else(stranger: Pages) -> None:
    stranger.enroll()
    response = stranger.client.get("/patients/1", follow_redirects=True)
    assert "notifier staff add NAME --admin" in words(response)
    assert "Ana" not in response.text
    assert "password" not in response.text


@pytest.mark.parametrize("path", ["/", "/enroll", "/patients/1", "/texts/1", "/texts/day-0", "/protocols"])
def test_nobody_sees_a_page_without_signing_in(stranger: Pages, path: str) -> None:
    stranger.account()
    stranger.enroll()
    response = stranger.get(path)
    assert (303, True) == (response.status_code, response.headers["location"].startswith("/sign-in?to="))
    assert "Ana" not in stranger.client.get(path, follow_redirects=True).text


def test_after_the_sign_in_comes_the_page_that_was_asked_for(stranger: Pages) -> None:
    stranger.account()
    assert "/protocols" == stranger.sign_in(to="/protocols").headers["location"]


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\n/evil.example"])
def test_a_sign_in_never_leads_to_another_site(stranger: Pages, to: str) -> None:
    stranger.account()
    assert "/" == stranger.sign_in(to=to).headers["location"]


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(stranger: Pages) -> None:
    stranger.account()
    known, unknown = stranger.sign_in(password="not it at all"), stranger.sign_in("Nobody")
    assert (401, known.text) == (unknown.status_code, unknown.text)


def test_an_unknown_name_costs_a_password_check_too(stranger: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes the time is the hash; it is computed for both."""
    checked: list[str] = []
    from pwdlib import PasswordHash  # noqa: PLC0415  # only this test looks inside

    real = PasswordHash.verify

    def verify(self: PasswordHash, password: str, stored: str) -> bool:
        checked.append(stored.split("$")[1])
        return real(self, password, stored)

    stranger.account()
    monkeypatch.setattr(PasswordHash, "verify", verify)
    stranger.sign_in("Nobody")
    stranger.sign_in(password="not it at all")
    assert ["argon2id", "argon2id"] == checked


def test_a_password_is_stored_as_argon2id_alone(pages: Pages) -> None:
    with reading(pages.engine) as session:
        stored = session.scalars(select(col(Staff.password_hash))).one()
    assert stored.startswith("$argon2id$")


def test_the_database_does_not_know_the_token(pages: Pages) -> None:
    with reading(pages.engine) as session:
        stored = session.scalars(select(col(StaffSession.token_hash))).one()
    assert pages.client.cookies["notifier"] != stored
    pages.has_cookie(stored)
    assert 303 == pages.get("/").status_code


def test_the_cookie_is_kept_from_scripts_and_other_sites(stranger: Pages) -> None:
    stranger.account()
    cookie = stranger.sign_in().headers["set-cookie"]
    assert cookie.startswith("notifier=")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_over_tls_the_cookie_is_bound_to_the_host(stranger: Pages) -> None:
    stranger.account()
    stranger.client.base_url = "https://desk.clinic.lan"
    cookie = stranger.sign_in().headers["set-cookie"]
    assert cookie.startswith("__Host-notifier=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))


def test_signing_in_again_ends_the_session_before(pages: Pages) -> None:
    """Nobody can plant a session and use it later."""
    before = pages.client.cookies["notifier"]
    pages.sign_in()
    after = pages.client.cookies["notifier"]
    assert before != after
    pages.has_cookie(before)
    assert 303 == pages.get("/").status_code


def test_a_session_locks_after_a_quarter_of_an_hour(pages: Pages) -> None:
    pages.clock.pass_(minutes=14, seconds=59)
    assert 200 == pages.get("/protocols").status_code
    pages.clock.pass_(minutes=15, seconds=1)
    assert 303 == pages.get("/protocols").status_code


def test_a_session_ends_after_twelve_hours_however_busy(pages: Pages) -> None:
    for _ in range(12 * 6):
        assert 200 == pages.get("/protocols").status_code
        pages.clock.pass_(minutes=10)
    pages.clock.pass_(seconds=1)
    assert 303 == pages.get("/protocols").status_code


def test_signing_out_ends_the_session_in_the_database(pages: Pages) -> None:
    token = pages.client.cookies["notifier"]
    pages.post("/sign-out")
    pages.has_cookie(token)
    assert 303 == pages.get("/").status_code


@pytest.mark.parametrize("end", [deactivate, revoke_sessions])
def test_whoever_leaves_is_out_at_once(pages: Pages, end: object) -> None:
    with writing(pages.engine) as session:
        assert 1 == end(session, "dana", now=pages.clock.now(), by="test")  # type: ignore[operator]  # both are stories
    assert 303 == pages.get("/").status_code


def test_a_deactivated_account_cannot_sign_in(pages: Pages) -> None:
    pages.account("Eve")
    with writing(pages.engine) as session:
        deactivate(session, "Dana", now=pages.clock.now(), by="test")
    assert 401 == pages.sign_in().status_code


def test_a_new_password_ends_every_session(pages: Pages) -> None:
    with writing(pages.engine) as session:
        set_password(session, "Dana", "another four words", now=pages.clock.now(), by="test")
    assert 303 == pages.get("/").status_code
    assert (401, 303) == (pages.sign_in().status_code, pages.sign_in(password="another four words").status_code)


def test_ten_wrong_passwords_are_enough_for_a_while(stranger: Pages) -> None:
    """The eleventh is not even checked; other people at the same desk still get in."""
    stranger.account()
    stranger.account("Eve")
    tried = [stranger.sign_in(password="wrong password").status_code for _ in range(11)]
    assert [401] * 10 + [429] == tried
    assert (429, 303) == (stranger.sign_in().status_code, stranger.sign_in("Eve").status_code)


def test_who_saw_and_did_what_is_written_down(pages: Pages) -> None:
    pages.enroll()
    pages.get("/patients/1")
    pages.sign_in("Dana", "wrong password")
    with reading(pages.engine) as session:
        lines = session.scalars(select(StaffAudit).order_by(col(StaffAudit.id))).all()
    seen = [(line.by, line.what, line.about, line.enrollment_id) for line in lines][1:]
    assert [
        ("staff:Dana", "signed_in", None, None),
        ("staff:Dana", "saw", "patient", 1),
        ("nobody", "refused", "sign-in as account 1", None),
    ] == seen


@pytest.mark.parametrize("path", ["/", "/sign-in", "/enroll", "/static/page.css", "/patients/1"])
def test_the_public_host_name_has_no_staff_page(sqlite_engine: Engine, now: datetime, path: str) -> None:
    with open_pages(sqlite_engine, now, public_host="texts.example.org") as pages:
        pages.account()
        assert 404 == pages.client.get(f"https://texts.example.org{path}").status_code
        assert 404 != pages.client.get(f"{HERE}/sign-in").status_code


def test_nothing_is_shown_in_the_clear_but_on_this_machine(stranger: Pages) -> None:
    stranger.account()
    response = stranger.client.get("http://10.0.0.5/sign-in")
    assert 403 == response.status_code
    assert "https" in words(response)


def test_a_page_is_kept_nowhere_and_framed_nowhere(pages: Pages) -> None:
    headers = pages.get("/").headers
    assert "no-store" == headers["cache-control"]
    policy = set(headers["content-security-policy"].split("; "))
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= policy


def test_the_sign_in_itself_is_refused_from_another_site(stranger: Pages) -> None:
    stranger.account()
    form = {"name": "Dana", "password": PASSWORD}
    response = stranger.client.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert (403, False) == (response.status_code, "set-cookie" in response.headers)
