"""Several treatments, several people: no "you may" while something else says "you must not", and no mixed-up names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifier.actions.cancel import cancel
from notifier.domain.states import MessageState
from tests.actions.conftest import Desk

PLANNED, CANCELLED = MessageState.PLANNED, MessageState.CANCELLED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_an_earlier_lift_gives_way_to_the_newer_treatment_that_restricts_the_same(desk: Desk) -> None:
    first = desk.enroll()
    second = desk.enroll(protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR)
    texts = desk.texts(first.enrollment)
    assert (CANCELLED, "the newer treatment's own text covers it (treated on 2026-03-06)") == (
        texts["makeup-again"].state,
        texts["makeup-again"].reason,
    )
    assert desk.now + 49 * HOUR == desk.texts(second.enrollment)["makeup-again"].due_at


def test_the_newer_protocols_silence_is_not_permission(desk: Desk) -> None:
    first = desk.enroll()
    second = desk.enroll(protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR)
    why = "newer treatment on 2026-03-06: its protocol says nothing about sun; staff decide"
    assert (CANCELLED, why) == (
        desk.texts(first.enrollment)["sun-again"].state,
        desk.texts(first.enrollment)["sun-again"].reason,
    )
    assert [("sun-again", why)] == [(e.step, e.why) for e in second.others[first.enrollment].withheld]
    assert f"enrollment {first.enrollment}: sun-again is not sent any more: {why}" in second.warnings


def test_staff_may_say_that_the_areas_are_separate(desk: Desk) -> None:
    first = desk.enroll(rebook_consent=True)
    second = desk.enroll(protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR, separate_areas=True)
    assert {PLANNED} == set(desk.states(first.enrollment).values())
    assert {} == second.others


def test_a_newer_lift_waits_for_the_earlier_restriction_where_that_ends_later(desk: Desk) -> None:
    """Makeup: 48 hours from the first treatment, 24 hours from the second, half an hour later."""
    desk.enroll(protocol="makeup-only")
    second = desk.enroll(at=desk.now + HOUR / 2, now=desk.now + HOUR / 2)
    lift = desk.texts(second.enrollment)["makeup-again"]
    assert (desk.now + 48 * HOUR, desk.now + 48 * HOUR) == (lift.due_at, lift.not_before)
    assert "waits for the restrictions of the treatment on 2026-03-06" in lift.notes


def test_an_earlier_treatment_that_is_enrolled_later_respects_the_later_one(desk: Desk) -> None:
    newer = desk.enroll(protocol="makeup-only")
    older = desk.enroll(at=desk.now - DAY / 2)
    assert {"makeup-again", "sun-again"} == {withheld.step for withheld in older.plan.withheld}
    assert {"today"} == desk.states(older.enrollment).keys()
    assert PLANNED == desk.states(newer.enrollment)["makeup-again"]


@pytest.mark.parametrize("booked", [True, False])
def test_earlier_rebook_texts_are_withdrawn(desk: Desk, booked: bool) -> None:
    first = desk.enroll(rebook_consent=True)
    when = {"appointment_at": desk.now + 9 * DAY} if booked else {"at": desk.now + DAY}
    desk.enroll(now=desk.now + DAY, **when)
    text = desk.texts(first.enrollment)["next-visit"]
    assert CANCELLED == text.state
    assert (text.reason or "").startswith("withdrawn: a newer treatment on")


def test_a_booked_visit_restricts_nothing_yet(desk: Desk) -> None:
    first = desk.enroll()
    desk.enroll(protocol="makeup-only", appointment_at=desk.now + DAY)
    assert {PLANNED} == set(desk.states(first.enrollment).values())


def test_another_patient_on_the_same_phone_restricts_nothing(desk: Desk) -> None:
    first = desk.enroll()
    desk.enroll(name="Bob Ruiz", protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR)
    assert {PLANNED} == set(desk.states(first.enrollment).values())


def test_texts_on_a_shared_phone_begin_with_the_first_name(desk: Desk) -> None:
    first = desk.enroll()
    before = desk.texts(first.enrollment)["today"].text
    second = desk.enroll(name="Bob Ruiz")
    assert f"Ana: {before}" == desk.texts(first.enrollment)["today"].text
    assert f"Bob: {before}" == desk.texts(second.enrollment)["today"].text
    assert ["makeup-again", "sun-again", "today"] == sorted(e.step for e in second.others[first.enrollment].reworded)


def test_a_text_that_was_sent_keeps_its_words_when_the_phone_becomes_shared(desk: Desk) -> None:
    first = desk.enroll()
    said = desk.texts(first.enrollment)["today"]
    desk.send(said, desk.now + HOUR)
    desk.enroll(name="Bob Ruiz", at=desk.now + HOUR, now=desk.now + 2 * HOUR)
    assert said.text == desk.texts(first.enrollment)["today"].text


def test_nobody_shares_with_somebody_whose_texts_have_ended(desk: Desk) -> None:
    first = desk.enroll()
    desk.act(cancel, "clinic", first.enrollment, now=desk.now, by="desk")
    second = desk.enroll(name="Bob Ruiz")
    assert not desk.texts(second.enrollment)["today"].text.startswith("Bob")


def test_a_treatment_whose_texts_were_cancelled_still_happened(desk: Desk) -> None:
    """Cancelling the newer one brings no earlier lift back, and says which ones nobody will say."""
    first = desk.enroll()
    later = desk.now + DAY / 2
    second = desk.enroll(protocol="makeup-only", at=later, now=later)
    ended = desk.act(cancel, "clinic", second.enrollment, now=later, by="desk")
    assert (f"enrollment {first.enrollment}: makeup-again",) == ended.nobody_tells
    assert CANCELLED == desk.states(first.enrollment)["makeup-again"]


def test_a_mistake_enrolled_again_on_the_same_day_restricts_nothing(desk: Desk) -> None:
    wrong = desk.enroll(protocol="makeup-only")
    desk.act(cancel, "clinic", wrong.enrollment, now=desk.now, by="desk")
    right = desk.enroll(at=desk.now - HOUR)
    assert {PLANNED} == set(desk.states(right.enrollment).values())


def test_of_two_treatments_at_one_instant_the_one_enrolled_later_is_the_newer(desk: Desk) -> None:
    first, second = desk.enroll(), desk.enroll(protocol="makeup-only")
    assert CANCELLED == desk.states(first.enrollment)["sun-again"]
    assert {PLANNED} == set(desk.states(second.enrollment).values())
