"""Patients are found by whatever staff know of them; what was looked for survives Back and stands in no address."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import AuditShown, StaffAudit, StoredSearch
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change
from notifier.enrollments.lifecycle import apply
from tests.web.pages.conftest import ANA, Pages

BEA = "+12125550199"


@pytest.fixture
def two(pages: Pages) -> Pages:
    """Ana, whom Dr. Kim treated, and Beatriz, who wrote."""
    pages.enroll(provider="Dr. Kim", external_id="visit-7")
    pages.enroll(name="Beatriz Álvarez", phone=BEA)
    pages.says("Can I swim?", BEA)
    return pages


def test_who_can_only_be_meant_opens_and_anybody_else_is_listed(two: Pages, subtests: pytest.Subtests) -> None:
    opened = {"ana": 1, "Ruiz, Ana": 1, "0123": 1, "(212) 555–0199": 2, "ALVAREZ": 2, "visit-7": 1}
    for typed, whose in opened.items():
        with subtests.test(typed):
            assert f"/patients/{whose}" == two.post("/find", who=typed).headers["location"]
    listed = {"1255501": 2, "Dr. Kim": 1, "555012": 1, "Bob": 0, "1": 0, "a": 0, "2": 0, "%_": None}
    for typed, many in listed.items():
        with subtests.test(typed):
            address = two.post("/find", who=typed).headers["location"]
            found = two.read(address)
            assert address.startswith("/found/")
            assert (f"{many} enrollment" in found) if many is not None else ("1 enrollment" not in found)


def test_results_survive_back_and_no_address_says_who(two: Pages) -> None:
    address = two.post("/find", who="555 01").headers["location"]
    assert two.read(address) == two.read(address)
    with reading(two.engine) as session:
        (kept,) = session.scalars(select(StoredSearch))
        looks = select(col(AuditShown.enrollment_id)).join(StaffAudit).where(col(StaffAudit.about) == "search")
        assert [1, 2] == sorted(session.scalars(looks))
    assert address == f"/found/{kept.token}"
    two.account("Eli")
    two.sign_in("Eli")
    assert "/patients" == two.get(address).headers["location"]
    two.sign_in()
    two.clock.pass_(hours=12)
    two.sign_in()
    assert "/patients" == two.get(address).headers["location"]


def test_the_list_has_unread_first_and_every_page_the_true_count(two: Pages) -> None:
    for number in range(3, 54):
        two.enroll(name="Zoe Lima", phone=f"+1212556{number:04d}")
    first, second, none = (two.read(f"/patients?page={number}") for number in (1, 2, 3))
    assert ("53 enrollments", "Page 1 of 2") == tuple(one for one in ("53 enrollments", "Page 1 of 2") if one in first)
    assert first.index("Beatriz Álvarez unread") < first.index("Zoe Lima")
    assert ("Ana Ruiz" not in first, "Ana Ruiz" in second, "53" in second) == (True, True, True)
    assert "There is no such page." in none


def test_the_list_is_narrowed_by_each_of_its_filters(two: Pages, subtests: pytest.Subtests) -> None:
    two.clock.pass_(minutes=1)
    two.enroll(name="Cleo Berg", phone="+12125550177", appointment_at=two.clock.now() + timedelta(days=3))
    asked = {"state": "booked", "provider": "Dr. Kim", "unread": "yes", "protocol": "microneedling-week"}
    expected = {"state": ["Cleo"], "provider": ["Ana"], "unread": ["Beatriz"], "protocol": []}
    for name, value in asked.items():
        with subtests.test(name):
            found = two.read(two.post("/find", who="", **{name: value}).headers["location"])
            assert expected[name] == [who for who in ("Ana", "Beatriz", "Cleo") if who in found]
    assert "/patients" == two.post("/find", who=" ").headers["location"]


def test_what_is_seen_is_a_file_that_runs_nothing_and_a_look(two: Pages) -> None:
    two.enroll(name="Dee Cole", phone="+12125550155", external_id="=cmd|' /C calc'!A0")
    address = two.post("/find", who="555 01").headers["location"]
    response = two.get(f"{address}/patients.csv")
    rows = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert ["Dee Cole", "Beatriz Álvarez", "Ana Ruiz"] == [row["name"] for row in rows]
    assert ["'=cmd|' /C calc'!A0", "", "visit-7"] == [row["external_id"] for row in rows]
    assert (f"'{ANA}", "today", "2026-03-06 15:10") == (
        rows[2]["phone"], rows[2]["next_text_step"], rows[2]["next_text_at"]
    )  # fmt: skip
    with reading(two.engine) as session:
        assert "patients as a file" in set(session.scalars(select(col(StaffAudit.about))))


def test_nothing_is_found_by_somebody_who_is_not_signed_in(stranger: Pages) -> None:
    assert "/sign-in?to=%2Ffound%2Fx" == stranger.get("/found/x").headers["location"]


def test_a_change_is_found_at_once_and_so_is_the_number_of_before(two: Pages) -> None:
    two.enroll(name="Ana Ruiz", treated_at=two.clock.now() - timedelta(days=30))
    change = ChangeRequest(name="Ana Lind", phone="+12125550144")
    with writing(two.engine) as session:
        apply(session, 1, Change(change), rules=two.context.rules, now=two.clock.now(), by="test")
    found = [two.read(two.post("/find", who=typed).headers["location"]) for typed in ("Lind", "0144", "0123", "Ruiz")]
    assert [(2, 0), (2, 0), (2, 2), (0, 0)] == [
        (one.count("+1 212 555 0144"), one.count("found by a former number")) for one in found
    ]
