"""Accounts, Webhooks: which booking systems may post here."""

from __future__ import annotations

import re

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
    admin.post("/webhooks/sources/cal/retry")
    admin.post("/webhooks/sources/cal/remove")
    assert "/hooks/cal" not in words(admin.get("/webhooks"))
