"""Lists for staff: in the order of leaving, in the shapes that others read, with what a text waits for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifier.db.rows import insert_rows
from notifier.db.tables import Attempt, Reply
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.commands import Hold
from notifier.enrollments.lifecycle import apply
from notifier.numbers.holds import hold_number
from notifier.numbers.release import opt_out_by_staff
from notifier.oversight.explain import explain
from notifier.oversight.forecast import as_json, count_due, due, enrollment_json, enrollments, opt_outs, replies, show
from notifier.publishing.pause import pause
from tests.setups.clinic import ANA, BOB, ClinicSetup

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_what_is_due_comes_in_the_order_of_leaving(clinic: ClinicSetup) -> None:
    clinic.enroll(external_id="A-1")
    lines = clinic.act(due, until=clinic.now + 2 * DAY)
    assert ["today", "makeup-again"] == [line.step for line in lines]
    assert ["today", "makeup-again", "sun-again"] == [line.step for line in clinic.act(due)]
    first = as_json(lines[0])
    expected = {
        "message": lines[0].message,
        "enrollment": lines[0].enrollment,
        "external_id": "A-1",
        "name": "Ana Ruiz",
        "phone": ANA,
        "step": "today",
        "due_at": "2026-03-06T20:10:00+00:00",
        "state": "planned",
        "reason": None,
    }
    assert expected == {name: first[name] for name in expected}


def test_past_due_and_unknown_texts_are_due_and_said_ones_are_not(clinic: ClinicSetup) -> None:
    texts = clinic.texts(clinic.enroll().enrollment)
    clinic.send(texts["today"], clinic.now + HOUR, to=MessageState.UNKNOWN)
    clinic.send(texts["makeup-again"], clinic.now + DAY)
    later = clinic.act(due, until=clinic.now + 9 * DAY)
    assert [("today", MessageState.UNKNOWN), ("sun-again", MessageState.PLANNED)] == [(x.step, x.state) for x in later]


def test_a_text_says_what_it_waits_for(clinic: ClinicSetup) -> None:
    held, paused, number = (
        clinic.enroll().enrollment,
        clinic.enroll(phone=BOB, protocol="makeup-only").enrollment,
        clinic.enroll(phone="+12125550125").enrollment,
    )
    clinic.act(apply, held, Hold("she is unsure"), rules=clinic.rules, now=clinic.now, by="desk")
    told = {"protocols": clinic.protocols, "now": clinic.now, "by": "Dr. Lee"}
    clinic.act(pause, "makeup-only", step="today", reason="a wrong dose", **told)
    clinic.act(hold_number, "+12125550125", reason="unread", at=clinic.now, by="worker", kinds="lift,rebook")
    reasons = {(line.enrollment, line.step): line.reason for line in clinic.act(due)}
    assert "the enrollment is on hold: she is unsure" == reasons[held, "today"]
    assert "paused: a wrong dose" == reasons[paused, "today"]
    assert None is reasons[paused, "makeup-again"]
    assert "the number is on hold: unread" == reasons[number, "makeup-again"]
    assert None is reasons[number, "today"]


def test_show_has_every_text_with_what_left(clinic: ClinicSetup) -> None:
    enrolled = clinic.enroll(at=clinic.now - 3 * DAY)
    shown = {line.step: as_json(line) for line in clinic.act(show, enrolled.enrollment)}
    assert {"catch-up", "sun-again"} == shown.keys()
    assert {"today", "makeup-again", "next-visit"} == {one.step for one in enrolled.plan.timeline.left_out}
    assert ("planned", None, 0) == tuple(shown["catch-up"][name] for name in ("state", "sid", "attempts"))
    with pytest.raises(Refused, match="there is no enrollment 99"):
        clinic.act(show, 99)


def test_enrollments_come_the_latest_first(clinic: ClinicSetup) -> None:
    treated = clinic.enroll(external_id="A-1").enrollment
    booked = clinic.enroll(phone=BOB, appointment_at=clinic.now + DAY).enrollment
    lines = clinic.act(enrollments)
    assert [booked, treated] == [line.id for line in lines]
    said = enrollment_json(lines[1])
    assert {"external_id": "A-1", "protocol": "plain", "treated_at": clinic.now.isoformat(), "state": "active"} == {
        name: said[name] for name in ("external_id", "protocol", "treated_at", "state")
    }
    assert ({}, None) == (said["cleared"], said["consent_withdrawn_at"])
    lines[0].cleared, lines[0].consent_withdrawn_at = {"soaking": "2026-03-09T14:00:00+00:00"}, clinic.now
    said = enrollment_json(lines[0])
    assert ({"soaking": "2026-03-09T14:00:00+00:00"}, clinic.now.isoformat()) == (
        said["cleared"], said["consent_withdrawn_at"],
    )  # fmt: skip
    assert [booked] == [x.id for x in clinic.act(enrollments, state=EnrollmentState.BOOKED)]


def test_opt_outs_and_replies_are_listed(clinic: ClinicSetup) -> None:
    clinic.act(opt_out_by_staff, ANA, now=clinic.now, by="desk")
    row = {"sid": "SM1", "phone": BOB, "at": clinic.now, "text": "thanks!", "meaning": "harmless"}
    clinic.act(insert_rows, Reply, [row])
    assert [(ANA, "staff", clinic.now.isoformat())] == [
        (line["phone"], line["source"], line["at"]) for line in map(as_json, clinic.act(opt_outs))
    ]
    assert [(BOB, clinic.now.isoformat(), "thanks!", "harmless")] == [
        (line["phone"], line["at"], line["text"], line["meaning"]) for line in map(as_json, clinic.act(replies))
    ]


def test_a_planned_text_is_explained_from_its_rule_to_what_keeps_it(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll(at=clinic.now - 10 * HOUR).enrollment  # treated at 04:10
    text = clinic.texts(enrollment)["makeup-again"]
    said = clinic.act(explain, text.id, rules=clinic.rules)
    assert f"Message {text.id} is “makeup again” (lift) of enrollment {enrollment}." == said[0]
    assert "It leaves when what it lifts has ended: makeup (24 hours)." in said
    assert "No page says this; the protocol's author does." in said
    assert "It counts from the end of the treatment, Fri Mar 6 2026, 4:10 AM, on the clock of New York." in said
    assert "So its own moment is Sat Mar 7 2026, 4:10 AM." in said
    assert "It is due at Sat Mar 7 2026, 9:00 AM; texts may leave from 9:00 AM to 8:00 PM." in said
    assert any("outside the send window" in sentence for sentence in said)
    assert ["It is planned.", "Nothing keeps it from leaving when due."] == said[-2:]


def test_what_keeps_a_text_is_explained_and_every_attempt_is_told(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    text = clinic.texts(enrollment)["today"]
    clinic.act(apply, enrollment, Hold("she is unsure"), rules=clinic.rules, now=clinic.now, by="desk")
    clinic.act(hold_number, ANA, reason="unread", at=clinic.now, by="worker")
    said = clinic.act(explain, text.id, rules=clinic.rules)
    assert "It is planned for 1 hour after the treatment." in said
    assert "The enrollment is held, so it does not leave." in said
    assert "The number is on hold: unread." in said
    clinic.send(text, clinic.now + HOUR, to=MessageState.UNKNOWN)
    attempt = {"id": "u-1", "message_id": text.id, "worker_id": "w", "outcome": "unknown"}
    when = {
        "started_at": clinic.now + HOUR,
        "lease_until": clinic.now + 2 * HOUR,
        "detail": "read timeout",
        "empty_lists": 2,
    }
    clinic.act(insert_rows, Attempt, [attempt | when])
    said = clinic.act(explain, text.id, rules=clinic.rules)
    assert "It is unknown." in said
    assert "Attempt 1, Fri Mar 6 2026, 3:10 PM: unknown; read timeout; Twilio's list did not have it, 2 times." in said
    assert "Fri Mar 6 2026, 3:10 PM: planned to attempting, by test." in said


def test_only_a_text_that_is_there_is_explained(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match="there is no message 99"):
        clinic.act(explain, 99, rules=clinic.rules)


def test_the_first_lines_are_those_of_the_whole_list(clinic: ClinicSetup) -> None:
    for number in range(3):
        texts = clinic.texts(clinic.enroll(phone=f"+1212555013{number}").enrollment)
        clinic.send(texts["today"], clinic.now + HOUR, to=[MessageState.UNKNOWN, MessageState.NEEDS_REVIEW][number % 2])
    for until in (None, clinic.now + 2 * DAY):
        everything = clinic.act(due, until=until)
        assert len(everything) == clinic.act(count_due, until=until)
        for limit in (1, 2, 4, 100):
            assert everything[:limit] == clinic.act(due, until=until, limit=limit)
