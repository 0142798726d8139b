"""Ending an enrollment over the API: what becomes of it, and of others on the same phone."""

from __future__ import annotations

from notifier.db.tables import Message
from tests.web.api.conftest import ANA, Api


def test_an_ending_tells_what_it_does_to_others_on_the_phone(api: Api) -> None:
    first, second = api.enroll(), api.enroll(name="Eva Poe")
    before = [(text.id, text.state, text.text) for text in api.all(Message)]
    shown = api.post(f"/enrollments/{second}/cancel", {"dry_run": True}).json()
    assert before == [(text.id, text.state, text.text) for text in api.all(Message)]
    (other,) = shown["others"]
    assert (first, len(shown["withdrawn"])) == (other["enrollment"], len(other["reworded"]))
    assert {**shown, "dry_run": False} == api.post(f"/enrollments/{second}/cancel", {}).json()
    assert {False} == {text.text.startswith("Ana") for text in api.all(Message) if text.enrollment_id == first}


def test_a_missed_visit_takes_its_name_from_the_others_texts(api: Api) -> None:
    visit = {"name": "Eva Poe", "appointment_at": "2026-03-06T14:11:00-05:00"}
    first = api.enroll()
    asked = {name: value for name, value in ANA.items() if name != "treated_at"}
    missed = api.post("/enrollments", {**asked, **visit}).json()["enrollment"]
    api.clock.pass_(minutes=1)
    (other,) = api.post(f"/enrollments/{missed}/no-show", {}).json()["others"]
    assert (first, True) == (other["enrollment"], len(other["reworded"]) > 0)
