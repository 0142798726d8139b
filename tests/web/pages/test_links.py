"""Every link of every page leads to a page."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from tests.web.pages.conftest import Pages
from tests.web.pages.test_delivery import left
from tests.web.pages.test_today import S, move


def test_no_link_of_any_page_leads_nowhere(admin: Pages) -> None:
    now = admin.clock.now()
    admin.enroll()
    admin.enroll(name="Ben Ode", phone="+12125550124", appointment_at=now + timedelta(hours=1))
    admin.says("when can I stop icing?")
    left(admin, 1, now, "undelivered", code=30005)
    move(admin, admin.texts(1)[1], S.ATTEMPTING, S.UNKNOWN)
    seen: dict[str, str] = {"/": "the beginning"}
    broken, to_look_at = [], ["/"]
    while to_look_at:
        here = to_look_at.pop()
        answer = admin.get(here)
        if answer.status_code not in (200, 303, 308):
            broken.append((answer.status_code, here, seen[here]))
        for found in re.findall(r'(?:href|src)="(/[^"#]*)', answer.text):
            link = unescape(found)
            if link not in seen and not link.startswith("/protocols/"):  # theirs are slow, and tested beside them
                seen[link] = here
                to_look_at.append(link)
    assert [] == broken
    assert len(seen) > 30
