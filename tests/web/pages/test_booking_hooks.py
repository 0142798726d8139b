"""Accounts, Webhooks: which booking systems may post here, and which calendars are polled."""

from __future__ import annotations

import re

from sqlalchemy import select, update
from sqlmodel import col

from notifier.db.engine import writing
from notifier.db.tables import CalendarFeed, StaffAudit
from tests.web.pages.conftest import Pages, words


def test_an_admin_lets_a_booking_system_post_and_sees_what_failed(admin: Pages) -> None:
    assert 422 == admin.post("/webhooks/sources", name="Cal", kind="cal.com").status_code
    assert 422 == admin.post("/webhooks/sources", name="cal", kind="other").status_code
    shown = admin.post("/webhooks/sources", name="cal", kind="cal.com", mapping="", consent="asked").text
    assert "posts are signed with it" in shown
    assert re.search(r"<code>[0-9a-f]{48}</code>", shown)
    listed = words(admin.get("/webhooks"))
    assert "/hooks/cal" in listed
    assert "read through cal-com" in listed
    first = re.search(r"<code>([0-9a-f]{48})</code>", shown)
    second = re.search(r"<code>([0-9a-f]{48})</code>", admin.post("/webhooks/sources/cal/rotate").text)
    assert first is not None
    assert second is not None
    assert first[1] != second[1]
    told = admin.post("/webhooks", url="https://x.example/hook", **{"happening.message.failed": "yes"}).text
    anew = admin.post("/webhooks/1/rotate").text
    assert "The former secret stays good for one more day" in anew
    assert re.findall("whsec_[^<]+", told) != re.findall("whsec_[^<]+", anew)
    admin.post("/webhooks/sources/cal/retry")
    admin.post("/webhooks/sources/cal/remove")
    assert "/hooks/cal" not in words(admin.get("/webhooks"))


def test_an_admin_has_a_calendar_polled_and_sees_what_is_wrong_but_never_its_address(admin: Pages) -> None:
    assert (
        422 == admin.post("/webhooks/feeds", name="visits", url="http://10.0.0.1/x.ics", mapping="calendar").status_code
    )
    secret = "https://example.org/s3cret.ics"
    assert 303 == admin.post("/webhooks/feeds", name="visits", url=secret, mapping="calendar").status_code
    assert "visits Read through calendar. Not looked at yet." in words(admin.get("/webhooks"))
    with writing(admin.engine) as session:
        session.execute(update(CalendarFeed).values(checked_at=admin.clock.now(), why="it answered 404"))
        audited = session.execute(select(col(StaffAudit.about), col(StaffAudit.address))).all()
    assert ("added calendar feed visits", "127.0.0.1") in audited
    page = admin.get("/webhooks")
    assert "It answered 404." in words(page)
    assert "s3cret" not in page.text
    admin.post("/webhooks/feeds/visits/remove")
    assert "It answered 404." not in words(admin.get("/webhooks"))
