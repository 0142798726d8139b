"""Lists, single texts, and the life of an enrollment over the API."""

from __future__ import annotations

from typing import Any

import pytest

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.db.tables import Enrollment
from notifier.domain.states import EnrollmentState
from tests.setups.silence import asked_in_vain
from tests.web.api.conftest import ANA, Api


def pages(api: Api, path: str, **parameters: Any) -> list[list[Any]]:
    """Every page of a list, each as the numbers of its items."""
    key = {"/enrollments": "enrollment", "/messages": "message", "/replies": "reply"}[path]
    found: list[list[Any]] = []
    mark = None
    while len(found) < 20:  # a list that never ends is a failure, not a wait
        asked = {**parameters, **({"page": mark} if mark else {})}
        answer = api.get(path, params=asked).json()
        found.append([one[key] for one in answer["items"]])
        if (mark := answer["next_page"]) is None:
            break
    return found


def test_enrollments_come_the_latest_first_a_page_at_a_time(api: Api) -> None:
    first, second, third = (api.enroll(name=name) for name in ("Ana Ruiz", "Bea Lund", "Cleo Marsh"))
    assert [[third, second], [first]] == pages(api, "/enrollments", limit=2)
    api.post(f"/enrollments/{second}/hold", {})
    assert [[second]] == pages(api, "/enrollments", state="held")
    assert [[]] == pages(api, "/enrollments", protocol="peel")


def test_texts_come_the_first_to_leave_first_and_none_twice(api: Api) -> None:
    for name in ("Ana Ruiz", "Bea Lund"):
        api.enroll(name=name)
    (at_once,) = pages(api, "/messages", limit=200)
    assert at_once == [one for page in pages(api, "/messages", limit=2) for one in page]
    assert [at_once[:2]] == pages(api, "/messages", within="2h")


def test_one_enrollment_comes_with_its_texts_and_a_text_with_its_reasons(api: Api) -> None:
    enrolled = api.enroll(external_id="v-1")
    told = api.get(f"/enrollments/{enrolled}").json()
    assert ("v-1", "2026-03-06T19:00:00+00:00", "today") == (
        told["external_id"],
        told["treated_at"],
        told["messages"][0]["step"],
    )
    explained = api.get(f"/messages/{told['messages'][0]['message']}").json()
    assert "Nothing keeps it from leaving when due." in explained["sentences"]


def test_replies_come_the_latest_first(api: Api) -> None:
    api.enroll()
    for number, text in enumerate(["thanks", "is this normal?"]):
        with writing(api.engine) as session:
            now = api.clock.now()
            receive(session, InboundText(f"SM{number}", "+12125550123", text, now), now)
    told = api.get("/replies").json()["items"]
    assert ["is this normal?", "thanks"] == [one["text"] for one in told]
    assert 2 == len(pages(api, "/replies", limit=1))


def test_delivery_has_a_line_for_each_day_and_who_is_silent(api: Api) -> None:
    api.enroll()
    told = api.get("/delivery?days=3").json()
    assert (3, None, []) == (len(told["days"]), told["minutes_to_a_person"], told["silent"])
    expected = {"day", "sent", "delivered", "not_delivered", "asked", "fine", "question", "worse"}
    assert expected == told["days"][0].keys()
    asked_in_vain(api.engine, 1, phone="+12125550123", now=api.clock.now())
    (silent,) = api.get("/delivery").json()["silent"]
    assert (1, "check-in") == (silent["enrollment"], silent["step"])


@pytest.mark.parametrize("asked", [{"phone": "212-555-0123"}, {"external_id": "v-1"}])
def test_a_search_is_a_body_and_finds_by_what_no_address_may_hold(api: Api, asked: dict[str, str]) -> None:
    enrolled = api.enroll(external_id="v-1")
    api.enroll(name="Bea Lund", phone="+12125550124")
    assert [enrolled] == [one["enrollment"] for one in api.post("/enrollments/search", asked).json()["items"]]


def test_a_filter_that_is_not_understood_finds_nobody_rather_than_everybody(
    subtests: pytest.Subtests, sqlite_api: Api
) -> None:
    for query in ("?phone=%2B12125550123", "?limit=1&limit=2", "?state=gone", "?page=-1"):
        with subtests.test(query=query):
            assert 422 == sqlite_api.get(f"/enrollments{query}").status_code


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("treated", {"at": "2026-03-06T13:00:00-05:00"}),
        ("change", {"language": "es"}),
        ("cancel", {}),
        ("hold", {"reason": "asked"}),
    ],
)
def test_a_dry_run_says_what_will_be_done_and_does_nothing(api: Api, action: str, body: dict[str, Any]) -> None:
    enrolled = api.enroll()
    before = api.get(f"/enrollments/{enrolled}").json()
    planned = api.post(f"/enrollments/{enrolled}/{action}", {**body, "dry_run": True}).json()
    assert before == api.get(f"/enrollments/{enrolled}").json()
    done = api.post(f"/enrollments/{enrolled}/{action}", body).json()
    assert {**planned, "dry_run": False} == done
    assert before != api.get(f"/enrollments/{enrolled}").json()


def test_the_life_of_an_enrollment(api: Api) -> None:
    booked = {name: value for name, value in ANA.items() if name != "treated_at"}
    enrolled = api.post("/enrollments", {**booked, "appointment_at": "2026-03-07T10:00:00-05:00"}).json()["enrollment"]
    steps: list[tuple[str, dict[str, Any], int]] = [
        ("resume", {}, 409),
        ("hold", {}, 200),
        ("resume", {}, 200),
        ("change", {"appointment_at": "2026-03-07T11:00:00-05:00"}, 200),
        ("treated", {"at": "2026-03-06T14:05:00-05:00"}, 200),
        ("no-show", {}, 409),
        ("change", {}, 422),
        ("cancel", {"reason": "moved away"}, 200),
        ("cancel", {}, 200),
        ("hold", {}, 409),
    ]
    answers = [api.post(f"/enrollments/{enrolled}/{action}", body).status_code for action, body, _ in steps]
    assert [status for _, _, status in steps] == answers
    (stored,) = api.all(Enrollment)
    assert (EnrollmentState.CANCELLED, "moved away") == (stored.state, stored.reason)
