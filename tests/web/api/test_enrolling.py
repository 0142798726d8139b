"""Enrolling over the API: once, however often a request arrives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from notifier.db.tables import ApiResponse, Enrollment, Scope
from notifier.web.api.once import body_hash
from notifier.web.api.requests import EnrollBody
from tests.web.api.conftest import ANA, Api

BEA = {**ANA, "name": "Bea Lund", "phone": "+12125550124"}
BOOKED = {**{name: value for name, value in ANA.items() if name != "treated_at"}, "appointment_at": "2026-03-09T10:00Z"}


def test_an_enrollment_is_answered_with_its_timeline_and_its_address(api: Api) -> None:
    response = api.post("/enrollments", ANA)
    told = response.json()
    assert (201, f"/api/v1/enrollments/{told['enrollment']}") == (response.status_code, response.headers["Location"])
    assert ["today", "planned"] == [told["messages"][0][name] for name in ("step", "state")]
    assert "2026-03-06T20:00:00+00:00" == told["messages"][0]["due_at"]


def test_the_timeline_is_what_is_planned(api: Api) -> None:
    own = {"restrictions": {"sun": "12h", "makeup": "60h"}, "decided_by": "Dr. Kim"}
    asked = {name: value for name, value in ANA.items() if name != "consent"} | own
    planned = api.post("/timeline", {**asked, "enrolled_at": "2026-03-06T14:10:00-05:00"}).json()
    enrolled = api.post("/enrollments", {**ANA, **own}).json()
    for message in enrolled["messages"]:
        del message["message"], message["state"]
    assert planned == {name: enrolled[name] for name in planned}


def test_the_first_text_stands_beside_the_timeline_and_in_the_effect_and_is_no_step_of_it(api: Api) -> None:
    object.__setattr__(api.context, "rules", replace(api.context.rules, first_text=True))
    dry, done = (api.post("/enrollments", {**ANA, "dry_run": dry_run}).json() for dry_run in (True, False))
    assert dry["first_text"] | {"message": 1, "state": "planned"} == done["first_text"] | {"message": 1}
    assert "first-text" not in [one["step"] for one in done["messages"]]
    for said in (dry, done):
        assert ("first-text", "added") == tuple(said["effect"]["texts"][0][name] for name in ("step", "what"))


def test_a_timeline_takes_a_number_and_a_provider_as_enrolling_does(api: Api) -> None:
    asked = {name: value for name, value in ANA.items() if name != "consent"}
    for path, body in (("/timeline", asked), ("/enrollments", ANA)):
        new = {**body, "phone": "+16215550101"}
        assert "its area code is new" in api.post(path, new).text
        assert "at most 40 characters" in api.post(path, {**body, "provider": "K" * 41}).text
        assert api.post(path, {**new, "new_area_code": True, "provider": "Dr. Kim"}).is_success


def test_the_same_request_again_gets_the_same_answer(api: Api) -> None:
    first = api.post("/enrollments", ANA, **{"Idempotency-Key": "a"})
    api.post(f"/enrollments/{first.json()['enrollment']}/cancel", {})
    again = api.post("/enrollments", dict(reversed(ANA.items())), **{"Idempotency-Key": "a"})
    assert (201, first.json(), 1) == (again.status_code, again.json(), len(api.all(Enrollment)))


def test_the_order_of_a_body_is_not_its_content() -> None:
    hashes = [
        body_hash(EnrollBody.model_validate({**ANA, "answers": answers}))
        for answers in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}, {"a": "2", "b": "2"})
    ]
    assert [True, False] == [hashes[0] == other for other in hashes[1:]]


def test_a_body_from_before_a_field_was_added_is_the_same_body_still() -> None:
    before = "8b0a72c8cb20f59b577d1bb6eda7be9aefa95be4c7a1bd5f62eb45db48927de2"  # of the version without `provider`
    assert before == body_hash(EnrollBody.model_validate(ANA), without=frozenset({"dry_run"}))


def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    api.post("/enrollments", ANA, **{"Idempotency-Key": "a"})
    response = api.post("/enrollments", BEA, **{"Idempotency-Key": "a"})
    assert (409, "Idempotency-Key") == (response.status_code, response.json()["errors"][0]["field"])
    assert 1 == len(api.all(Enrollment))


def test_two_integrations_may_choose_the_same_idempotency_key(api: Api) -> None:
    api.post("/enrollments", ANA, **{"Idempotency-Key": "a"})
    api.key = api.new_key("Booking")
    assert 201 == api.post("/enrollments", BEA, **{"Idempotency-Key": "a"}).status_code


def test_after_a_day_an_idempotency_key_is_forgotten(api: Api) -> None:
    api.post("/enrollments", ANA, **{"Idempotency-Key": "a"})
    api.clock.pass_(hours=23, minutes=59)
    assert 409 == api.post("/enrollments", BEA, **{"Idempotency-Key": "a"}).status_code
    api.clock.pass_(minutes=1)
    assert 201 == api.post("/enrollments", BEA, **{"Idempotency-Key": "a"}).status_code
    assert 1 == len(api.all(ApiResponse))


def test_what_was_refused_may_be_put_right_under_the_same_idempotency_key(api: Api) -> None:
    assert 422 == api.post("/enrollments", {**ANA, "phone": "12"}, **{"Idempotency-Key": "a"}).status_code
    assert 201 == api.post("/enrollments", ANA, **{"Idempotency-Key": "a"}).status_code


def test_the_same_request_at_the_same_time_enrolls_once(api: Api) -> None:
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(api.post, "/enrollments", ANA, **{"Idempotency-Key": "a"}) for _ in range(4)]
        answers = [one.result() for one in asked]
    assert [201] * 4 == [one.status_code for one in answers]
    assert 1 == len(api.all(Enrollment)) == len({one.text for one in answers})


def test_an_external_id_enrolls_once_and_stands_for_one_patient(api: Api) -> None:
    asked = {**ANA, "external_id": "v-1"}
    assert [201, 200] == [api.post("/enrollments", asked).status_code for _ in range(2)]
    response = api.post("/enrollments", {**BEA, "external_id": "v-1"})
    assert (409, "external_id") == (response.status_code, response.json()["errors"][0]["field"])


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"phone": "12"}, "phone", "12"),
        ({"name": "Ana <b>"}, "name", "angle bracket"),
        ({"protocol": "microneedlin"}, "protocol", "did you mean microneedling?"),
        (
            {"treated_at": "2026-03-06T14:00:00"},
            "treated_at",
            "no offset from UTC; write it like 2026-03-07T15:30-05:00",
        ),
        ({"treated_at": "2026-03-06"}, "treated_at", "without a time of day"),
        ({"treated_at": "2026-03-07T14:00-05:00"}, "treated_at", "lies in the future"),
        ({"appointment_at": "2026-03-09T10:00Z"}, "treated_at", "say one of"),
        ({"timezone": "Mars"}, "timezone", "Mars"),
        ({"language": "tlh"}, "language", "tlh"),
        ({"answers": {"shaves": "yes"}}, "shaves", 'does not ask "shaves"'),
        ({"consent": " "}, "consent", "consent is empty"),
        ({"consent": 5}, "consent", "consent must be text in quotes"),
        ({"second": "yes"}, "second", "second must be true or false, without quotes"),
        ({"nme": "Ana"}, "nme", "nme is no field of this request; check its spelling"),
        ({"name": None}, "name", "name must be text in quotes"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    sqlite_api: Api, changed: dict[str, Any], field: str, sentence: str
) -> None:
    response = sqlite_api.post("/enrollments", {**ANA, **changed})
    (error,) = response.json()["errors"]
    assert (422, "application/problem+json") == (response.status_code, response.headers["Content-Type"])
    assert field == error["field"]
    assert sentence in error["sentence"]


def test_a_clinic_that_is_not_set_up_enrolls_nobody(sqlite_api: Api) -> None:
    context = sqlite_api.context
    object.__setattr__(context, "missing", ("NOTIFIER_CLINIC_NAME is not set.",))
    response = sqlite_api.post("/enrollments", ANA)
    assert (503, "NOTIFIER_CLINIC_NAME is not set.") == (response.status_code, response.json()["detail"])


def test_enrolling_needs_its_scope(sqlite_api: Api) -> None:
    sqlite_api.key = sqlite_api.new_key("Reader", Scope.READ)
    assert 403 == sqlite_api.post("/enrollments", ANA).status_code
    assert 200 == sqlite_api.post("/timeline", {"protocol": "microneedling", "treated_at": AT}).status_code


AT = "2026-03-06T14:00:00-05:00"
