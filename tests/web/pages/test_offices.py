"""Staff see the patients of their offices, and nobody else's; an opt-out holds for all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from notifier.access.manage_accounts import set_offices
from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.db.enrollments import by_id
from notifier.domain.instants import zone_called
from notifier.domain.offices import OfficeProfile
from notifier.domain.staffed_hours import StaffedHours
from notifier.numbers.opt_outs import opt_out
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.web.pages.conftest import FORM, PASSWORD, Pages, open_pages

EVE = "+14805550124"
OFFICES = {
    "north": OfficeProfile("north", Voice("Lakeside North", "978 555 0110"), "America/New_York", SendWindow()),
    "desert": OfficeProfile(
        "desert", Voice("Lakeside Desert", "480 555 0120"), "America/Phoenix", SendWindow(), sender="+14805550111"
    ),
}
BY_HAND: dict[str, str] = {}
BY_ITSELF = {"X-Fragment": "1", "X-Refresh": "1"}


@pytest.fixture
def north(sqlite_engine: Engine, now: datetime) -> Iterator[Pages]:
    """Dana belongs to the north. Ana is a patient there, Eve one of the desert: both wrote, both are expected."""
    with open_pages(sqlite_engine, now) as pages:
        object.__setattr__(pages.context, "rules", replace(pages.context.rules, offices=OFFICES))
        pages.account()
        belong(pages, "north")
        for name, phone, office in (("Ana Ruiz", "+12125550123", "north"), ("Eve Sand", EVE, "desert")):
            pages.enroll(name=name, phone=phone, office=office)
            visit = now + timedelta(hours=2)
            pages.enroll(name=name, phone=phone, office=office, appointment_at=visit, protocol="microneedling-24h")
            wrote(pages, f"question of {name}", phone)
        assert pages.sign_in().status_code == 303
        yield pages


def belong(pages: Pages, *offices: str) -> None:
    with writing(pages.engine) as session:
        set_offices(session, "Dana", offices, now=pages.clock.now(), by="test")


def wrote(pages: Pages, text: str, phone: str) -> None:
    now = pages.clock.now()
    offices = {one.id: replace(one, staffed=StaffedHours.parse("Mon-Sun 00:00-24:00")) for one in OFFICES.values()}
    answers = AnswerRules(Voice("x", "y"), zone_called("UTC"), offices=offices)
    with writing(pages.engine) as session:
        receive(session, InboundText(f"SM{phone}", phone, text, now), now, answers=answers)


@pytest.mark.parametrize("page", ["/?marked=hold-3", "/replies", "/texts/next-24-hours"])
def test_the_lists_have_only_ones_own(north: Pages, page: str) -> None:
    own = [north.client.get(page, headers=how).text for how in (BY_HAND, BY_ITSELF)]
    belong(north)
    all_of_them = [north.client.get(page, headers=how).text for how in (BY_HAND, BY_ITSELF)]
    assert [(True, False)] * 2 == [("Ana" in one, "Eve" in one) for one in own]
    assert [(True, True)] * 2 == [("Ana" in one, "Eve" in one) for one in all_of_them]


def test_the_counts_are_of_ones_own_patients(north: Pages) -> None:
    assert "2 in 24 hours" in north.read("/")
    own = north.get("/desk-state").json()["open"]
    assert f"{own} open about" in north.read("/tasks")
    belong(north)
    assert "4 in 24 hours" in north.read("/")
    assert north.get("/desk-state").json()["open"] > own


@pytest.mark.parametrize("path", ["/patients/3", "/patients/4", "/patients/3/card", "/texts/8"])
def test_another_offices_patient_is_as_missing(north: Pages, path: str) -> None:
    found = north.get(path)
    assert (404, True) == (found.status_code, "There is nothing here" in found.text)
    assert "Eve" not in found.text
    belong(north, "north", "desert")
    assert 404 != north.get(path).status_code


def test_nothing_can_be_done_to_her_either(north: Pages) -> None:
    for path in ("patients/3/change", "patients/3/reply", "replies/2/claim", "replies/2/close"):
        assert 404 == north.post(f"/{path}", what="cancel", words="hi").status_code
    assert 422 == north.post("/tasks", do="told", task="text-8").status_code
    assert 303 == north.post("/replies/1/claim").status_code


def test_search_finds_ones_own(north: Pages) -> None:
    for typed in ("Eve", EVE[-4:], "Sand"):
        assert "Nobody." in north.read(north.post("/find", who=typed).headers["location"])
    assert "2 enrollments for “Ana”" in north.read(north.post("/find", who="Ana").headers["location"])
    assert "Sand" not in north.read("/patients") + north.get("/patients.csv").text


def test_delivery_counts_ones_own(north: Pages) -> None:
    assert 200 == north.get("/delivery").status_code


def test_the_form_offers_ones_own_and_refuses_another(north: Pages) -> None:
    page = north.get("/enroll").text
    assert ('value="north"' in page, 'value="desert"' in page) == (True, False)
    form = {**FORM, "name": "Zoe Lu", "phone": "(212) 555-0177", "once": north.token("/enroll", "once")}
    refused = north.post("/enroll", **form, office="desert")
    assert (422, True) == (refused.status_code, "not one of yours" in refused.text)
    done = north.post("/enroll", **{**form, "once": north.token("/enroll", "once")})
    assert 303 == done.status_code
    assert "north" == enrollment(north, 5).office


def enrollment(pages: Pages, number: int) -> Any:
    with reading(pages.engine) as session:
        return by_id(session, number)


def test_times_are_typed_and_shown_on_the_offices_own_clock(north: Pages) -> None:
    """14:00 in Phoenix is 16:00 in New York: read there, the restrictions would end two hours early."""
    belong(north, "desert")
    once = north.token("/enroll", "once")
    typed = {**FORM, "name": "Zoe Lu", "phone": "(480) 555-0177", "timezone": "America/Phoenix", "once": once}
    north.post("/enroll", **{**typed, "treated_at": "2026-03-06T12:00"})
    assert "2026-03-06T19:00:00+00:00" == enrollment(north, 5).treated_at.isoformat()
    belong(north)
    assert 'value="2026-03-06T12:00"' in north.get("/patients/5").text


def test_who_has_several_offices_chooses(north: Pages) -> None:
    belong(north)
    once = north.token("/enroll", "once")
    form = {**FORM, "name": "Zoe Lu", "phone": "(212) 555-0177", "once": once, "timezone": ""}
    refused = north.post("/enroll", **form)
    assert "choose …" in refused.text
    assert 422 == refused.status_code
    north.post("/enroll", **{**form, "office": "desert", "treated_at": "2026-03-06T12:00"})
    assert ("desert", "America/Phoenix") == (enrollment(north, 5).office, enrollment(north, 5).timezone)


def test_an_opt_out_at_another_office_is_seen_here(north: Pages) -> None:
    with writing(north.engine) as session:
        opt_out(session, EVE, source="staff", at=north.clock.now(), by="desert")
    done = north.enroll(name="Eve Sand", phone=EVE, office="north", protocol="microneedling-week")
    assert any("opted out" in warning for warning in done.warnings)
    assert "opted out" in north.read(f"/patients/{done.enrollment}")


def test_patients_from_before_there_were_offices_are_everybodys(north: Pages) -> None:
    object.__setattr__(north.context, "rules", replace(north.context.rules, offices={}))
    old = north.enroll(name="Old Timer", phone="+12125550199").enrollment
    object.__setattr__(north.context, "rules", replace(north.context.rules, offices=OFFICES))
    assert "Old Timer" in north.read(f"/patients/{old}")


def test_an_admin_sets_whose_patients_somebody_sees(north: Pages) -> None:
    north.account("Dr. Sol", admin=True)
    north.client.cookies.clear()
    north.sign_in("Dr. Sol", PASSWORD)
    assert "Sees north" in north.read("/accounts")
    assert 303 == north.post("/accounts/1/offices", on="/accounts", office="desert").status_code
    assert "Sees desert" in north.read("/accounts")


def test_an_admin_of_one_office_is_offered_no_page_that_is_refused(north: Pages) -> None:
    for name in ("Olga", "Dr. Sol"):
        north.account(name, admin=True)
    with writing(north.engine) as session:
        set_offices(session, "Olga", ("north",), now=north.clock.now(), by="test")
    north.client.cookies.clear()
    north.sign_in("Olga")
    offered = {
        link
        for page in ("/accounts", "/protocols/microneedling")
        for link in re.findall(r'href="(/[^"#?]*)', north.get(page).text)
        if not link.startswith("/static") and not link.endswith("/check")  # it takes its time
    }
    assert {} == {link: answer for link in sorted(offered) if (answer := north.get(link).status_code) not in (200, 303)}
