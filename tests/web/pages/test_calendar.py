"""Any day's visits, and marking them where they stand."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx2
import pytest

from tests.web.pages.conftest import Pages

FRIDAY, SATURDAY = "2026-03-06", "2026-03-07"


def sure(pages: Pages, whose: str, **fields: str) -> httpx2.Response:
    """See it, and press the button."""
    found = re.search(r'name="sure" value="([^"]+)"', pages.post(f"{whose}/change", **fields).text)
    assert found is not None
    return pages.post(f"{whose}/change", sure=found[1], **fields)


@pytest.fixture
def booked(pages: Pages) -> Pages:
    """Ana was treated on Friday at 14:10; Bea comes at 15:10, Cleo tomorrow, Dee could not come."""
    now = pages.clock.now()
    pages.enroll()
    for number, (name, hours) in enumerate({"Bea Lund": 1, "Cleo Marsh": 24, "Dee Holt": 2}.items()):
        pages.enroll(name=name, phone=f"+1212555010{number}", appointment_at=now + timedelta(hours=hours))
    pages.clock.pass_(hours=2)
    pages.sign_in()
    sure(pages, "/patients/4", what="no-show")
    return pages


def test_a_day_says_what_became_of_each_visit(booked: Pages) -> None:
    friday, saturday = booked.read(f"/day/{FRIDAY}"), booked.read(f"/day/{SATURDAY}")
    said = ("2:10 PM Ana Ruiz treated", "3:10 PM Bea Lund treated?", "4:10 PM Dee Holt no-show", "Fri 6 3 1 unmarked")
    assert [] == [one for one in (*said, "1 visit is unmarked") if one not in friday]
    assert ("2:10 PM Cleo Marsh booked" in saturday, "Bea Lund" in saturday) == (True, False)
    assert f"/day/{FRIDAY}" == booked.get("/day").headers["location"]
    week = booked.read(f"/week/{FRIDAY}")
    assert [] == [
        name for name in ("Ana Ruiz", "Bea Lund", "Cleo Marsh", "Dee Holt", "Week of Mon Mar 2") if name not in week
    ]
    assert (404, 404) == (booked.get("/day/2026-02-30").status_code, booked.get("/week/0001-01-01").status_code)


def test_a_visit_is_marked_or_moved_on_its_day_and_the_page_stays(booked: Pages) -> None:
    back = f"/day/{FRIDAY}"
    asked = booked.post("/patients/2/change", what="change", appointment_at="2026-03-09T10:00", back=back)
    assert f'href="{back}">Leave it as it is' in asked.text
    moved = sure(booked, "/patients/2", what="change", appointment_at="2026-03-09T10:00", back=back)
    assert f"{back}?marked=change-2#marked" == moved.headers["location"]
    assert "Bea Lund booked" in booked.read("/day/2026-03-09")
    booked.clock.pass_(hours=24)
    booked.sign_in()
    assert "Cleo Marsh treated?" in booked.read("/unmarked")
    treated = sure(booked, "/patients/3", what="treated", treated_at=f"{SATURDAY}T15:00", back="/unmarked")
    assert "/unmarked?marked=treated-3#marked" == treated.headers["location"]
    shown = booked.read("/unmarked?marked=treated-3")
    assert "Cleo Marsh : treated until Sat Mar 7, 3:00 PM." in shown
    assert "None. Every visit whose time has come is marked." in shown
    elsewhere = sure(booked, "/patients/3", what="hold", back="//example.org/day/2026-03-06")
    assert "/patients/3#done" == elsewhere.headers["location"]
