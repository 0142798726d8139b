"""Export, legal hold and erasure by programs, as at the other doors."""

from __future__ import annotations

from notifier.db.tables import Enrollment, LegalHold
from tests.web.api.conftest import Api


def test_a_program_hands_over_holds_and_erases(api: Api) -> None:
    enrolled = api.enroll()
    kept = api.get(f"/enrollments/{enrolled}/export").json()
    assert ([enrolled], ["+12125550123"]) == (kept["enrollments"], kept["kept"]["patient"]["phones"])
    hold, erase = f"/enrollments/{enrolled}/legal-hold", f"/enrollments/{enrolled}/erase"
    assert 422 == api.post(hold, {"lift": True, "dry_run": True}).status_code
    assert ({"enrollment": enrolled, "dry_run": True, "on_hold": True}, []) == (
        api.post(hold, {"dry_run": True}).json(), api.all(LegalHold)
    )  # fmt: skip
    assert 200 == api.post(hold, {}).status_code
    refused = api.post(erase, {})
    assert (422, True) == (refused.status_code, "on legal hold" in refused.json()["detail"])
    assert 200 == api.post(hold, {"lift": True}).status_code
    foreseen = api.post(erase, {"dry_run": True}).json()
    assert "Ana Ruiz" in [one.name for one in api.all(Enrollment)]
    done = api.post(erase, {}).json()
    assert {**foreseen, "dry_run": False} == done
    assert (True, "today") == (done["texts"] > 1, done["unheard"][0]["step"])
    assert ["(erased)"] == [one.name for one in api.all(Enrollment)]
    assert [] == done["copies"]
    assert 422 == api.post(erase, {}).status_code
    proof = api.get(f"/enrollments/{enrolled}/evidence").json()
    assert ([enrolled], True, True) == (
        proof["evidence"]["enrollments"], "words were erased" in proof["account"], "WHOLE" in proof["verifier"]
    )  # fmt: skip
