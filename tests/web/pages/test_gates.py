"""What holds until staff clear it, on the patient's page, on Today, and on the card to take home."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from notifier.db.engine import writing
from notifier.enrollments.enroll import enroll
from notifier.enrollments.requests import EnrollRequest
from tests.setups.gated import CRYO
from tests.web.pages.conftest import ANA, Pages


def enroll_on_cryo(pages: Pages) -> int:
    now = pages.clock.now()
    asked = EnrollRequest("Ana Ruiz", ANA, "cryo", "Signed form", treated_at=now, informed="yes")
    with writing(pages.engine) as session:
        done = enroll(session, asked, protocols={"cryo": CRYO}, rules=pages.context.rules, now=now, by="staff:Dana")
    return done.enrollment


def test_nobody_names_an_end_and_today_asks_once_the_length_is_over(pages: Pages) -> None:
    whose = enroll_on_cryo(pages)
    here = f"/patients/{whose}"
    assert "No soaking until we tell you" in pages.read(f"{here}/card")
    assert "swim" not in pages.read(f"{here}/card"), "the lift has no hour yet"
    shown = pages.read(here)
    for said in (
        "no soaking until cleared",
        "Soaking: until cleared",
        "Today asks about it from Fri Mar 13, 3:10 PM on.",
    ):
        assert said in shown
    for path in (here, f"{here}/card", f"{here}/card.ics"):
        assert not re.search("(2999|3000)-[01]|DTEND.*:(2999|3000)", pages.get(path).text)
    assert "Mark soaking as cleared" not in pages.read("/")
    pages.clock.pass_(days=8)
    pages.sign_in()
    assert "Mark soaking as cleared when healed: then “soak again” leaves." in pages.read("/")
    lift = pages.texts(whose)[-1]
    until = f"{pages.clock.now() + timedelta(days=7):%Y-%m-%dT%H:%M}"
    ask = {"do": "put-off", "task": f"gate-{lift.id}", "until": until}
    assert 303 == pages.post("/tasks", on="/", **ask).status_code
    assert "Mark soaking as cleared" not in pages.read("/")


def test_what_leaves_then_is_read_before_the_yes_and_a_mistake_is_taken_back(pages: Pages) -> None:
    whose = enroll_on_cryo(pages)
    pages.clock.pass_(days=8)
    pages.sign_in()
    for take_back, button in (("", "Is soaking cleared?"), ("yes", "Is soaking not cleared after all?")):
        asked = {"what": "cleared", "topic": "soaking", "take_back": take_back}
        seen = pages.post(f"/patients/{whose}/change", **asked)
        assert button in seen.text
        assert ("you may swim" in unescape(seen.text)) is (take_back == "")
        sure = seen.text.partition('name="sure" value="')[2].partition('"')[0]
        assert 303 == pages.post(f"/patients/{whose}/change", **asked, sure=sure).status_code
        (lift,) = (one for one in pages.texts(whose) if one.step == "soak-again")
        assert bool(take_back) == (lift.due_at is None)
