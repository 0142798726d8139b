"""What a plan makes of news from before: a STOP that was taken back, a treatment that nobody had enrolled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change
from notifier.enrollments.lifecycle import apply
from notifier.numbers.open_replies import what_holds
from notifier.numbers.opt_outs import is_opted_out, opt_in, opt_out
from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from tests.schedules.plans import with_lengths_in_words
from tests.setups.clinic import ANA, BOB, ClinicSetup, of, other

PLANNED, SUPPRESSED, EXPIRED = MessageState.PLANNED, MessageState.SUPPRESSED, MessageState.EXPIRED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_after_start_a_missed_text_that_is_still_to_come_again_is_planned_again(clinic: ClinicSetup) -> None:
    """She missed what prepares her for the visit; the visit moves to another week."""
    enrollment, later = clinic.enroll(appointment_at=clinic.now + 3 * DAY).enrollment, clinic.now + 2.5 * DAY
    clinic.act(opt_out, ANA, source="keyword", at=clinic.now, by="patient")
    clinic.act(opt_in, ANA, at=later, by="patient")
    assert {"before": SUPPRESSED} == clinic.states(enrollment)
    changes = ChangeRequest(appointment_at=clinic.now + 14 * DAY)
    clinic.act(apply, enrollment, Change(changes), rules=clinic.rules, now=later, by="desk")
    assert {"before": PLANNED} == clinic.states(enrollment)


def test_after_start_a_missed_text_stays_missed_whatever_else_changes(clinic: ClinicSetup) -> None:
    enrollment, night = clinic.enroll().enrollment, clinic.now + 32 * HOUR
    clinic.act(opt_out, ANA, source="keyword", at=clinic.now, by="patient")
    clinic.act(opt_in, ANA, at=night, by="patient")
    clinic.act(apply, enrollment, Change(ChangeRequest(rebook_consent=True)), rules=clinic.rules, now=night, by="desk")
    states = clinic.states(enrollment)
    assert (EXPIRED, EXPIRED, PLANNED) == (states["today"], states["makeup-again"], states["sun-again"])
    assert PLANNED == states["catch-up"], "the sun is told after all"


def test_while_she_is_opted_out_a_text_that_moves_stays_suppressed(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll(appointment_at=clinic.now + 3 * DAY).enrollment
    clinic.act(opt_out, ANA, source="keyword", at=clinic.now, by="patient")
    changes = ChangeRequest(appointment_at=clinic.now + 14 * DAY)
    clinic.act(apply, enrollment, Change(changes), rules=clinic.rules, now=clinic.now, by="desk")
    assert {"before": SUPPRESSED} == clinic.states(enrollment)


def _with_lengths() -> dict[str, CareProtocol]:
    return {**shipped(), "microneedling-regimen": with_lengths_in_words(shipped()["microneedling-regimen"])}


def test_a_length_that_was_said_and_that_an_earlier_treatment_makes_too_short_is_for_a_call(
    clinic: ClinicSetup,
) -> None:
    """She has read "3 days no sun"; then somebody enrolls Wednesday's treatment, which forbids it for a week."""
    clinic = replace(clinic, protocols=_with_lengths())
    asked = {"shaves": "no", "cold-sores": "no", "indication": "facial"}
    newer = clinic.enroll(protocol="microneedling-regimen", answers=asked).enrollment
    clinic.send(clinic.texts(newer)["today"], clinic.now + HOUR)
    older = clinic.enroll(protocol="microneedling-week", at=clinic.now - 2 * DAY, now=clinic.now + 2 * HOUR)
    assert [("today", "the end of sun has moved")] == [
        (e.step, e.why) for e in of(other(older.effect, newer), "wrong_now")
    ]


@pytest.mark.parametrize(("written", "counts"), [(-1, True), (1, False)])
@pytest.mark.parametrize("words", ["STOP", "too many texts", "it is bleeding"])
def test_what_she_wrote_before_her_number_changed_counts_for_the_new_one(
    clinic: ClinicSetup, words: str, written: int, counts: bool
) -> None:
    """It was read only after the change: nothing was running meanwhile. What comes later is from somebody else."""
    enrollment, changed = clinic.enroll().enrollment, clinic.now + 2 * HOUR
    clinic.enroll(name="Eva Ruiz")
    clinic.send(clinic.texts(enrollment)["today"], clinic.now + HOUR)
    clinic.act(apply, enrollment, Change(ChangeRequest(phone=BOB)), rules=clinic.rules, now=changed, by="desk")
    inbound = InboundText("SM1", ANA, words, changed + written * HOUR)
    clinic.act(receive, inbound, changed + 2 * HOUR)
    with reading(clinic.engine) as session:
        stopped = [is_opted_out(session, phone) is not None for phone in (ANA, BOB)]
        held = [phone in what_holds(session, {ANA, BOB}) for phone in (ANA, BOB)]
    assert ([True, counts], [False, False]) == ((stopped, held) if words == "STOP" else (held, stopped))


def test_a_length_in_flight_that_a_newer_treatment_makes_too_short_does_not_leave_again(
    clinic: ClinicSetup,
) -> None:
    """Its answer was lost; should Twilio never have had "3 days no sun", a week is what holds by then."""
    clinic, later = replace(clinic, protocols=_with_lengths()), clinic.now + 2 * HOUR
    asked = {"shaves": "no", "cold-sores": "no", "indication": "facial"}
    older = clinic.enroll(protocol="microneedling-regimen", answers=asked).enrollment
    clinic.send(clinic.texts(older)["today"], clinic.now + HOUR, to=MessageState.UNKNOWN)
    clinic.enroll(protocol="microneedling", at=clinic.now + HOUR, now=later)
    text = clinic.texts(older)["today"]
    assert (MessageState.UNKNOWN, later) == (text.state, text.expires_at)
