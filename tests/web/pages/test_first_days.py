"""An empty Today says what is next, each step as a link, until it is done."""

from __future__ import annotations

import re
from dataclasses import replace

from notifier.db.engine import writing
from notifier.domain.staffed_hours import StaffedHours
from notifier.publishing.approve import approve
from tests.web.pages.conftest import Pages
from tests.web.pages.test_today import S, move


def steps(pages: Pages) -> list[tuple[str, bool]]:
    """Where each step of Today leads to, and whether it is done."""
    shown = pages.get("/").text
    found = re.findall(r'<li( class="is-done")?><a href="([^"]+)">', shown.partition('aria-labelledby="next"')[2])
    return [(link, bool(done)) for done, link in found]


def test_an_empty_today_says_what_is_next_until_it_is_done(strict: Pages) -> None:
    protocol, hours, told, text = "/protocols", "/first-days#staffed", "/first-days#told", "/enroll"
    assert [(protocol, False), (hours, False), (told, False), (text, False)] == steps(strict)
    assert {200} == {strict.get(link.partition("#")[0]).status_code for link, _ in steps(strict)}
    with writing(strict.engine) as session:
        approve(session, strict.context.protocols["microneedling"], by="Dr. Sol", now=strict.clock.now())
    staffed = replace(strict.context.rules, staffed=StaffedHours.parse("Mon-Fri 09:00-17:00"))
    object.__setattr__(strict.context, "rules", staffed)
    object.__setattr__(strict.context, "tells_somebody", True)
    assert [(protocol, True), (hours, True), (told, True), (text, False)] == steps(strict)
    strict.enroll()
    move(strict, strict.texts(1)[0], S.ATTEMPTING, S.ACCEPTED)
    assert [] == steps(strict)
