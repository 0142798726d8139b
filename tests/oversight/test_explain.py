"""`explain` says what every check would decide, as things stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import Message
from notifier.domain.offices import OfficeProfile
from notifier.enrollments.commands import Hold
from notifier.enrollments.lifecycle import apply
from notifier.oversight.explain import explain
from notifier.sending.gates.circuits import open_circuit
from notifier.sending.gates.heartbeats import arrive
from notifier.sending.gates.recoveries import begin_after_outage, begin_after_restore
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.setups.gate import inbound_was_read

LATER = timedelta(hours=1)


def said(clinic: Any, message: int, at: datetime) -> str:
    with reading(clinic.engine) as session:
        return "\n".join(explain(session, message, rules=clinic.rules, now=at))


@pytest.fixture
def lift(clinic: Any) -> Any:
    """The text that says "makeup again", due tomorrow at 14:10; its rule was told."""
    enrolled = clinic.enroll()
    clinic.send(clinic.texts(enrolled.enrollment)["today"], clinic.now)
    return clinic.texts(enrolled.enrollment)["makeup-again"]


def test_what_is_in_order_is_said_to_leave(clinic: Any, lift: Any) -> None:
    assert "Every check of now lets it leave then." in said(clinic, lift.id, clinic.now)


def test_a_day_late_it_leaves_in_its_late_words(clinic: Any, lift: Any) -> None:
    assert "leave then, in its late wording" in said(clinic, lift.id, lift.due_at + timedelta(days=1))


def test_a_due_text_says_that_nothing_leaves_and_why(clinic: Any, lift: Any) -> None:
    """No worker; then a worker that cannot read what patients wrote; then one that can."""
    due, no_worker, shut = (
        lift.due_at,
        "no worker is running: nothing leaves",
        "nothing leaves until what patients wrote",
    )
    assert no_worker not in said(clinic, lift.id, due - LATER)
    assert no_worker in said(clinic, lift.id, due)
    assert "Nothing keeps it" not in said(clinic, lift.id, due)
    with writing(clinic.engine) as session:
        arrive(session, "w", host="desk", pid=1, now=due)
    assert shut in said(clinic, lift.id, due)
    with writing(clinic.engine) as session:
        inbound_was_read(session, due)
    assert "Nothing keeps it" in said(clinic, lift.id, due)


def test_at_night_it_would_wait_for_the_morning(clinic: Any, lift: Any) -> None:
    night = lift.due_at + timedelta(hours=10)
    assert "would then wait until Sun Mar 8 2026, 9:00 AM: outside the send window." in said(clinic, lift.id, night)


def test_what_is_too_late_would_be_given_up(clinic: Any, lift: Any) -> None:
    assert "would then be expired: it could not leave while it was still useful." in said(
        clinic, lift.id, lift.expires_at
    )


def test_what_waits_for_a_person_says_so(clinic: Any, lift: Any) -> None:
    with writing(clinic.engine) as session:
        apply(session, lift.enrollment_id, Hold("on leave"), rules=clinic.rules, now=clinic.now, by="desk")
    assert "the enrollment is on hold" in said(clinic, lift.id, clinic.now)


def test_after_an_outage_it_waits_and_says_for_what(clinic: Any, lift: Any) -> None:
    at = lift.due_at + 2 * LATER
    with writing(clinic.engine) as session:
        assert begin_after_outage(session, above=0, now=at)
    assert "It is late after an outage and waits for a person to let the late texts leave." in said(clinic, lift.id, at)


def test_in_a_restored_backup_it_waits_and_says_for_what(clinic: Any, lift: Any) -> None:
    with writing(clinic.engine) as session:
        begin_after_restore(session, up_to=clinic.now, now=clinic.now, by="desk")
    assert "the database is a restored backup" in said(clinic, lift.id, clinic.now)


def test_what_keeps_a_sender_is_said_of_its_own_texts_alone(clinic: Any, lift: Any) -> None:
    """The north has a sender of its own; the clinic's own text is about none of its trouble."""
    north = OfficeProfile("north", Voice("Glow", "555"), "America/New_York", SendWindow(), sender="+19785550111")
    rules, at = replace(clinic.rules, offices={"north": north}), lift.due_at - LATER
    circuit = {"reason": "Refused.", "code": 21606, "at": at, "by": "worker"}
    with writing(clinic.engine) as session:
        open_circuit(session, **circuit, sender="+19785550111")
        assert "nothing is sent" not in "\n".join(explain(session, lift.id, rules=rules, now=at)).lower()
        open_circuit(session, **circuit, sender="+12125550000")
        said_now = "\n".join(explain(session, lift.id, rules=rules, now=at))
        assert "Nothing is sent through the sender ending in 0000: Refused." in said_now
        assert "Its sender waits" not in said_now
        asked = "Twilio asks us to send more slowly. Twilio asked us to wait 300 s."
        waits = update(Message).where(col(Message.id) != lift.id, col(Message.enrollment_id) == lift.enrollment_id)
        session.execute(waits.values(due_at=at + timedelta(minutes=5), reason=asked))
        assert f"Its sender waits: {asked}" in "\n".join(explain(session, lift.id, rules=rules, now=at))
