"""Protocols to read, to approve and to stop."""

from __future__ import annotations

import pytest

from notifier.db.engine import reading
from notifier.db.protocols import approvals, open_pauses
from schedules.catalogue import shipped
from tests.web.staff.conftest import CLINIC, Desk, words

PROTOCOL = "/protocols/microneedling-regimen"


@pytest.mark.parametrize("protocol", shipped())
def test_every_text_every_source_and_every_reason_can_be_read(desk: Desk, protocol: str) -> None:
    shown = desk.read(f"/protocols/{protocol}")
    wanted = shipped()[protocol]
    missing = [
        said
        for step in wanted.steps
        for said in ([*step.text.values(), step.source or ""] if step.enabled else [step.why_off or ""])
        if " ".join(said.split()) not in shown
    ]
    assert [] == missing


def test_an_admin_stands_behind_exactly_these_words(admin: Desk) -> None:
    version = admin.token(PROTOCOL, "version")
    answer = admin.post(f"{PROTOCOL}/approve", on=PROTOCOL, version=version, language="es")
    assert 303 == answer.status_code
    with reading(admin.engine) as session:
        found = [(one.protocol, one.version, one.language, one.by) for one in approvals(session, CLINIC)]
    assert [("microneedling-regimen", version, "es", "Dr. Sol")] == found


def test_words_that_changed_meanwhile_are_not_approved(admin: Desk) -> None:
    answer = admin.post(f"{PROTOCOL}/approve", on=PROTOCOL, version="0123456789ab", language="en")
    assert (422, True) == (answer.status_code, "has changed since you read it" in words(answer))


def test_only_an_admin_approves(desk: Desk) -> None:
    version = shipped()["microneedling-regimen"].version
    answer = desk.post(f"{PROTOCOL}/approve", version=version, language="en")
    assert (403, "Only an admin may do this." in words(answer)) == (403, True)
    assert "I stand behind" not in desk.read(PROTOCOL)


def test_anybody_can_stop_a_bad_text_at_once(desk: Desk) -> None:
    desk.post(f"{PROTOCOL}/pause", on=PROTOCOL, step="makeup-again", reason="wrong wording")
    with reading(desk.engine) as session:
        assert [("makeup-again", "wrong wording")] == [(one.step, one.reason) for one in open_pauses(session, CLINIC)]
    assert "makeup again: Wrong wording." in desk.read(PROTOCOL)
    desk.post(f"{PROTOCOL}/unpause", on=PROTOCOL, step="makeup-again")
    with reading(desk.engine) as session:
        assert [] == open_pauses(session, CLINIC)


def test_a_paused_protocol_says_who_and_why(desk: Desk) -> None:
    desk.post(f"{PROTOCOL}/pause", on=PROTOCOL, reason="under review")
    assert "Paused by Dana: Under review." in desk.read(PROTOCOL)
    assert "paused" in desk.read("/protocols")
