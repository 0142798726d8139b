"""People and programs: an admin adds, locks and looks; everybody else has an own password and own sessions."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from notifier.access.accounts import account_called, audit
from notifier.access.api_keys import all_keys, hash_of, key_with
from notifier.access.audit_log import audited
from notifier.db.engine import reading, writing
from notifier.db.tables import Role
from tests.web.pages.conftest import PASSWORD, Pages, words
from tests.web.pages.test_offices import OFFICES

NEW = "a quite different one"


def secret(shown: str) -> str:
    found = re.search(r'class="secret"><code>([^<]+)<', shown)
    assert found is not None
    return found[1]


def role_of(pages: Pages, name: str) -> Role:
    with reading(pages.engine) as session:
        account = account_called(session, name)
    assert account is not None
    return account.role


@pytest.mark.parametrize("path", ["/accounts", "/api-keys", "/audit-log"])
def test_only_an_admin_sees_people_programs_and_the_record(pages: Pages, path: str) -> None:
    assert (403, False) == (pages.get(path).status_code, 'href="/accounts"' in pages.get("/").text)


def test_only_an_admin_changes_an_account(subtests: pytest.Subtests, pages: Pages) -> None:
    for action in ("password", "role", "lock", "unlock", "sign-out"):
        with subtests.test(action=action):
            assert 403 == pages.post(f"/accounts/1/{action}", role="admin").status_code
            assert Role.STAFF is role_of(pages, "Dana")


def test_whoever_is_added_signs_in_with_the_password_that_was_shown_once(admin: Pages) -> None:
    shown = admin.post("/accounts", name="Eve", role="staff").text
    assert secret(shown) not in admin.get("/accounts").text
    assert "/sign-in/password?to=%2F" == admin.sign_in("Eve", secret(shown)).headers["location"]
    assert "/sign-in?to=%2F" == admin.get("/").headers["location"]  # it opens nothing else
    for new, again, sentence in (
        (secret(shown), secret(shown), "the old one"),
        (NEW, "another", "The two passwords differ"),
        ("password1234", "password1234", "one of the commonest"),
        ("Glow-Eve-2026!", "Glow-Eve-2026!", 'hardly more than "'),
    ):
        refused = admin.post("/sign-in/password", on="/sign-in/password", new=new, again=again)
        assert (422, True) == (refused.status_code, sentence in words(refused)), words(refused)
    assert "/" == admin.post("/sign-in/password", on="/sign-in/password", new=NEW, again=NEW).headers["location"]
    assert 403 == admin.get("/accounts").status_code
    assert "/" == admin.sign_in("Eve", NEW).headers["location"]


def test_a_name_that_is_taken_is_said_on_the_page_and_without_a_command(admin: Pages) -> None:
    shown = admin.post("/accounts", name="dr. sol", role="staff")
    assert (422, True) == (shown.status_code, "has an account already" in words(shown))
    assert "notifier " not in words(shown)


def test_a_new_password_ends_the_sessions_and_the_old_one(admin: Pages) -> None:
    admin.account()
    shown = admin.post("/accounts/2/password").text
    assert 401 == admin.sign_in("Dana").status_code
    assert 303 == admin.sign_in("Dana", secret(shown)).status_code


def test_a_locked_account_opens_nothing_until_it_is_unlocked(admin: Pages) -> None:
    admin.account()
    admin.post("/accounts/2/lock")
    assert "Dana staff locked" in admin.read("/accounts")
    assert 401 == admin.client.post("/sign-in", data={"name": "Dana", "password": PASSWORD}).status_code
    admin.post("/accounts/2/unlock")
    assert 303 == admin.sign_in("Dana").status_code


def test_a_role_is_changed(admin: Pages) -> None:
    admin.account()
    admin.post("/accounts/2/role", role="admin")
    assert Role.ADMIN is role_of(admin, "Dana")
    admin.post("/accounts/2/role", role="staff")
    assert Role.STAFF is role_of(admin, "Dana")


@pytest.mark.parametrize("action", ["role", "lock"])
def test_the_last_admin_stays_one(admin: Pages, action: str) -> None:
    refused = admin.post(f"/accounts/1/{action}", role="staff")
    assert (422, True) == (refused.status_code, "is the only admin" in words(refused))
    assert (Role.ADMIN, 200) == (role_of(admin, "Dr. Sol"), admin.get("/accounts").status_code)


def test_somebody_is_signed_out_everywhere(admin: Pages) -> None:
    admin.account()
    tokens = []
    for name in ("Dana", "Dr. Sol"):
        admin.client.cookies.clear()
        admin.sign_in(name)
        tokens.append(str(admin.client.cookies["notifier"]))
    admin.post("/accounts/2/sign-out")
    assert 200 == admin.get("/accounts").status_code
    admin.has_cookie(tokens[0])
    assert 303 == admin.get("/").status_code


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("not it", NEW, NEW, "the password you have now is another one"),
        (PASSWORD, NEW, "another", "the two new passwords differ"),
        (PASSWORD, "short", "short", "use at least 12"),
    ],
)
def test_an_own_password_is_not_changed(pages: Pages, old: str, new: str, again: str, sentence: str) -> None:
    refused = pages.post("/account/password", old=old, new=new, again=again)
    assert (422, True) == (refused.status_code, sentence in words(refused).lower())
    assert 303 == pages.sign_in().status_code


def test_an_own_password_is_changed_and_every_session_ends(pages: Pages) -> None:
    assert "/sign-in" == pages.post("/account/password", old=PASSWORD, new=NEW, again=NEW).headers["location"]
    assert (401, 303) == (pages.sign_in().status_code, pages.sign_in(password=NEW).status_code)


def test_wrong_old_passwords_run_out(pages: Pages) -> None:
    tries = [pages.post("/account/password", old="no", new=NEW, again=NEW).status_code for _ in range(11)]
    assert [422] * 10 + [429] == tries


def test_own_sessions_are_seen_and_ended_and_nobody_elses(pages: Pages) -> None:
    pages.account("Eve")
    tokens = {}
    for key, name in (("lost", "Dana"), ("eve", "Eve"), ("here", "Dana")):
        pages.client.cookies.clear()
        pages.sign_in(name)
        tokens[key] = str(pages.client.cookies["notifier"])
    assert 2 == pages.read("/account").count("Sign it out")  # the fixture's own, and the lost one
    assert 422 == pages.post("/account/sessions").status_code  # which one is not said
    pages.post("/account/sessions/others")
    open_ = {}
    for key, token in tokens.items():
        pages.has_cookie(token)
        open_[key] = pages.get("/").status_code
    assert {"lost": 303, "eve": 200, "here": 200} == open_


def test_a_key_is_shown_once_with_its_scopes_and_revoked(admin: Pages) -> None:
    assert 422 == admin.post("/api-keys", name="EHR").status_code
    key = secret(admin.post("/api-keys", name="EHR", **{"scope.enroll": "yes"}).text)
    listed = admin.get("/api-keys")
    assert (key in listed.text, "May: enroll. Never used yet." in words(listed)) == (False, True)
    with reading(admin.engine) as session:
        found = key_with(session, hash_of(key))
        assert found is not None
        assert ["enroll"] == found.scopes
    admin.post("/api-keys/1/revoke")
    with reading(admin.engine) as session:
        assert ["staff:Dr. Sol"] == [one.revoked_by for one in all_keys(session)]


def test_the_record_is_filtered_by_person_patient_and_day(admin: Pages) -> None:
    admin.account()
    admin.enroll()
    admin.get("/patients/1")
    admin.sign_in("Dana")
    admin.get("/protocols")
    admin.get("/patients/1")
    admin.sign_in("Dr. Sol")
    everything = admin.read("/audit-log")
    assert "Dr. Sol" in everything
    assert "saw: patient Ana Ruiz" in everything
    assert "added admin account 1 (Dr. Sol)" in everything
    hers = admin.read("/audit-log?who=person-2").partition("Patient ")[2]
    assert ("Dana" in hers, "Dr. Sol" in hers) == (True, False)
    assert 2 == admin.read("/audit-log?patient=1").count("saw: patient")
    assert "Nothing." in admin.read("/audit-log?patient=9")
    assert "Nothing." in admin.read("/audit-log?day=2026-03-05")
    assert "saw: patient" in admin.read("/audit-log?day=2026-03-06")


def test_an_odd_filter_is_none(subtests: pytest.Subtests, admin: Pages) -> None:
    for query in ("day=x", "day=9999-12-31", "patient=-1", f"patient={9**30}", "who=x", "before=x"):
        with subtests.test(query=query):
            assert 200 == admin.get(f"/audit-log?{query}").status_code


def test_a_long_record_goes_on_behind_older(admin: Pages) -> None:
    with writing(admin.engine) as session:
        for _ in range(101):
            audit(session, at=admin.clock.now(), by="staff:Rae", what="did", about="something")
    first = admin.get("/audit-log")
    older = re.search(r'href="(/audit-log\?[^"]+)">Older', first.text)
    assert older is not None
    assert 100 == first.text.count("<tr><td>")
    assert "signed in" in admin.read(older[1].replace("&amp;", "&"))


def test_whose_patients_somebody_sees_is_chosen_where_there_are_offices(admin: Pages) -> None:
    assert "Sees the patients of" not in admin.read("/accounts")
    object.__setattr__(admin.context, "rules", replace(admin.context.rules, offices=OFFICES))
    admin.post("/accounts", name="Eve", role="staff", office="north")
    assert "Sees north." in admin.read("/accounts")
    admin.post("/accounts/2/offices", office="desert")
    assert "Sees desert." in admin.read("/accounts")
    assert 422 == admin.post("/accounts/2/offices", office="moon").status_code
    admin.post("/accounts/2/offices")
    assert 2 == admin.read("/accounts").count("Sees all offices.")


def test_a_key_is_for_one_office_where_there_are_several(admin: Pages) -> None:
    assert "key-office" not in admin.get("/api-keys").text
    object.__setattr__(admin.context, "rules", replace(admin.context.rules, offices=OFFICES))
    admin.post("/api-keys", name="EHR", office="north", **{"scope.read": "yes"})
    admin.post("/api-keys", name="BOOKING", office="", **{"scope.read": "yes"})
    with reading(admin.engine) as session:
        assert {"EHR": "north", "BOOKING": None} == {one.name: one.office for one in all_keys(session)}
    assert "Sees north." in admin.read("/api-keys")
    assert 422 == admin.post("/api-keys", name="CRM", office="moon", **{"scope.read": "yes"}).status_code


def test_a_form_that_is_refused_keeps_what_was_typed(admin: Pages) -> None:
    refused = admin.post("/api-keys", name="EHR of <b>ours</b>").text
    assert 'value="EHR of &lt;b&gt;ours&lt;/b&gt;"' in refused
    admin.post("/api-keys", name="EHR", **{"scope.enroll": "yes"})
    taken = admin.post("/api-keys", name="EHR", **{"scope.enroll": "yes"}).text
    assert ('name="scope.enroll" value="yes" checked' in taken, 'name="scope.read" value="yes" checked' in taken) == (
        True,
        False,
    )
    assert 'value="Dr. Sol"' in admin.post("/accounts", name="Dr. Sol", role="staff").text.partition('id="add"')[2]


def test_signed_out_everywhere_is_out_here_too_and_the_browser_keeps_nothing(pages: Pages) -> None:
    elsewhere = str(pages.client.cookies["notifier"])
    pages.client.cookies.clear()
    pages.sign_in()
    out = pages.post("/account/sessions/all")
    assert ("/sign-in", '"cache", "storage"') == (out.headers["location"], out.headers["Clear-Site-Data"])
    for token in (elsewhere, str(pages.client.cookies.get("notifier", ""))):
        pages.has_cookie(token)
        assert 303 == pages.get("/").status_code
    over_tls = pages.client.get("https://127.0.0.1/sign-in").headers
    assert "max-age=31536000" == over_tls["Strict-Transport-Security"]


def test_every_change_to_an_account_or_a_key_says_from_where(admin: Pages) -> None:
    admin.post("/accounts", name="Eve", role="staff")
    for action in ("role", "offices", "languages", "lock", "unlock", "sign-out", "password"):
        admin.post(f"/accounts/2/{action}", role="staff")
    admin.post("/api-keys", name="EHR", **{"scope.enroll": "yes"})
    admin.post("/account/sessions/all")
    with reading(admin.engine) as session:
        entries = [one for one in audited(session, 100) if one.by == "staff:Dr. Sol"]
    assert 10 == len([one for one in entries if one.what == "did"])
    assert [] == [one.about for one in entries if (one.address, one.device) != ("127.0.0.1", entries[0].device)]
