"""A form from another site, or from an earlier session, changes nothing."""

from __future__ import annotations

from notifier.web.pages.routes import PAGES
from tests.web.pages.conftest import FORM, Desk

POSTS = sorted({page.path for page in PAGES if page.method == "POST"})


def _somewhere(path: str) -> str:
    for name, value in (
        ("{enrollment:int}", "1"),
        ("{message:int}", "1"),
        ("{reply:int}", "1"),
        ("{person:int}", "1"),
        ("{key:int}", "1"),
        ("{protocol}", "microneedling"),
    ):
        path = path.replace(name, value)
    return path


def test_a_form_from_another_site_is_refused_wherever_it_says_that_it_is_from(desk: Desk) -> None:
    desk.enroll()
    form = {"form": desk.token(), "who": "Ana"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert (headers, 403) == (headers, desk.client.post("/find", data=form, headers=headers).status_code)


def test_every_form_refuses_what_comes_from_another_site(desk: Desk) -> None:
    desk.enroll()
    form = {**FORM, "form": desk.token(), "what": "cancel"}
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    answers = {path: desk.client.post(_somewhere(path), data=form, headers=elsewhere).status_code for path in POSTS}
    assert dict.fromkeys(POSTS, 403) == answers


def test_every_form_refuses_what_has_not_the_sessions_token(desk: Desk) -> None:
    desk.enroll()
    paths = [path for path in POSTS if path not in ("/enroll", "/import")]  # shown again; a file
    for token in ("", "0" * 64):
        form = {**FORM, "form": token}
        answers = {path: desk.client.post(_somewhere(path), data=form).status_code for path in paths}
        assert dict.fromkeys(paths, 403) == answers


def test_an_enrollment_without_the_sessions_token_is_shown_again_and_not_made(desk: Desk) -> None:
    once = desk.token(field="once")
    response = desk.client.post("/enroll", data={**FORM, "form": "0" * 64, "once": once})
    assert (200, True) == (response.status_code, 'value="Ana Ruiz"' in response.text)
    assert 404 == desk.get("/patients/1").status_code


def test_a_browsers_own_form_passes(desk: Desk) -> None:
    desk.enroll()
    form = {"form": desk.token(), "who": "Ana"}
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}
    assert 303 == desk.client.post("/find", data=form, headers=headers).status_code


def test_a_form_that_is_too_big_is_not_read(desk: Desk) -> None:
    response = desk.client.post("/find", data={"form": desk.token(), "who": "A" * 300_000})
    assert 413 == response.status_code
