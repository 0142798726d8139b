"""The life of an enrollment: booked, treated, held, ended; and what only staff may decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.db.tables import Enrollment
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.commands import Cancel, Change, Command, Hold, NoShow, Resume, Treated
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.requests import ChangeRequest
from notifier.numbers.holds import hold_number
from notifier.numbers.release import Released, opt_out_by_staff, release
from notifier.publishing.pause import pause, unpause
from notifier.sending.review import review
from tests.setups.desk import ANA, Desk, of, other

PLANNED, CANCELLED, EXPIRED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.EXPIRED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def stored(desk: Desk, enrollment: int) -> Enrollment:
    with reading(desk.engine) as session:
        found = by_id(session, enrollment)
    assert found is not None
    return found


def book(desk: Desk) -> int:
    return desk.enroll(appointment_at=desk.now + 5 * DAY).enrollment


# treated


def test_treated_plans_the_aftercare_and_withdraws_what_prepared_her(desk: Desk) -> None:
    enrollment, at = book(desk), desk.now + 5 * DAY
    with reading(desk.engine) as session:
        shown = preview(session, enrollment, Treated(at), rules=desk.rules, now=at)
    assert ["before"] == [entry.step for entry in of(shown, "withdrawn")]
    desk.act(apply, enrollment, Treated(at), rules=desk.rules, now=at, by="desk")
    assert {"before": CANCELLED, "today": PLANNED, "makeup-again": PLANNED, "sun-again": PLANNED} == desk.states(
        enrollment
    )
    assert "the visit is over" == desk.texts(enrollment)["before"].reason
    assert (EnrollmentState.ACTIVE, at) == (stored(desk, enrollment).state, stored(desk, enrollment).treated_at)


def test_a_sent_text_that_prepared_her_is_not_wrong_now(desk: Desk) -> None:
    enrollment, at = book(desk), desk.now + 5 * DAY
    desk.send(desk.texts(enrollment)["before"], desk.now + 4 * DAY)
    made = desk.act(apply, enrollment, Treated(at), rules=desk.rules, now=at, by="desk")
    assert ([], []) == (of(made, "wrong_now"), of(made, "withdrawn"))


def test_treated_counts_from_the_end_and_not_from_the_appointment(desk: Desk) -> None:
    enrollment = book(desk)
    at = desk.now + 5 * DAY + HOUR
    desk.act(apply, enrollment, Treated(at), rules=desk.rules, now=at, by="desk")
    assert at + 24 * HOUR == desk.texts(enrollment)["makeup-again"].due_at


def test_treated_said_twice_moves_the_end_of_the_treatment(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    made = desk.act(apply, enrollment, Treated(desk.now - HOUR), rules=desk.rules, now=desk.now, by="desk")
    assert desk.now + 23 * HOUR == desk.texts(enrollment)["makeup-again"].due_at
    assert not of(made, "added")
    again = desk.act(apply, enrollment, Treated(desk.now - HOUR), rules=desk.rules, now=desk.now, by="desk")
    assert () == again.texts


def test_treated_withholds_the_lifts_of_her_earlier_treatment(desk: Desk) -> None:
    first = desk.enroll().enrollment
    second = desk.enroll(protocol="makeup-only", appointment_at=desk.now + HOUR).enrollment
    made = desk.act(apply, second, Treated(desk.now + HOUR), rules=desk.rules, now=desk.now + HOUR, by="desk")
    assert ["sun-again"] == [text.step for text in of(other(made, first), "withdrawn") if text.needs_call]
    assert CANCELLED == desk.states(first)["makeup-again"]


def test_treated_in_the_future_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused, match="lies in the future"):
        desk.act(apply, book(desk), Treated(desk.now + HOUR), rules=desk.rules, now=desk.now, by="desk")


def test_a_moved_appointment_moves_what_prepares_her_and_lists_what_was_said(desk: Desk) -> None:
    enrollment = book(desk)
    changes = ChangeRequest(appointment_at=desk.now + 7 * DAY)
    made = desk.act(apply, enrollment, Change(changes), rules=desk.rules, now=desk.now, by="desk")
    assert ["before"] == [entry.step for entry in of(made, "moved")]
    assert datetime(2026, 3, 12, 14, tzinfo=UTC) == desk.texts(enrollment)["before"].due_at
    desk.send(desk.texts(enrollment)["before"], desk.now + 6 * DAY)
    changes = ChangeRequest(appointment_at=desk.now + 9 * DAY)
    made = desk.act(apply, enrollment, Change(changes), rules=desk.rules, now=desk.now + 6 * DAY, by="desk")
    assert [("before", "the visit has moved")] == [(entry.step, entry.why) for entry in of(made, "wrong_now")]


# ended


def test_a_no_show_stops_what_prepared_her(desk: Desk) -> None:
    enrollment = book(desk)
    with reading(desk.engine) as session:
        shown = preview(session, enrollment, NoShow(), rules=desk.rules, now=desk.now + 5 * DAY)
    assert ["before"] == [text.step for text in of(shown, "withdrawn")]
    desk.act(apply, enrollment, NoShow(), rules=desk.rules, now=desk.now + 5 * DAY, by="desk")
    assert (EnrollmentState.NO_SHOW, {"before": CANCELLED}) == (stored(desk, enrollment).state, desk.states(enrollment))
    assert desk.act(apply, enrollment, NoShow(), rules=desk.rules, now=desk.now, by="desk").already


def test_a_treated_patient_is_no_no_show(desk: Desk) -> None:
    with pytest.raises(Refused, match="was treated, so it is no no-show"):
        desk.act(apply, desk.enroll().enrollment, NoShow(), rules=desk.rules, now=desk.now, by="desk")


def test_cancelling_withdraws_what_is_planned_and_names_what_is_on_its_way(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    desk.send(desk.texts(enrollment)["today"], desk.now, to=MessageState.ATTEMPTING)
    with reading(desk.engine) as session:
        shown = preview(session, enrollment, Cancel(), rules=desk.rules, now=desk.now)
    withdrawn = [text.step for text in of(shown, "withdrawn")]
    assert (["makeup-again", "sun-again"], ("today",)) == (withdrawn, shown.on_their_way)
    desk.act(apply, enrollment, Cancel(), rules=desk.rules, now=desk.now, by="desk")
    expected = {"today": MessageState.ATTEMPTING, "makeup-again": CANCELLED, "sun-again": CANCELLED}
    assert expected == desk.states(enrollment)
    assert desk.act(apply, enrollment, Cancel(), rules=desk.rules, now=desk.now, by="desk").already


@pytest.mark.parametrize(
    ("end", "sentence"), [(Cancel(), r"which was cancelled \(cancelled by staff\)"), (NoShow(), "a no-show")]
)
def test_an_ended_enrollment_is_not_enrolled_again_without_saying_so(desk: Desk, end: Command, sentence: str) -> None:
    at = desk.now + 5 * DAY
    ended = book(desk)
    desk.act(apply, ended, end, rules=desk.rules, now=at, by="desk")
    with pytest.raises(
        Refused, match=rf"this is enrollment {ended}.*{sentence}.*; take that back, or enroll the patient again"
    ):
        desk.enroll(appointment_at=at + HOUR, now=at)
    assert ended != desk.enroll(appointment_at=at + HOUR, second=True, now=at).enrollment


def test_a_visit_that_is_still_to_come_was_not_missed(desk: Desk) -> None:
    enrollment, at = book(desk), desk.now + 5 * DAY
    sentence = (
        rf"the appointment of enrollment {enrollment} is still to come \(Wed Mar 11, 3:10 PM\), "
        "so it is no no-show yet; "
        "where it is called off, cancel it; where it moves, say to when"
    )
    with pytest.raises(Refused, match=f"^{sentence}$"):
        desk.act(apply, enrollment, NoShow(), rules=desk.rules, now=at - timedelta(minutes=1), by="desk")
    with reading(desk.engine) as session, pytest.raises(Refused, match=f"^{sentence}$"):
        preview(session, enrollment, NoShow(), rules=desk.rules, now=desk.now)
    assert EnrollmentState.BOOKED == stored(desk, enrollment).state
    assert not desk.act(apply, enrollment, NoShow(), rules=desk.rules, now=at, by="desk").already


# held


def test_after_a_hold_what_is_useful_goes_and_what_has_passed_expires(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    held = desk.act(apply, enrollment, Hold("she is unsure"), rules=desk.rules, now=desk.now, by="desk")
    again = desk.act(apply, enrollment, Hold("again"), rules=desk.rules, now=desk.now, by="desk")
    assert (False, True) == (held.already, again.already)
    assert EnrollmentState.HELD == stored(desk, enrollment).state
    later = desk.now + 26 * HOUR
    with reading(desk.engine) as session:
        found = preview(session, enrollment, Resume(), rules=desk.rules, now=later)
    assert ["today"] == [entry.step for entry in of(found, "expired")]
    desk.act(apply, enrollment, Resume(), rules=desk.rules, now=later, by="desk")
    texts = desk.texts(enrollment)
    assert (EXPIRED, "no hour is left in which it would be useful; tell the patient in person") == (
        texts["today"].state,
        texts["today"].reason,
    )
    assert PLANNED == texts["makeup-again"].state
    assert EnrollmentState.ACTIVE == stored(desk, enrollment).state


def test_a_held_visit_that_takes_place_is_active_once_it_is_resumed(desk: Desk) -> None:
    enrollment, at = book(desk), desk.now + 5 * DAY
    desk.act(apply, enrollment, Hold("moved house"), rules=desk.rules, now=desk.now, by="desk")
    desk.act(apply, enrollment, Treated(at), rules=desk.rules, now=at, by="desk")
    assert EnrollmentState.HELD == stored(desk, enrollment).state
    desk.act(apply, enrollment, Resume(), rules=desk.rules, now=at, by="desk")
    assert EnrollmentState.ACTIVE == stored(desk, enrollment).state


def test_only_what_is_held_is_resumed(desk: Desk) -> None:
    with pytest.raises(Refused, match=r"is not held; its state is active"):
        desk.act(apply, desk.enroll().enrollment, Resume(), rules=desk.rules, now=desk.now, by="desk")


# what only staff may decide


def test_an_opt_out_by_staff_suppresses_and_is_ended_only_by_the_patient(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    done = desk.act(opt_out_by_staff, "(212) 555-0123", now=desk.now, by="desk")
    assert (ANA, False, len(desk.texts(enrollment))) == (done.phone, done.already, len(done.withdrawn))
    assert {MessageState.SUPPRESSED} == set(desk.states(enrollment).values())
    with pytest.raises(Refused, match=r"this number opted out on 2026-03-06 \(staff\); only the patient may end that"):
        desk.act(release, ANA, now=desk.now, by="desk")
    released = desk.act(release, ANA, now=desk.now, by="desk", reconsent="signed a new form")
    assert Released(holds=0, opt_out=True) == released
    assert {PLANNED} == set(desk.states(enrollment).values())


def test_release_ends_a_hold_and_leaves_an_opt_out_alone(desk: Desk) -> None:
    desk.act(opt_out_by_staff, ANA, now=desk.now, by="desk")
    desk.act(hold_number, ANA, reason="unread", at=desk.now, by="worker")
    assert Released(1, opt_out=False) == desk.act(release, ANA, now=desk.now, by="desk")


def test_a_number_that_nothing_keeps_is_not_released(desk: Desk) -> None:
    with pytest.raises(Refused, match="neither held nor opted out"):
        desk.act(release, ANA, now=desk.now, by="desk")


@pytest.mark.parametrize(
    ("sent", "hours", "state"),
    [(True, 2, MessageState.ACCEPTED), (False, 2, PLANNED), (False, 30, CANCELLED)],
)
def test_a_person_says_whether_a_text_had_left(desk: Desk, sent: bool, hours: int, state: MessageState) -> None:
    text = desk.texts(desk.enroll().enrollment)["today"]
    desk.send(text, desk.now + HOUR, to=MessageState.NEEDS_REVIEW)
    now = desk.now + hours * HOUR
    assert state == desk.act(review, text.id, sent=sent, now=now, by="desk")
    with pytest.raises(Refused, match="needs no review"):
        desk.act(review, text.id, sent=sent, now=now, by="desk")


def test_a_review_needs_a_message(desk: Desk) -> None:
    with pytest.raises(Refused, match="there is no message 99"):
        desk.act(review, 99, sent=True, now=desk.now, by="desk")


def test_pausing_names_what_is_there(desk: Desk) -> None:
    told = {"protocols": desk.protocols, "now": desk.now, "by": "Dr. Lee"}
    with pytest.raises(Refused, match='plain has no step "tody"; its steps: before, today'):
        desk.act(pause, "plain", step="tody", reason="wrong", **told)
    with pytest.raises(Refused, match='there is no protocol "plian"; did you mean plain'):
        desk.act(pause, "plian", reason="wrong", **told)
    with pytest.raises(Refused, match="say why"):
        desk.act(pause, "plain", reason=" ", **told)
    assert desk.act(pause, "plain", step="today", reason="wrong", **told)
    with pytest.raises(Refused, match="plain is not paused; paused are: plain today"):
        desk.act(unpause, "plain", now=desk.now, by="Dr. Lee")
