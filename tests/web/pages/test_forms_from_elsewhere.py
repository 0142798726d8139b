"""A form from another site, or from an earlier session, changes nothing."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_from_another_site_is_refused(desk: Desk, path: str, headers: dict[str, str]) -> None:
    desk.enroll()
    form = {**FORM, "form": desk.token(), "what": "cancel"}
    assert 403 == desk.client.post(_somewhere(path), data=form, headers=headers).status_code


@pytest.mark.parametrize("path", [path for path in POSTS if path not in ("/enroll", "/import")])  # shown again; a file
@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_without_the_sessions_token_is_refused(desk: Desk, path: str, token: str) -> None:
    desk.enroll()
    assert 403 == desk.client.post(_somewhere(path), data={**FORM, "form": token}).status_code


def test_an_enrollment_without_the_sessions_token_is_shown_again_and_not_made(desk: Desk) -> None:
    once = desk.token(field="once")
    answer = desk.client.post("/enroll", data={**FORM, "form": "0" * 64, "once": once})
    assert (200, True) == (answer.status_code, 'value="Ana Ruiz"' in answer.text)
    assert 404 == desk.get("/patients/1").status_code


def test_a_browsers_own_form_passes(desk: Desk) -> None:
    desk.enroll()
    form = {"form": desk.token(), "who": "Ana"}
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}
    assert 303 == desk.client.post("/find", data=form, headers=headers).status_code


def test_a_form_that_is_too_big_is_not_read(desk: Desk) -> None:
    answer = desk.client.post("/find", data={"form": desk.token(), "who": "A" * 300_000})
    assert 413 == answer.status_code
