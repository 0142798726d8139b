"""A form from another site, or from an earlier session, changes nothing."""

from __future__ import annotations

import re

from notifier.db.engine import reading
from notifier.db.overlays import overlay_draft
from notifier.web.pages.routes import PAGES
from tests.web.pages.conftest import FORM, Pages

POSTS = sorted({page.path for page in PAGES if page.method == "POST"})
SHOWN_AGAIN = {page.path for page in PAGES if page.kept_by is not None}
"""Forms that one writes in for long: with what was typed, and nothing done."""


def _somewhere(path: str) -> str:
    return re.sub(r"\{\w+:int\}", "1", path).replace("{protocol}", "microneedling")


def test_a_form_from_another_site_is_refused_wherever_it_says_that_it_is_from(pages: Pages) -> None:
    pages.enroll()
    form = {"form": pages.token(), "who": "Ana"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert (headers, 403) == (headers, pages.client.post("/find", data=form, headers=headers).status_code)


def test_every_form_refuses_what_comes_from_another_site(pages: Pages) -> None:
    pages.enroll()
    form = {**FORM, "form": pages.token(), "what": "cancel"}
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    answers = {path: pages.client.post(_somewhere(path), data=form, headers=elsewhere).status_code for path in POSTS}
    assert dict.fromkeys(POSTS, 403) == answers


def test_every_form_refuses_what_has_not_the_sessions_token(pages: Pages) -> None:
    pages.enroll()
    paths = [path for path in POSTS if path not in {"/import", *SHOWN_AGAIN}]  # the one takes a file
    for token in ("", "0" * 64):
        form = {**FORM, "form": token}
        answers = {path: pages.client.post(_somewhere(path), data=form).status_code for path in paths}
        assert dict.fromkeys(paths, 403) == answers


def test_an_enrollment_without_the_sessions_token_is_shown_again_and_not_made(pages: Pages) -> None:
    once = pages.token(field="once")
    response = pages.client.post("/enroll", data={**FORM, "form": "0" * 64, "once": once})
    assert (200, True) == (response.status_code, 'value="Ana Ruiz"' in response.text)
    assert 404 == pages.get("/patients/1").status_code


def test_words_over_a_protocol_without_the_sessions_token_are_shown_again_and_not_kept(pages: Pages) -> None:
    typed = {"form": "0" * 64, "toml": 'extends = "microneedling"', "as-toml": "yes"}
    response = pages.client.post("/protocols/microneedling/words", data=typed)
    with reading(pages.engine) as session:
        assert (200, None) == (response.status_code, overlay_draft(session, "microneedling"))


def test_a_browsers_own_form_passes(pages: Pages) -> None:
    pages.enroll()
    form = {"form": pages.token(), "who": "Ana"}
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}
    assert 303 == pages.client.post("/find", data=form, headers=headers).status_code


def test_a_form_that_is_too_big_is_not_read(pages: Pages) -> None:
    response = pages.client.post("/find", data={"form": pages.token(), "who": "A" * 300_000})
    assert 413 == response.status_code


def test_pages_are_compressed_and_no_two_of_them_carry_the_same_token(pages: Pages) -> None:
    """Of a secret that stays the same beside words that somebody else chose, a compressed length tells (BREACH)."""
    answer = pages.get("/enroll")
    assert ("gzip", "Accept-Encoding") == (answer.headers["content-encoding"], answer.headers["vary"])
    assert int(answer.headers["content-length"]) * 3 < len(answer.content)
    first, second = pages.token(), pages.token()
    assert first != second
    taken = [pages.client.post("/still-here", data={"form": one}).status_code for one in (first, second, first[:-1])]
    assert [204, 204, 403] == taken
