"""An admin of one office manages the people, keys and record of that office, and grants nothing beyond it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.access.api_keys import all_keys
from notifier.access.manage_accounts import set_offices
from notifier.db.engine import reading, writing
from notifier.db.protocols import open_pauses
from notifier.db.tables import Pause
from notifier.domain.refused import Refused
from tests.attacks.two_offices import NORTH, SOUTH, Clinic
from tests.web.pages.conftest import words


def test_an_admin_of_an_office_sees_and_grants_that_office_alone(clinic: Clinic) -> None:
    south, north = (clinic.parts[office] for office in (SOUTH, NORTH))
    admin = clinic.browser("Admin")
    for office in (NORTH, SOUTH):
        assert 200 == admin.get(f"/patients/{clinic.parts[office]['enrollment']}").status_code
    with clinic.kept() as put_back:
        limited = clinic.browser("Admin north")
        for page in ("/accounts", "/api-keys", "/audit-log", f"/audit-log?patient={south['enrollment']}"):
            seen = limited.get(page).text
            assert (page, False) == (page, any(one in seen for one in ("Colleague south", "Key south", "Sol Reed")))
        assert f'/patients/{north["enrollment"]}"' in limited.get("/audit-log").text
        assert "Nothing." in words(limited.get(f"/audit-log?patient={south['enrollment']}"))
        refused = [
            limited.post("/accounts", name="Mallory", role="admin", office=SOUTH),
            limited.post(f"/accounts/{north['person']}/offices", office=SOUTH),
            limited.post("/api-keys", name="Mallory", office=SOUTH, **{"scope.read": "yes"}),
        ]
        assert [422] * 3 == [one.status_code for one in refused]
        # What is not said is not everything: it is what the giver sees.
        limited.post("/accounts", name="Mallory", role="admin")
        limited.post(f"/accounts/{north['person']}/offices")
        limited.post("/api-keys", name="Mallory", **{"scope.read": "yes"})
        assert 2 == words(admin.get("/accounts")).count("Sees all offices.")  # as before: Staff and Admin
        with reading(clinic.engine) as session:
            assert NORTH == all_keys(session)[-1].office
        put_back()


def test_only_an_admin_lifts_an_admins_pause_and_says_why(clinic: Clinic) -> None:
    staff, admin, path = clinic.browser("Staff"), clinic.browser("Admin"), "/protocols/microneedling"

    def paused() -> int:
        with reading(clinic.engine) as session:
            return len(open_pauses(session))

    with clinic.kept() as put_back:
        staff.post(f"{path}/pause", reason="a typo")
        admin.post(f"{path}/pause", reason="a wrong dose")  # paused already, but from now on by an admin
        assert (2, False) == (paused(), "Why it may go on" in words(staff.get(path)))
        refused = staff.post(f"{path}/unpause", reason="mended")
        assert (422, 2) == (refused.status_code, paused())
        assert 422 == admin.post(f"{path}/unpause").status_code
        admin.post(f"{path}/unpause", reason="mended")
        with reading(clinic.engine) as session:
            assert ["mended"] * 2 == list(session.scalars(select(col(Pause.lifted_why))))
        staff.post(f"{path}/pause", reason="a typo")
        staff.post(f"{path}/unpause", reason="it was right")
        assert 0 == paused()
        put_back()


def test_the_last_admin_of_all_offices_stays_one_though_an_office_has_its_own(clinic: Clinic) -> None:
    with writing(clinic.engine) as session, pytest.raises(Refused, match="Admin is the only admin who sees all"):
        set_offices(session, "Admin", [NORTH], now=clinic.clock.now(), by="test")
