"""Who may call: keys, their scopes, and what is written down."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Engine

from notifier.access.api_keys import revoke_key
from notifier.db.engine import open_engine, writing
from notifier.db.tables import ApiKey, Scope, StaffAudit
from notifier.domain.refused import Refused
from tests.web.api.conftest import ANA, Program, open_program


def test_without_a_key_nothing_is_told(sqlite_program: Program) -> None:
    sqlite_program.key = ""
    response = sqlite_program.get("/enrollments")
    assert (401, 'Bearer realm="Notifier"') == (response.status_code, response.headers["WWW-Authenticate"])


def test_a_wrong_key_opens_nothing(subtests: pytest.Subtests, sqlite_program: Program) -> None:
    for key in ("nk_" + "x" * 43, "short", "nk_" + "x" * 200, "with space" * 4, "é" * 40):
        with subtests.test(key=key):
            response = sqlite_program.client.get(
                "/api/v1/enrollments", headers={b"Authorization": f"Bearer {key}".encode()}
            )
            assert (401, True) == (
                response.status_code,
                'error="invalid_token"' in response.headers["WWW-Authenticate"],
            )


def test_a_revoked_key_opens_nothing_from_then_on(program: Program) -> None:
    assert 200 == program.get("/enrollments").status_code
    with writing(program.engine) as session:
        revoke_key(session, "EHR", now=program.clock.now(), by="test")
    assert 401 == program.get("/enrollments").status_code


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(Scope.READ, [200, 403, 403]), (Scope.ENROLL, [403, 200, 403]), (Scope.CHANGE, [403, 403, 200])],
)
def test_a_key_does_what_its_scopes_say(sqlite_program: Program, scope: Scope, expected: list[int]) -> None:
    enrolled = sqlite_program.enroll()
    sqlite_program.key = sqlite_program.new_key("Narrow", scope)
    answers = [
        sqlite_program.get("/enrollments"),
        sqlite_program.post("/enrollments", ANA),
        sqlite_program.post(f"/enrollments/{enrolled}/hold", {}),
    ]
    assert expected == [response.status_code for response in answers]


def test_the_database_knows_no_key_only_its_hash(program: Program) -> None:
    (stored,) = program.all(ApiKey)
    assert program.key not in repr(stored.model_dump())
    assert (program.key[:9], 64) == (stored.prefix, len(stored.key_hash))


def test_too_many_wrong_keys_are_turned_away_and_the_right_one_still_opens(sqlite_program: Program) -> None:
    good, sqlite_program.key = sqlite_program.key, "nk_" + "x" * 43
    answers = [sqlite_program.get("/enrollments") for _ in range(22)]
    assert [401] * 20 + [429] * 2 == [response.status_code for response in answers]
    assert "900" == answers[-1].headers["Retry-After"]
    sqlite_program.key = good
    assert 200 == sqlite_program.get("/enrollments").status_code


def test_who_saw_and_did_what_is_written_down_without_patient_data(program: Program) -> None:
    enrolled = program.enroll()
    program.get(f"/enrollments/{enrolled}")
    program.post(f"/enrollments/{enrolled}/hold", {"dry_run": True})
    program.post(f"/enrollments/{enrolled}/hold", {})
    program.post("/enrollments/search", {"phone": ANA["phone"]})
    program.key = program.new_key("Reader", Scope.READ)
    program.post(f"/enrollments/{enrolled}/cancel", {})
    written = [(one.by, one.what, one.about, one.enrollment_id) for one in program.all(StaffAudit) if one.by != "test"]
    one = "/api/v1/enrollments/{enrollment}"
    assert written == [
        ("api:EHR", "did", "POST /api/v1/enrollments", enrolled),
        ("api:EHR", "saw", f"GET {one}", enrolled),
        ("api:EHR", "saw", f"POST {one}/hold", enrolled),
        ("api:EHR", "did", f"POST {one}/hold", enrolled),
        ("api:EHR", "saw", "POST /api/v1/enrollments/search", None),
        ("api:Reader", "refused", f"POST {one}/cancel", None),
    ]


def test_when_a_key_was_last_used_is_known_to_the_minute(sqlite_program: Program) -> None:
    sqlite_program.get("/enrollments")
    first = sqlite_program.clock.now()
    sqlite_program.clock.pass_(seconds=59)
    sqlite_program.get("/enrollments")
    assert first == sqlite_program.all(ApiKey)[0].seen_at
    sqlite_program.clock.pass_(seconds=2)
    sqlite_program.get("/enrollments")
    assert sqlite_program.clock.now() == sqlite_program.all(ApiKey)[0].seen_at


def test_a_name_has_one_working_key(engine: Engine, program: Program) -> None:
    with pytest.raises(Refused, match='there is a key "EHR" already'):
        program.new_key("EHR")
    with writing(engine) as session:
        revoke_key(session, "EHR", now=program.clock.now(), by="test")
    assert program.key != program.new_key("EHR")


@pytest.mark.parametrize("path", ["/enrollments", "/openapi.json", "/nothing"])
def test_the_internet_does_not_even_see_that_there_is_an_api(sqlite_program: Program, path: str) -> None:
    object.__setattr__(sqlite_program.context, "public_host", "texts.example.org")
    there = {**sqlite_program.headers(), "Host": "texts.example.org"}
    assert 404 == sqlite_program.client.get(f"/api/v1{path}", headers=there).status_code


def test_no_key_travels_in_the_clear(sqlite_program: Program) -> None:
    elsewhere = {**sqlite_program.headers(), "Host": "frontdesk.lan"}
    response = sqlite_program.client.get("/api/v1/enrollments", headers=elsewhere)
    assert (403, "Use https, or call from the machine that this runs on.") == (
        response.status_code,
        response.json()["detail"],
    )


def test_a_busy_database_is_said_so_and_nothing_is_done(sqlite_url: str, now: datetime) -> None:
    engine = open_engine(sqlite_url, busy_seconds=0)
    with open_program(engine, now) as program:
        with engine.connect() as other, other.begin():
            answers = [program.post("/enrollments", ANA), program.get("/enrollments")]
        assert [(503, "2")] * 2 == [(one.status_code, one.headers["Retry-After"]) for one in answers]
        assert 201 == program.post("/enrollments", ANA).status_code
    engine.dispose()
