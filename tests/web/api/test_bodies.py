"""Bodies, methods and addresses that are not as they should be: a sentence, never a stack."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from notifier.db.tables import Enrollment
from notifier.web.api import once
from notifier.web.api.json_body import MOST_BYTES
from tests.web.api.conftest import ANA, Api


def test_a_body_that_cannot_be_read_in_one_way_is_refused(subtests: pytest.Subtests, sqlite_api: Api) -> None:
    cases: list[tuple[bytes, int, str]] = [
        (b"", 422, "the body is missing"),
        (b"{", 400, "The body is not JSON: expecting property name enclosed in double quotes at line 1, column 2."),
        (b'{"name": "Ana", "name": "Bea"}', 400, 'The body says "name" twice.'),
        (b'{"name": 1e999}', 400, "The body has a number that is too large."),
        (b'{"name": NaN}', 400, "NaN is not JSON."),
        (b'{"name": ' + b"9" * 5000 + b"}", 400, "The body has a number that is too long."),
        (b"[" * 60_000, 400, "The body is nested too deeply."),
        (b'{"name": "\xff"}', 400, "The body is not UTF-8: byte 10 is wrong."),
        (b'{"name": "\\u0000"}', 400, "NUL or half a surrogate pair"),
        (b'{"answers": {"\\ud800": "x"}}', 400, "NUL or half a surrogate pair"),
        (b"[]", 422, "the body must be an object in braces."),
        (b"null", 422, "the body must be an object in braces."),
        (b'"' + b"x" * MOST_BYTES + b'"', 413, "The body is over 64 KiB"),
    ]
    for body, status, sentence in cases:
        with subtests.test(body=body, status=status, sentence=sentence):
            response = sqlite_api.send("/enrollments", body)
            assert (status, "application/problem+json") == (response.status_code, response.headers["Content-Type"])
            assert sentence in response.json()["detail"]


def test_a_body_without_a_length_is_read_no_further_than_it_may_be_long(sqlite_api: Api) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 8192
            yield b" " * 8192

    headers = {**sqlite_api.headers(), "Content-Type": "application/json"}
    response = sqlite_api.client.post("/api/v1/enrollments", content=endless(), headers=headers)
    assert 413 == response.status_code


def test_only_json_is_taken(subtests: pytest.Subtests, sqlite_api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""):
        with subtests.test(kind=kind):
            assert 415 == sqlite_api.send("/enrollments", b"{}", kind).status_code


def test_a_wrong_method_is_told_on_every_address_which_there_are(sqlite_api: Api) -> None:
    paths = sqlite_api.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        allowed = {method.upper() for method in methods}
        for wrong in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - allowed:
            address = re.sub(r"{.*?}", "1", path)
            response = sqlite_api.client.request(wrong, address, headers=sqlite_api.headers())
            said = (response.status_code, {*response.headers.get("Allow", "").split(", ")})
            assert (wrong, path, 405, allowed) == (wrong, path, *said)


def test_an_address_that_is_none_is_a_problem_too(subtests: pytest.Subtests, sqlite_api: Api) -> None:
    for path in ("/nothing", "/enrollments/1/undo", "/enrollments/a%0Ab/x", "/", "/enrollments/"):
        with subtests.test(path=path):
            response = sqlite_api.get(path)
            assert (404, "application/problem+json") == (response.status_code, response.headers["Content-Type"])


def test_a_number_that_is_none_is_said_so(subtests: pytest.Subtests, sqlite_api: Api) -> None:
    for number in ("abc", "0", "-1", "99999999999999999999", "1.5"):
        with subtests.test(number=number):
            assert 422 == sqlite_api.get(f"/enrollments/{number}").status_code


def test_nothing_is_read_before_the_key(sqlite_api: Api) -> None:
    sqlite_api.key = ""
    assert [401, 401] == [sqlite_api.send("/enrollments", b"{", kind).status_code for kind in ("", "application/json")]


def test_a_mistake_of_ours_tells_nothing_and_changes_nothing(sqlite_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Ana Ruiz +12125550123")

    monkeypatch.setattr(once, "store_response", broken)
    response = sqlite_api.post("/enrollments", ANA, **{"Idempotency-Key": "a"})
    assert (500, "application/problem+json") == (response.status_code, response.headers["Content-Type"])
    assert "Something went wrong here; it has been written down." == response.json()["detail"]
    assert [] == sqlite_api.all(Enrollment)
