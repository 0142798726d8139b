"""Patients by whatever is known of them, the visits of a day and the report of a month, over the API."""

from __future__ import annotations

from tests.web.api.conftest import Api


def test_patients_are_found_and_listed_by_a_body_alone(api: Api) -> None:
    ana = api.enroll(name="Ana Ruiz", external_id="v-1")
    bea = api.enroll(name="Beatriz Álvarez", phone="+12125550199", provider="Dr. Kim")
    asked = {
        "Ruiz, Ana": [ana],
        "0199": [bea],
        "alvarez": [bea],
        "v-1": [ana],
        "dr kim": [bea],
        "1": [],
        "": [bea, ana],
    }
    answers = {words: api.post("/patients/search", {"words": words}).json() for words in asked}
    assert asked == {words: [one["enrollment"] for one in said["patients"]] for words, said in answers.items()}
    assert ("number", "today", "planned", False) == tuple(
        answers["0199"]["patients"][0][name] for name in ("found_by", "next_text_step", "next_text_state", "unread")
    )
    assert (2, 1, 1) == tuple(answers[""][name] for name in ("many", "page", "pages"))
    assert [bea] == [
        one["enrollment"] for one in api.post("/patients/search", {"provider": "dr. kim"}).json()["patients"]
    ]
    assert 422 == api.post("/patients/search", {"words": "x " * 13}).status_code


def test_a_day_and_a_month(api: Api) -> None:
    api.enroll()
    (visit,) = api.get("/days/2026-03-06").json()["items"]
    assert ("+12125550123", "treated") == (visit["phone"], visit["visit"])
    assert {"items": [], "unmarked": 0} == api.get("/visits/unmarked").json()
    report = api.get("/reports/2026-03").json()
    assert (None, [], 5) == (report["total"], report["by_protocol"], report["hidden_below"])
    assert (404, 404) == (api.get("/days/2026-02-30").status_code, api.get("/reports/2026-13").status_code)
