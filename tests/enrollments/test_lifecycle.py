"""The life of an enrollment: booked, treated, held, ended; and what only staff may decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.db.tables import Enrollment
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.commands import Cancel, Change, Hold, NoShow, Resume, Treated
from notifier.enrollments.lifecycle import apply, preview
from notifier.numbers.holds import hold_number
from notifier.numbers.release import Released, opt_out_by_staff, release
from notifier.publishing.pause import pause, unpause
from notifier.sending.review import review
from tests.setups.clinic import ANA, ClinicSetup, of, other

PLANNED, CANCELLED, EXPIRED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.EXPIRED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def stored(clinic: ClinicSetup, enrollment: int) -> Enrollment:
    with reading(clinic.engine) as session:
        found = by_id(session, enrollment)
    assert found is not None
    return found


def book(clinic: ClinicSetup) -> int:
    return clinic.enroll(appointment_at=clinic.now + 5 * DAY).enrollment


# treated


def test_treated_plans_the_aftercare_and_withdraws_what_prepared_her(clinic: ClinicSetup) -> None:
    enrollment, at = book(clinic), clinic.now + 5 * DAY
    with reading(clinic.engine) as session:
        shown = preview(session, enrollment, Treated(at), rules=clinic.rules, now=at)
    assert ["before"] == [entry.step for entry in of(shown, "withdrawn")]
    clinic.act(apply, enrollment, Treated(at), rules=clinic.rules, now=at, by="desk")
    assert {"before": CANCELLED, "today": PLANNED, "makeup-again": PLANNED, "sun-again": PLANNED} == clinic.states(
        enrollment
    )
    assert "the visit is over" == clinic.texts(enrollment)["before"].reason
    assert (EnrollmentState.ACTIVE, at) == (stored(clinic, enrollment).state, stored(clinic, enrollment).treated_at)


def test_a_sent_text_that_prepared_her_is_not_wrong_now(clinic: ClinicSetup) -> None:
    enrollment, at = book(clinic), clinic.now + 5 * DAY
    clinic.send(clinic.texts(enrollment)["before"], clinic.now + 4 * DAY)
    made = clinic.act(apply, enrollment, Treated(at), rules=clinic.rules, now=at, by="desk")
    assert ([], []) == (of(made, "wrong_now"), of(made, "withdrawn"))


def test_treated_counts_from_the_end_and_not_from_the_appointment(clinic: ClinicSetup) -> None:
    enrollment = book(clinic)
    at = clinic.now + 5 * DAY + HOUR
    clinic.act(apply, enrollment, Treated(at), rules=clinic.rules, now=at, by="desk")
    assert at + 24 * HOUR == clinic.texts(enrollment)["makeup-again"].due_at


def test_treated_said_twice_moves_the_end_of_the_treatment(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    made = clinic.act(apply, enrollment, Treated(clinic.now - HOUR), rules=clinic.rules, now=clinic.now, by="desk")
    assert clinic.now + 23 * HOUR == clinic.texts(enrollment)["makeup-again"].due_at
    assert not of(made, "added")
    again = clinic.act(apply, enrollment, Treated(clinic.now - HOUR), rules=clinic.rules, now=clinic.now, by="desk")
    assert () == again.texts


def test_treated_withholds_the_lifts_of_her_earlier_treatment(clinic: ClinicSetup) -> None:
    first = clinic.enroll().enrollment
    second = clinic.enroll(protocol="makeup-only", appointment_at=clinic.now + HOUR).enrollment
    made = clinic.act(apply, second, Treated(clinic.now + HOUR), rules=clinic.rules, now=clinic.now + HOUR, by="desk")
    assert ["sun-again"] == [text.step for text in of(other(made, first), "withdrawn") if text.needs_call]
    assert CANCELLED == clinic.states(first)["makeup-again"]


def test_treated_in_the_future_is_refused(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match="lies in the future"):
        clinic.act(apply, book(clinic), Treated(clinic.now + HOUR), rules=clinic.rules, now=clinic.now, by="desk")


def test_a_moved_appointment_moves_what_prepares_her_and_lists_what_was_said(clinic: ClinicSetup) -> None:
    enrollment = book(clinic)
    changes = ChangeRequest(appointment_at=clinic.now + 7 * DAY)
    made = clinic.act(apply, enrollment, Change(changes), rules=clinic.rules, now=clinic.now, by="desk")
    assert ["before"] == [entry.step for entry in of(made, "moved")]
    assert datetime(2026, 3, 12, 14, tzinfo=UTC) == clinic.texts(enrollment)["before"].due_at
    clinic.send(clinic.texts(enrollment)["before"], clinic.now + 6 * DAY)
    changes = ChangeRequest(appointment_at=clinic.now + 9 * DAY)
    made = clinic.act(apply, enrollment, Change(changes), rules=clinic.rules, now=clinic.now + 6 * DAY, by="desk")
    assert [("before", "the visit has moved")] == [(entry.step, entry.why) for entry in of(made, "wrong_now")]


# ended


def test_a_no_show_stops_what_prepared_her(clinic: ClinicSetup) -> None:
    enrollment = book(clinic)
    with reading(clinic.engine) as session:
        shown = preview(session, enrollment, NoShow(), rules=clinic.rules, now=clinic.now + 5 * DAY)
    assert ["before"] == [text.step for text in of(shown, "withdrawn")]
    clinic.act(apply, enrollment, NoShow(), rules=clinic.rules, now=clinic.now + 5 * DAY, by="desk")
    assert (EnrollmentState.NO_SHOW, {"before": CANCELLED}) == (
        stored(clinic, enrollment).state,
        clinic.states(enrollment),
    )
    assert clinic.act(apply, enrollment, NoShow(), rules=clinic.rules, now=clinic.now, by="desk").already


def test_a_treated_patient_is_no_no_show(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match="was treated, so it is no no-show"):
        clinic.act(apply, clinic.enroll().enrollment, NoShow(), rules=clinic.rules, now=clinic.now, by="desk")


def test_cancelling_withdraws_what_is_planned_and_names_what_is_on_its_way(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    clinic.send(clinic.texts(enrollment)["today"], clinic.now, to=MessageState.ATTEMPTING)
    with reading(clinic.engine) as session:
        shown = preview(session, enrollment, Cancel(), rules=clinic.rules, now=clinic.now)
    withdrawn = [text.step for text in of(shown, "withdrawn")]
    assert (["makeup-again", "sun-again"], ("today",)) == (withdrawn, shown.on_their_way)
    clinic.act(apply, enrollment, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    expected = {"today": MessageState.ATTEMPTING, "makeup-again": CANCELLED, "sun-again": CANCELLED}
    assert expected == clinic.states(enrollment)
    assert clinic.act(apply, enrollment, Cancel(), rules=clinic.rules, now=clinic.now, by="desk").already


@pytest.mark.parametrize(
    ("end", "sentence"), [(Cancel(), r"which was cancelled \(cancelled by staff\)"), (NoShow(), "a no-show")]
)
def test_an_ended_enrollment_is_not_enrolled_again_without_saying_so(
    clinic: ClinicSetup, end: Command, sentence: str
) -> None:
    at = clinic.now + 5 * DAY
    ended = book(clinic)
    clinic.act(apply, ended, end, rules=clinic.rules, now=at, by="desk")
    with pytest.raises(
        Refused, match=rf"this is enrollment {ended}.*{sentence}.*; take that back, or enroll the patient again"
    ):
        clinic.enroll(appointment_at=at + HOUR, now=at)
    assert ended != clinic.enroll(appointment_at=at + HOUR, second=True, now=at).enrollment


def test_a_visit_that_is_still_to_come_was_not_missed(clinic: ClinicSetup) -> None:
    enrollment, at = book(clinic), clinic.now + 5 * DAY
    sentence = (
        rf"the appointment of enrollment {enrollment} is still to come \(Wed Mar 11, 3:10 PM\), "
        "so it is no no-show yet; "
        "where it is called off, cancel it; where it moves, say to when"
    )
    with pytest.raises(Refused, match=f"^{sentence}$"):
        clinic.act(apply, enrollment, NoShow(), rules=clinic.rules, now=at - timedelta(minutes=1), by="desk")
    with reading(clinic.engine) as session, pytest.raises(Refused, match=f"^{sentence}$"):
        preview(session, enrollment, NoShow(), rules=clinic.rules, now=clinic.now)
    assert EnrollmentState.BOOKED == stored(clinic, enrollment).state
    assert not clinic.act(apply, enrollment, NoShow(), rules=clinic.rules, now=at, by="desk").already


# held


def test_after_a_hold_what_is_useful_goes_and_what_has_passed_expires(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    held = clinic.act(apply, enrollment, Hold("she is unsure"), rules=clinic.rules, now=clinic.now, by="desk")
    again = clinic.act(apply, enrollment, Hold("again"), rules=clinic.rules, now=clinic.now, by="desk")
    assert (False, True) == (held.already, again.already)
    assert EnrollmentState.HELD == stored(clinic, enrollment).state
    later = clinic.now + 26 * HOUR
    with reading(clinic.engine) as session:
        found = preview(session, enrollment, Resume(), rules=clinic.rules, now=later)
    assert (["makeup-again"], ["catch-up"]) == tuple(
        [entry.step for entry in of(found, what)] for what in ("expired", "added")
    )
    clinic.act(apply, enrollment, Resume(), rules=clinic.rules, now=later, by="desk")
    texts = clinic.texts(enrollment)
    assert (EXPIRED, "not told") == (texts["makeup-again"].state, texts["makeup-again"].reason)
    assert (PLANNED, ["sun"]) == (texts["catch-up"].state, texts["catch-up"].topics)
    assert PLANNED == texts["sun-again"].state
    assert EnrollmentState.ACTIVE == stored(clinic, enrollment).state


def test_a_held_visit_that_takes_place_is_active_once_it_is_resumed(clinic: ClinicSetup) -> None:
    enrollment, at = book(clinic), clinic.now + 5 * DAY
    clinic.act(apply, enrollment, Hold("moved house"), rules=clinic.rules, now=clinic.now, by="desk")
    clinic.act(apply, enrollment, Treated(at), rules=clinic.rules, now=at, by="desk")
    assert EnrollmentState.HELD == stored(clinic, enrollment).state
    clinic.act(apply, enrollment, Resume(), rules=clinic.rules, now=at, by="desk")
    assert EnrollmentState.ACTIVE == stored(clinic, enrollment).state


def test_only_what_is_held_is_resumed(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match=r"is not held; its state is active"):
        clinic.act(apply, clinic.enroll().enrollment, Resume(), rules=clinic.rules, now=clinic.now, by="desk")


# what only staff may decide


def test_an_opt_out_by_staff_suppresses_and_is_ended_only_by_the_patient(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    done = clinic.act(opt_out_by_staff, "(212) 555-0123", now=clinic.now, by="desk")
    assert (ANA, False, len(clinic.texts(enrollment))) == (done.phone, done.already, len(done.withdrawn))
    assert {MessageState.SUPPRESSED} == set(clinic.states(enrollment).values())
    with pytest.raises(Refused, match=r"this number opted out on 2026-03-06 \(staff\); only the patient may end that"):
        clinic.act(release, ANA, now=clinic.now, by="desk")
    released = clinic.act(release, ANA, now=clinic.now, by="desk", reconsent="signed a new form")
    assert Released(holds=0, opt_out=True) == released
    assert {PLANNED} == set(clinic.states(enrollment).values())


def test_release_ends_a_hold_and_leaves_an_opt_out_alone(clinic: ClinicSetup) -> None:
    clinic.act(opt_out_by_staff, ANA, now=clinic.now, by="desk")
    clinic.act(hold_number, ANA, reason="unread", at=clinic.now, by="worker")
    assert Released(1, opt_out=False) == clinic.act(release, ANA, now=clinic.now, by="desk")


def test_a_number_that_nothing_keeps_is_not_released(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match="neither held nor opted out"):
        clinic.act(release, ANA, now=clinic.now, by="desk")


@pytest.mark.parametrize(
    ("sent", "hours", "state"),
    [(True, 2, MessageState.ACCEPTED), (False, 2, PLANNED), (False, 30, CANCELLED)],
)
def test_a_person_says_whether_a_text_had_left(
    clinic: ClinicSetup, sent: bool, hours: int, state: MessageState
) -> None:
    text = clinic.texts(clinic.enroll().enrollment)["today"]
    clinic.send(text, clinic.now + HOUR, to=MessageState.NEEDS_REVIEW)
    now = clinic.now + hours * HOUR
    assert state == clinic.act(review, text.id, sent=sent, now=now, by="desk")
    with pytest.raises(Refused, match="needs no review"):
        clinic.act(review, text.id, sent=sent, now=now, by="desk")


def test_a_review_needs_a_message(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match="there is no message 99"):
        clinic.act(review, 99, sent=True, now=clinic.now, by="desk")


def test_pausing_names_what_is_there(clinic: ClinicSetup) -> None:
    told = {"protocols": clinic.protocols, "now": clinic.now, "by": "Dr. Lee"}
    with pytest.raises(Refused, match='plain has no step "tody"; its steps: before, today'):
        clinic.act(pause, "plain", step="tody", reason="wrong", **told)
    with pytest.raises(Refused, match='there is no protocol "plian"; did you mean plain'):
        clinic.act(pause, "plian", reason="wrong", **told)
    with pytest.raises(Refused, match="say why"):
        clinic.act(pause, "plain", reason=" ", **told)
    assert clinic.act(pause, "plain", step="today", reason="wrong", **told)
    with pytest.raises(Refused, match="plain is not paused; paused are: plain today"):
        clinic.act(unpause, "plain", reason="mended", now=clinic.now, by="Dr. Lee")
