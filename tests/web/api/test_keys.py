"""Who may call: keys, their scopes, and what is written down."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Engine, func, select

from notifier.access.api_keys import revoke_key
from notifier.db.engine import open_engine, reading, writing
from notifier.db.tables import ApiKey, Scope, StaffAudit, WrongPassword
from notifier.domain.refused import Refused
from tests.web.api.conftest import ANA, Api, open_program


def test_without_a_key_nothing_is_told(sqlite_api: Api) -> None:
    sqlite_api.key = ""
    response = sqlite_api.get("/enrollments")
    assert (401, 'Bearer realm="Notifier"') == (response.status_code, response.headers["WWW-Authenticate"])


def test_a_wrong_key_opens_nothing(subtests: pytest.Subtests, sqlite_api: Api) -> None:
    for key in ("nk_" + "x" * 43, "short", "nk_" + "x" * 200, "with space" * 4, "é" * 40):
        with subtests.test(key=key):
            response = sqlite_api.client.get(
                "/api/v1/enrollments", headers={b"Authorization": f"Bearer {key}".encode()}
            )
            assert (401, True) == (
                response.status_code,
                'error="invalid_token"' in response.headers["WWW-Authenticate"],
            )


def test_a_revoked_key_opens_nothing_from_then_on(api: Api) -> None:
    assert 200 == api.get("/enrollments").status_code
    with writing(api.engine) as session:
        revoke_key(session, "EHR", now=api.clock.now(), by="test")
    assert 401 == api.get("/enrollments").status_code


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(Scope.READ, [200, 403, 403]), (Scope.ENROLL, [403, 200, 403]), (Scope.CHANGE, [403, 403, 200])],
)
def test_a_key_does_what_its_scopes_say(sqlite_api: Api, scope: Scope, expected: list[int]) -> None:
    enrolled = sqlite_api.enroll()
    sqlite_api.key = sqlite_api.new_key("Narrow", scope)
    answers = [
        sqlite_api.get("/enrollments"),
        sqlite_api.post("/enrollments", ANA),
        sqlite_api.post(f"/enrollments/{enrolled}/hold", {}),
    ]
    assert expected == [response.status_code for response in answers]


def test_the_database_knows_no_key_only_its_hash(api: Api) -> None:
    (stored,) = api.all(ApiKey)
    assert api.key not in repr(stored.model_dump())
    assert (api.key[:9], 64) == (stored.prefix, len(stored.key_hash))


def _counted(api: Api) -> int:
    with reading(api.engine) as session:
        return session.scalar(select(func.count()).select_from(WrongPassword)) or 0


def test_no_number_of_wrong_keys_changes_an_answer_or_locks_the_right_one_out(sqlite_api: Api) -> None:
    good, sqlite_api.key = sqlite_api.key, "nk_" + "x" * 43
    answers = [sqlite_api.get("/enrollments") for _ in range(22)]
    assert [401] * 22 == [response.status_code for response in answers]
    assert 20 == _counted(sqlite_api)
    sqlite_api.key = ""
    sqlite_api.get("/enrollments")
    assert 20 == _counted(sqlite_api)  # whoever says no key has guessed none
    sqlite_api.key = good
    assert 200 == sqlite_api.get("/enrollments").status_code


def test_who_saw_and_did_what_is_written_down_without_patient_data(api: Api) -> None:
    enrolled = api.enroll()
    api.get(f"/enrollments/{enrolled}")
    api.post(f"/enrollments/{enrolled}/hold", {"dry_run": True})
    api.post(f"/enrollments/{enrolled}/hold", {})
    api.post("/enrollments/search", {"phone": ANA["phone"]})
    api.key = api.new_key("Reader", Scope.READ)
    api.post(f"/enrollments/{enrolled}/cancel", {})
    written = [(one.by, one.what, one.about, one.enrollment_id) for one in api.all(StaffAudit) if one.by != "test"]
    one = "/api/v1/enrollments/{enrollment}"
    assert written == [
        ("api:EHR", "did", "POST /api/v1/enrollments", enrolled),
        ("api:EHR", "saw", f"GET {one}", enrolled),
        ("api:EHR", "saw", f"POST {one}/hold", enrolled),
        ("api:EHR", "did", f"POST {one}/hold", enrolled),
        ("api:EHR", "saw", "POST /api/v1/enrollments/search", enrolled),
        ("api:Reader", "refused", f"POST {one}/cancel", None),
    ]


def test_when_a_key_was_last_used_is_known_to_the_minute(sqlite_api: Api) -> None:
    sqlite_api.get("/enrollments")
    first = sqlite_api.clock.now()
    sqlite_api.clock.pass_(seconds=59)
    sqlite_api.get("/enrollments")
    assert first == sqlite_api.all(ApiKey)[0].seen_at
    sqlite_api.clock.pass_(seconds=2)
    sqlite_api.get("/enrollments")
    assert sqlite_api.clock.now() == sqlite_api.all(ApiKey)[0].seen_at


def test_a_name_has_one_working_key(engine: Engine, api: Api) -> None:
    with pytest.raises(Refused, match='there is a key "EHR" already'):
        api.new_key("EHR")
    with writing(engine) as session:
        revoke_key(session, "EHR", now=api.clock.now(), by="test")
    assert api.key != api.new_key("EHR")


@pytest.mark.parametrize("path", ["/enrollments", "/openapi.json", "/nothing"])
def test_the_internet_does_not_even_see_that_there_is_an_api(sqlite_api: Api, path: str) -> None:
    object.__setattr__(sqlite_api.context, "public_host", "texts.example.org")
    there = {**sqlite_api.headers(), "Host": "texts.example.org"}
    assert 404 == sqlite_api.client.get(f"/api/v1{path}", headers=there).status_code


def test_no_key_travels_in_the_clear(sqlite_api: Api) -> None:
    elsewhere = {**sqlite_api.headers(), "Host": "frontdesk.lan"}
    response = sqlite_api.client.get("/api/v1/enrollments", headers=elsewhere)
    assert (403, "Use https, or call from the machine that this runs on.") == (
        response.status_code,
        response.json()["detail"],
    )


def test_a_busy_database_is_said_so_and_nothing_is_done(sqlite_url: str, now: datetime) -> None:
    engine = open_engine(sqlite_url, busy_seconds=0)
    with open_program(engine, now) as api:
        with engine.connect() as other, other.begin():
            answers = [api.post("/enrollments", ANA), api.get("/enrollments")]
        assert [(503, "2")] * 2 == [(one.status_code, one.headers["Retry-After"]) for one in answers]
        assert 201 == api.post("/enrollments", ANA).status_code
    engine.dispose()
