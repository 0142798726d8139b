"""What is not there, or went wrong: a page at a browser, a line for a program, nothing for the internet."""

from __future__ import annotations

from datetime import datetime

import httpx2
import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from notifier.web.pages.desk import today
from notifier.web.pages.routes import MOVED
from tests.web.pages.conftest import HERE, Pages, open_pages, words

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PUBLIC = "https://texts.example.org"
NAVIGATION = 'aria-label="Pages"'


def browse(pages: Pages, path: str, method: str = "GET") -> httpx2.Response:
    return pages.client.request(method, path, headers=BROWSER)


def test_an_address_that_leads_nowhere_is_a_page_with_the_way_on(subtests: pytest.Subtests, pages: Pages) -> None:
    for path in ("/nonsense", "/patients/ana", "/patients/99999", f"/patients/{10**30}"):
        with subtests.test(path=path):
            found = browse(pages, path)
            assert (404, True) == (found.status_code, found.headers["content-type"].startswith("text/html"))
            assert "There is nothing here No page has this address" in words(found)
            assert "Back to today" in words(found)
            assert NAVIGATION in found.text


def test_an_address_that_a_page_once_had_leads_to_it(pages: Pages) -> None:
    assert 4 == len(MOVED)
    for old, new in MOVED.items():
        found = pages.client.get(old, follow_redirects=False)
        assert (308, new) == (found.status_code, found.headers["location"])
        assert 404 != browse(pages, new).status_code


def test_a_stranger_reads_it_without_the_pages_of_staff(stranger: Pages) -> None:
    found = browse(stranger, "/nonsense")
    assert (404, False) == (found.status_code, NAVIGATION in found.text)
    assert "To the staff page" in words(found)


@pytest.mark.parametrize(
    ("path", "way"),
    [("/patients/1/change", 'href="/patients/1"'), ("/accounts/offices", 'href="/"'), ("/find", 'href="/"')],
)
def test_the_answer_to_a_form_opened_anew_leads_back(pages: Pages, path: str, way: str) -> None:
    found = browse(pages, path)
    assert (True, True) == (found.status_code in (404, 405), way in found.text)
    assert "detail" not in found.text


def test_a_refused_method_still_says_which_one_is_taken(pages: Pages) -> None:
    found = browse(pages, "/find")
    assert (405, "POST") == (found.status_code, found.headers["allow"])


def test_the_log_says_the_pattern_of_a_page_and_not_its_address(pages: Pages) -> None:
    with capture_logs() as lines:
        for path in ("/patients/99999", "/find", "/nonsense"):
            browse(pages, path)
    said = [(line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert [("/patients/{enrollment:int}", 404), ("/find", 405), ("(none)", 404)] == said


def test_a_form_that_is_too_big_or_cannot_be_read_is_a_page_too(pages: Pages) -> None:
    form = {"form": pages.token()}
    big = pages.client.post("/find", data={**form, "who": "A" * 300_000}, headers=BROWSER)
    many = pages.client.post("/find", data={**form, **{f"f{n}": "" for n in range(400)}}, headers=BROWSER)
    assert (413, True) == (big.status_code, "That is too much for one form." in words(big))
    assert (400, True) == (many.status_code, "This form could not be read." in words(many))


def test_a_crash_is_a_page_that_says_to_look_before_doing_it_again(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("Ana Ruiz")

    monkeypatch.setattr(type(pages.context), "visible_session", crash)
    found = browse(pages, today.PAGES[0].path)
    assert (500, True) == (found.status_code, "Look whether what you did is there" in words(found))
    assert [] == [word for word in ("Ana Ruiz", "Traceback", "RuntimeError") if word in found.text]
    assert "default-src 'none'" in found.headers["content-security-policy"]


def test_a_program_gets_one_line(subtests: pytest.Subtests, pages: Pages) -> None:
    for path in ("/nonsense", "/twilio/nonsense", "/api", "/static/nonsense", "/metrics/x"):
        with subtests.test(path=path):
            headers = {} if path == "/nonsense" else BROWSER
            found = pages.client.get(path, headers=headers)
            assert (404, "Not Found\n") == (found.status_code, found.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nonsense"),
        ("GET", "/patients/1"),
        ("PUT", "/patients/1"),
        ("GET", "/find"),
        ("GET", "/favicon.ico"),
        ("POST", "/nonsense"),
        ("GET", "/twilio/nonsense"),
    ],
)
def test_the_internet_cannot_tell_what_the_staff_page_has(
    sqlite_engine: Engine, now: datetime, method: str, path: str
) -> None:
    with open_pages(sqlite_engine, now, public_host="texts.example.org") as pages:
        pages.account()
        for headers in ({}, BROWSER):
            found = pages.client.request(method, f"{PUBLIC}{path}", headers=headers)
            assert (404, "Not Found\n", None) == (found.status_code, found.text, found.headers.get("allow"))


def test_from_another_machine_only_over_https(pages: Pages) -> None:
    found = browse(pages, "http://10.0.0.5/nonsense")
    assert (403, True) == (found.status_code, "https only" in words(found))
    assert 404 == browse(pages, f"{HERE}/nonsense").status_code


def test_what_a_patients_form_could_not_do_leads_back_to_the_patient(pages: Pages) -> None:
    pages.enroll()
    found = pages.post("/patients/1/change", on="/patients/1", what="change")
    assert (422, True) == (found.status_code, '<a class="button" href="/patients/1">' in found.text)


def test_a_list_that_is_none_is_not_a_crash(subtests: pytest.Subtests, pages: Pages) -> None:
    for which in ("day-", "day-01", "day-7", "day-x", "nonsense"):
        with subtests.test(which=which):
            assert 404 == browse(pages, f"/texts/{which}").status_code


def test_an_address_with_a_question_is_still_known_after_the_sign_in(stranger: Pages) -> None:
    stranger.account()
    asked = "/protocols/compare?a=microneedling&b=microneedling-week"
    way = stranger.get(asked).headers["location"]
    shown = stranger.get(way).text
    assert f'name="to" value="{asked.replace("&", "&amp;")}"' in shown
    assert asked == stranger.sign_in(to=asked).headers["location"]


def test_a_number_that_no_row_can_have_is_not_a_crash(subtests: pytest.Subtests, admin: Pages) -> None:
    for path in ("/accounts/{}/lock", "/api-keys/{}/revoke", "/texts/{}/review", "/replies/{}/close"):
        for number in (10**18 * 9, 10**19, 10**40):
            with subtests.test(path=path, number=number):
                assert admin.post(path.format(number), on="/accounts").status_code in (404, 422)
