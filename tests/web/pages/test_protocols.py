"""Protocols to read, to approve and to stop."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import func, select, update

from notifier.db.engine import reading, writing
from notifier.db.protocols import approvals, open_pauses
from notifier.db.tables import MigratedEnrollment
from notifier.web.pages.administration import protocol_effects
from schedules.catalogue import Catalogue, shipped
from schedules.check import check_protocol
from schedules.checks.findings import Finding
from schedules.protocol import CareProtocol
from schedules.timeline import Rules
from tests.web.pages.conftest import Pages, words

REGIMEN = shipped()["microneedling-regimen"]
PROTOCOL = f"/protocols/{REGIMEN.id}"


def test_every_text_every_source_and_every_reason_can_be_read(subtests: pytest.Subtests, pages: Pages) -> None:
    for protocol in shipped():
        with subtests.test(protocol=protocol):
            shown = pages.read(f"/protocols/{protocol}")
            wanted = shipped()[protocol]
            missing = [
                said
                for step in wanted.steps
                for said in ([*step.text.values(), step.source or ""] if step.enabled else [step.why_off or ""])
                if " ".join(said.split()) not in shown
            ]
            assert [] == missing


def test_an_admin_stands_behind_exactly_these_words(admin: Pages) -> None:
    asked = admin.get(f"{PROTOCOL}/approve/es")
    missing = [step.key for step in REGIMEN.steps if step.enabled and step.text["es"] not in unescape(asked.text)]
    version = admin.token(f"{PROTOCOL}/approve/es", "version")
    assert ([], REGIMEN.version) == (missing, version)
    response = admin.post(f"{PROTOCOL}/approve", on=PROTOCOL, version=version, language="es")
    assert 303 == response.status_code
    with reading(admin.engine) as session:
        found = [(one.protocol, one.version, one.language, one.by) for one in approvals(session)]
    assert [("microneedling-regimen", version, "es", "Dr. Sol")] == found


def test_words_that_changed_meanwhile_are_not_approved(admin: Pages) -> None:
    response = admin.post(f"{PROTOCOL}/approve", on=PROTOCOL, version="0123456789ab", language="en")
    assert (422, True) == (response.status_code, "has changed since you read it" in words(response))


def test_only_an_admin_approves(pages: Pages) -> None:
    version = shipped()["microneedling-regimen"].version
    answer = pages.post(f"{PROTOCOL}/approve", version=version, language="en")
    assert (403, "Only an admin may do this." in words(answer)) == (403, True)
    assert 403 == pages.get(f"{PROTOCOL}/approve/en").status_code
    assert "Read and approve" not in pages.read(PROTOCOL)


def test_anybody_can_stop_a_bad_text_at_once(pages: Pages) -> None:
    pages.post(f"{PROTOCOL}/pause", on=PROTOCOL, step="makeup-again", reason="wrong wording")
    with reading(pages.engine) as session:
        assert [("makeup-again", "wrong wording")] == [(one.step, one.reason) for one in open_pauses(session)]
    assert "makeup again: Wrong wording." in pages.read(PROTOCOL)
    pages.post(f"{PROTOCOL}/unpause", on=PROTOCOL, step="makeup-again", reason="it was right")
    with reading(pages.engine) as session:
        assert [] == open_pauses(session)


def test_a_paused_protocol_says_who_and_why(pages: Pages) -> None:
    pages.post(f"{PROTOCOL}/pause", on=PROTOCOL, reason="under review")
    assert "Paused by Dana: Under review." in pages.read(PROTOCOL)
    assert "paused" in pages.read("/protocols")


def test_two_protocols_stand_side_by_side_topic_by_topic(pages: Pages) -> None:
    shown = pages.read("/protocols/compare?a=microneedling&b=microneedling-week")
    for row in ("makeup 24 hours 72 hours", "retinoids until day 4 not restricted", "swimming not restricted 7 days"):
        assert row in shown
    assert "Text “makeup again”" in shown
    same = pages.read("/protocols/compare?a=microneedling&b=microneedling")
    assert "Nothing: they say the same." in same
    assert 404 == pages.get("/protocols/compare?a=microneedling&b=nothing").status_code


def test_what_the_check_says_is_shown_with_its_severity_and_worked_out_once(pages: Pages) -> None:
    protocol = pages.context.protocols["microneedling-24h"]
    clean = check_protocol(protocol, Rules(pages.context.rules.voice))
    found = replace(
        clean,
        findings=(Finding(protocol.id, "says two things", "say one"),),
        warnings=(Finding(protocol.id, "is long", "shorten it", is_warning=True),),
    )
    pages.context.reports[protocol.id, protocol.version] = found
    shown = pages.read("/protocols/microneedling-24h/check")
    assert 0 < shown.index("problem Says two things; say one.") < shown.index("look at it Is long; shorten it.")
    pages.context.reports.clear()
    assert "No problem found." in pages.read("/protocols/microneedling-24h/check")
    assert clean == pages.context.reports[protocol.id, protocol.version]


def publish_ten_days_of_no_sun(admin: Pages) -> None:
    """Instead of the seven that Ana was enrolled under."""
    content = shipped()["microneedling-week"].content.replace('"days":7', '"days":10')
    newer = Catalogue({**shipped(), "microneedling-week": CareProtocol.from_content(content)})
    object.__setattr__(admin.context, "protocols", newer)


def were_told_otherwise(admin: Pages) -> None:
    """Whoever was moved had read what is wrong now."""
    with writing(admin.engine) as session:
        session.execute(update(MigratedEnrollment).values(misinformed=True))


def test_an_effect_that_takes_long_to_count_says_how_far_it_is_and_has_no_button_until_it_is_whole(
    admin: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.enroll(protocol="microneedling-week")
    admin.enroll(protocol="microneedling-week", name="Bea Holm", phone="+12125550132")
    publish_ten_days_of_no_sun(admin)
    page, countings = "/protocols/microneedling-week/effect", admin.context.countings
    with countings._turn:
        countings.wait = 0
        begun, again = admin.get(page), admin.get(page)
        assert [("1", True, False)] * 2 == [
            (one.headers["refresh"], "Counting the patients" in one.text, "Move all" in one.text)
            for one in (begun, again)
        ]
    countings.wait = 30
    monkeypatch.setattr(protocol_effects, "_IN_FULL", 1)
    whole = admin.get(page)
    assert ("refresh" in whole.headers, "Move all 2" in words(whole)) == (False, True)
    assert [f'<a href="/patients/{one}">' in whole.text for one in (1, 2)] == [True, True]
    assert "1 more, by name Bea Holm" in words(whole)
    admin.enroll(protocol="microneedling-week", name="Cy Oz", phone="+12125550133")
    assert "Move all 3" in admin.read(page), "opened again, it shows what is so then"


def test_moving_many_patients_says_how_far_it_is_and_is_done_once_however_often_it_is_pressed(admin: Pages) -> None:
    admin.enroll(protocol="microneedling-week")
    publish_ten_days_of_no_sun(admin)
    page, countings = "/protocols/microneedling-week/effect", admin.context.countings
    said = {"sure": admin.token(page, "sure"), "whom": "all"}
    with countings._turn:
        countings.wait = 0
        begun = [admin.post("/protocols/microneedling-week/migrate", **said) for _ in range(2)]
        assert [(303, page)] * 2 == [(one.status_code, one.headers["location"]) for one in begun]
        busy = admin.get(page)
        assert ("1", True) == (busy.headers["refresh"], "Moving the patients" in busy.text)
    countings.wait = 30
    assert "1 patient is on version" in admin.read(page)
    assert ("patient is on version" in admin.read(page), "Take back what was moved" in admin.read(page)) == (
        False,
        True,
    )
    with reading(admin.engine) as session:
        assert 1 == session.scalar(select(func.count()).select_from(MigratedEnrollment))


def test_running_patients_are_moved_as_shown_and_taken_back(admin: Pages) -> None:
    whose = admin.enroll(protocol="microneedling-week").enrollment
    publish_ten_days_of_no_sun(admin)
    page, was = "/protocols/microneedling-week", {one.step: one.due_at for one in admin.texts(whose)}

    shown = admin.read(f"{page}/effect")
    assert ("Ana Ruiz" in shown, "Move all 1" in shown) == (True, True)
    stale = admin.post(f"{page}/migrate", on=f"{page}/effect", sure="0123456789abcdef", whom="all")
    assert "Look at it once more." in words(stale)
    assert was == {one.step: one.due_at for one in admin.texts(whose) if one.kind != "correction"}
    sure = admin.token(f"{page}/effect", "sure")
    moved = admin.post(f"{page}/migrate", on=f"{page}/effect", sure=sure, whom="all")
    assert "1 patient is on version" in words(moved)
    assert was != {one.step: one.due_at for one in admin.texts(whose)}
    assert "Send a correction" not in words(moved)  # nobody had been told
    were_told_otherwise(admin)
    correction = f"{page}/correction"
    assert "Send a correction" in admin.read(f"{page}/effect")
    wrong = admin.post(correction, language="en", words="No sun until {sun.until}.")
    assert "does not begin with who is speaking" in words(wrong)
    admin.post(correction, language="en", words="{clinic}: no sun until {sun.until}. STOP to opt out.")
    sent = admin.post(f"{correction}/send", on=correction, sure=admin.token(correction, "sure"))
    assert "The text goes to 1 patient, in the send window." in words(sent)
    assert "1 had it before" in words(sent)
    back = admin.post(f"{page}/migrate/undo", on=f"{page}/effect")
    assert "Taken back: 1 patient is where the patient was." in words(back)
    assert was == {one.step: one.due_at for one in admin.texts(whose) if one.kind != "correction"}
