"""The month on the page, and the counts that it does not show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import StaffAudit
from notifier.domain.states import MessageState
from tests.web.pages.conftest import Pages


def test_a_month_is_a_page_and_a_file(pages: Pages, rows: Any) -> None:
    with writing(pages.engine) as session:
        for number in range(6):
            phone = f"+1212555020{number}"
            whose = rows.enrollment(session, phone=phone, provider="Dr. Kim" if number else "@Nurse")
            left = {"state": MessageState.DELIVERED, "left_at": pages.clock.now(), "sent_text": "Hello."}
            rows.message(session, whose, phone=phone, **left)
    assert "/reports/2026-03" == pages.get("/reports").headers["location"]
    month, before = pages.read("/reports/2026-03"), pages.read("/reports/2026-02")
    assert [] == [one for one in ("March 2026", "6 sent", "6 arrived", "others (2 together) 6 6 6") if one not in month]
    assert "fewer than 5 patients in this month, so nothing is shown" in before
    file = pages.get("/reports/2026-03/report.csv").text.removeprefix("\ufeff").splitlines()
    assert "2026-03,all,,6,6,6,0,0,0,0,6," == file[1]
    assert 404 == pages.get("/reports/2026-00").status_code
    with reading(pages.engine) as session:
        assert {"report", "report as a file"} <= set(session.scalars(select(col(StaffAudit.about))))
