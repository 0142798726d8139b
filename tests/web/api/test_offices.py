"""Programs and offices: a field to enroll with, and a key that sees one office alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notifier.access.api_keys import add_key
from notifier.db.engine import writing
from notifier.db.tables import Scope
from notifier.domain.offices import OfficeProfile
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.web.api.conftest import ANA, Api

OFFICES = {
    "north": OfficeProfile("north", Voice("Lakeside North", "978 555 0110"), "America/New_York", SendWindow()),
    "desert": OfficeProfile("desert", Voice("Lakeside Desert", "480 555 0120"), "America/Phoenix", SendWindow()),
}


@pytest.fixture
def offices(api: Api) -> Api:
    object.__setattr__(api.context, "rules", replace(api.context.rules, offices=OFFICES))
    api.enroll(office="north")
    api.enroll(office="desert", name="Eve Sand", phone="(480) 555-0124")
    return api


def bound_to(api: Api, office: str) -> Api:
    with writing(api.engine) as session:
        api.key = add_key(session, "BOOKING", tuple(Scope), office=office, now=api.clock.now(), by="test")
    return api


def test_enrolling_needs_the_office_and_tells_it(offices: Api) -> None:
    refused = offices.post("/enrollments", {**ANA, "name": "Zoe Lu", "phone": "(212) 555-0177"})
    assert (422, True) == (refused.status_code, "say which office" in refused.text)
    told = offices.get("/enrollments/2").json()
    assert ("desert", "America/Phoenix") == (told["office"], told["timezone"])
    assert all("Lakeside Desert" in one["text"] for one in told["messages"])


def test_the_preview_is_in_the_voice_of_the_office(offices: Api) -> None:
    asked = {"protocol": ANA["protocol"], "treated_at": ANA["treated_at"], "office": "desert"}
    told = offices.post("/timeline", asked).json()
    assert ("America/Phoenix", True) == (told["timezone"], "Lakeside Desert" in told["messages"][0]["text"])


def test_a_bound_key_sees_its_office_alone(offices: Api) -> None:
    bound_to(offices, "north")
    assert [1] == [one["enrollment"] for one in offices.get("/enrollments").json()["items"]]
    assert {1} == {one["enrollment"] for one in offices.get("/messages?within=30d").json()["items"]}
    assert [] == offices.post("/enrollments/search", {"phone": "(480) 555-0124"}).json()["items"]
    mine, theirs = (offices.get(f"/enrollments/{number}").status_code for number in (1, 2))
    assert (200, 404) == (mine, theirs)


def test_a_bound_key_changes_and_enrolls_at_its_office_alone(offices: Api) -> None:
    bound_to(offices, "north")
    assert 404 == offices.post("/enrollments/2/cancel", {}).status_code
    assert 422 == offices.post("/enrollments/1/change", {"office": "desert"}).status_code
    asked = {**ANA, "name": "Zoe Lu", "phone": "(212) 555-0177"}
    assert 422 == offices.post("/enrollments", {**asked, "office": "desert"}).status_code
    done = offices.post("/enrollments", asked).json()
    assert "north" == offices.get(f"/enrollments/{done['enrollment']}").json()["office"]
