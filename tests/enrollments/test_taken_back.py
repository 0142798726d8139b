"""What ended by mistake: a no-show or a cancellation is taken back, and its texts are planned again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change, NoShow, Resume, Treated
from notifier.enrollments.lifecycle import apply, preview
from tests.enrollments.test_lifecycle import book, stored
from tests.setups.clinic import ClinicSetup, of

PLANNED, CANCELLED, EXPIRED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.EXPIRED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("back", ["treated", "appointment", "resume"])
def test_a_no_show_by_mistake_is_taken_back(clinic: ClinicSetup, back: str) -> None:
    """She came after all, will come another day, or nobody knows yet: each says so in its own way."""
    enrollment, at = book(clinic), clinic.now + 5 * DAY
    clinic.act(apply, enrollment, NoShow(), rules=clinic.rules, now=at, by="desk")
    told = {"rules": clinic.rules, "now": at + HOUR, "by": "desk"}
    if back == "treated":
        made = clinic.act(apply, enrollment, Treated(at + HOUR), **told)
        expected = {"before": CANCELLED, "today": PLANNED, "makeup-again": PLANNED, "sun-again": PLANNED}
    elif back == "appointment":
        made = clinic.act(apply, enrollment, Change(ChangeRequest(appointment_at=at + 7 * DAY)), **told)
        expected = {"before": PLANNED}
    else:
        made = clinic.act(apply, enrollment, Resume(), **told)
        expected = {"before": EXPIRED}
    state = EnrollmentState.ACTIVE if back == "treated" else EnrollmentState.BOOKED
    assert (state, None, expected) == (
        stored(clinic, enrollment).state,
        stored(clinic, enrollment).reason,
        clinic.states(enrollment),
    )
    assert (EnrollmentState.NO_SHOW, state) == (made.before["state"], made.after["state"])


def test_a_cancellation_by_mistake_is_taken_back(clinic: ClinicSetup) -> None:
    """What is still to come is planned again; what has passed meanwhile says so."""
    enrollment, later = clinic.enroll().enrollment, clinic.now + DAY / 2
    clinic.act(apply, enrollment, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    with reading(clinic.engine) as session:
        shown = preview(session, enrollment, Resume(), rules=clinic.rules, now=later)
    assert (["catch-up", "sun-again"], ["today", "makeup-again"]) == (
        [text.step for text in of(shown, "added")],
        [text.step for text in of(shown, "passed")],
    )
    clinic.act(apply, enrollment, Resume(), rules=clinic.rules, now=later, by="desk")
    assert {"today": EXPIRED, "makeup-again": EXPIRED, "catch-up": PLANNED, "sun-again": PLANNED} == (
        clinic.states(enrollment)
    )
    assert EnrollmentState.ACTIVE == stored(clinic, enrollment).state


CAME = datetime(2026, 3, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize("changes", [ChangeRequest(name="Anna Ruiz"), ChangeRequest(treated_at=CAME)])
def test_what_was_cancelled_is_taken_back_before_it_is_changed(clinic: ClinicSetup, changes: ChangeRequest) -> None:
    enrollment = clinic.enroll().enrollment
    clinic.act(apply, enrollment, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    with pytest.raises(Refused, match=r"; take that back, or enroll the patient again as a second treatment$"):
        clinic.act(apply, enrollment, Change(changes), rules=clinic.rules, now=clinic.now, by="desk")
