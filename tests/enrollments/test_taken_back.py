"""What ended by mistake: a no-show or a cancellation is taken back, and its texts are planned again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.commands import Cancel, Change, NoShow, Resume, Treated
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.requests import ChangeRequest
from tests.enrollments.test_lifecycle import book, stored
from tests.setups.desk import Desk, of

PLANNED, CANCELLED, EXPIRED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.EXPIRED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("back", ["treated", "appointment", "resume"])
def test_a_no_show_by_mistake_is_taken_back(desk: Desk, back: str) -> None:
    """She came after all, will come another day, or nobody knows yet: each says so in its own way."""
    enrollment, at = book(desk), desk.now + 5 * DAY
    desk.act(apply, enrollment, NoShow(), rules=desk.rules, now=at, by="desk")
    told = {"rules": desk.rules, "now": at + HOUR, "by": "desk"}
    if back == "treated":
        made = desk.act(apply, enrollment, Treated(at + HOUR), **told)
        expected = {"before": CANCELLED, "today": PLANNED, "makeup-again": PLANNED, "sun-again": PLANNED}
    elif back == "appointment":
        made = desk.act(apply, enrollment, Change(ChangeRequest(appointment_at=at + 7 * DAY)), **told)
        expected = {"before": PLANNED}
    else:
        made = desk.act(apply, enrollment, Resume(), **told)
        expected = {"before": EXPIRED}
    state = EnrollmentState.ACTIVE if back == "treated" else EnrollmentState.BOOKED
    assert (state, None, expected) == (
        stored(desk, enrollment).state,
        stored(desk, enrollment).reason,
        desk.states(enrollment),
    )
    assert (EnrollmentState.NO_SHOW, state) == (made.before["state"], made.after["state"])


def test_a_cancellation_by_mistake_is_taken_back(desk: Desk) -> None:
    """What is still to come is planned again; what has passed meanwhile says so."""
    enrollment, later = desk.enroll().enrollment, desk.now + DAY / 2
    desk.act(apply, enrollment, Cancel(), rules=desk.rules, now=desk.now, by="desk")
    with reading(desk.engine) as session:
        shown = preview(session, enrollment, Resume(), rules=desk.rules, now=later)
    assert (["makeup-again", "sun-again"], ["today"]) == (
        [text.step for text in of(shown, "added")],
        [text.step for text in of(shown, "passed")],
    )
    desk.act(apply, enrollment, Resume(), rules=desk.rules, now=later, by="desk")
    assert {"today": EXPIRED, "makeup-again": PLANNED, "sun-again": PLANNED} == desk.states(enrollment)
    assert EnrollmentState.ACTIVE == stored(desk, enrollment).state


CAME = datetime(2026, 3, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize("changes", [ChangeRequest(name="Anna Ruiz"), ChangeRequest(treated_at=CAME)])
def test_what_was_cancelled_is_taken_back_before_it_is_changed(desk: Desk, changes: ChangeRequest) -> None:
    enrollment = desk.enroll().enrollment
    desk.act(apply, enrollment, Cancel(), rules=desk.rules, now=desk.now, by="desk")
    with pytest.raises(Refused, match=r"; take that back, or enroll the patient again as a second treatment$"):
        desk.act(apply, enrollment, Change(changes), rules=desk.rules, now=desk.now, by="desk")
