"""Several treatments, several people: no "you may" while something else says "you must not", and no mixed-up names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifier.domain.states import MessageState
from notifier.enrollments.commands import Cancel, Change
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import ChangeRequest
from tests.setups.desk import Desk, of, other

PLANNED, CANCELLED = MessageState.PLANNED, MessageState.CANCELLED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_an_earlier_lift_gives_way_to_the_newer_treatment_that_restricts_the_same(desk: Desk) -> None:
    first = desk.enroll()
    second = desk.enroll(protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR)
    texts = desk.texts(first.enrollment)
    assert (CANCELLED, "the newer treatment's own text covers it (treated on Fri Mar 6)") == (
        texts["makeup-again"].state,
        texts["makeup-again"].reason,
    )
    assert desk.now + 49 * HOUR == desk.texts(second.enrollment)["makeup-again"].due_at


def test_the_newer_protocols_silence_is_not_permission(desk: Desk) -> None:
    first = desk.enroll()
    second = desk.enroll(protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR)
    why = "newer treatment on Fri Mar 6: its protocol says nothing about sun; staff decide"
    assert (CANCELLED, why) == (
        desk.texts(first.enrollment)["sun-again"].state,
        desk.texts(first.enrollment)["sun-again"].reason,
    )
    withdrawn = of(other(second.effect, first.enrollment), "withdrawn")
    assert [("sun-again", why)] == [(one.step, one.why) for one in withdrawn if one.needs_call]
    assert f"enrollment {first.enrollment}: sun-again is not sent any more: {why}" in second.warnings


def test_staff_may_say_that_the_areas_are_separate(desk: Desk) -> None:
    first = desk.enroll(rebook_consent=True)
    second = desk.enroll(protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR, separate_areas=True)
    assert {PLANNED} == set(desk.states(first.enrollment).values())
    assert () == second.effect.others


def test_a_newer_lift_waits_for_the_earlier_restriction_where_that_ends_later(desk: Desk) -> None:
    """Makeup: 48 hours from the first treatment, 24 hours from the second, half an hour later."""
    desk.enroll(protocol="makeup-only")
    second = desk.enroll(at=desk.now + HOUR / 2, now=desk.now + HOUR / 2)
    lift = desk.texts(second.enrollment)["makeup-again"]
    assert (desk.now + 48 * HOUR, desk.now + 48 * HOUR) == (lift.due_at, lift.not_before)
    assert "waits for the restrictions of the treatment on Fri Mar 6" in lift.notes


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
    assert ["makeup-again", "sun-again", "today"] == sorted(
        e.step for e in of(other(second.effect, first.enrollment), "reworded")
    )


def test_a_text_that_was_sent_keeps_its_words_when_the_phone_becomes_shared(desk: Desk) -> None:
    first = desk.enroll()
    said = desk.texts(first.enrollment)["today"]
    desk.send(said, desk.now + HOUR)
    desk.enroll(name="Bob Ruiz", at=desk.now + HOUR, now=desk.now + 2 * HOUR)
    assert said.text == desk.texts(first.enrollment)["today"].text


def test_nobody_shares_with_somebody_whose_texts_have_ended(desk: Desk) -> None:
    first = desk.enroll()
    desk.act(apply, first.enrollment, Cancel(), rules=desk.rules, now=desk.now, by="desk")
    second = desk.enroll(name="Bob Ruiz")
    assert not desk.texts(second.enrollment)["today"].text.startswith("Bob")


def test_a_treatment_whose_texts_were_cancelled_still_happened(desk: Desk) -> None:
    """Cancelling the newer one brings no earlier lift back, and says which ones nobody will say."""
    first = desk.enroll()
    later = desk.now + DAY / 2
    second = desk.enroll(protocol="makeup-only", at=later, now=later)
    ended = desk.act(apply, second.enrollment, Cancel(), rules=desk.rules, now=later, by="desk")
    assert ((first.enrollment, "makeup-again"),) == ended.nobody_tells
    assert CANCELLED == desk.states(first.enrollment)["makeup-again"]


def test_a_mistake_enrolled_again_on_the_same_day_restricts_nothing(desk: Desk) -> None:
    wrong = desk.enroll(protocol="makeup-only")
    desk.act(apply, wrong.enrollment, Cancel(), rules=desk.rules, now=desk.now, by="desk")
    right = desk.enroll(at=desk.now - HOUR)
    assert {PLANNED} == set(desk.states(right.enrollment).values())


def test_of_two_treatments_at_one_instant_the_one_enrolled_later_is_the_newer(desk: Desk) -> None:
    first, second = desk.enroll(), desk.enroll(protocol="makeup-only")
    assert CANCELLED == desk.states(first.enrollment)["sun-again"]
    assert {PLANNED} == set(desk.states(second.enrollment).values())


# restrict texts


def test_two_treatments_of_one_day_say_one_end_in_one_text(desk: Desk) -> None:
    """The newer text says all that the earlier one would; the earlier one is withdrawn and says why."""
    first = desk.enroll(protocol="makeup-only")
    at = desk.now + HOUR / 2
    second = desk.enroll(at=at, now=at, second=True)
    earlier, newer = desk.texts(first.enrollment)["today"], desk.texts(second.enrollment)["today"]
    why = "the newer treatment's own text covers it (treated on Fri Mar 6)"
    assert (CANCELLED, why) == (earlier.state, earlier.reason)
    assert "no makeup until Sun Mar 8 3:10 PM, no sun until Fri Mar 13" in newer.text  # 48 hours from the first one
    assert f"enrollment {first.enrollment}: today is not sent any more: {why}" in second.warnings


def test_an_earlier_text_that_says_more_stays_and_names_the_later_end(desk: Desk) -> None:
    """The newer protocol says nothing of the sun; its makeup lasts until Sunday afternoon."""
    first = desk.enroll()
    at = desk.now + HOUR / 2
    desk.enroll(protocol="makeup-only", at=at, now=at)
    text = desk.texts(first.enrollment)["today"]
    assert (PLANNED, True) == (text.state, "no makeup until Sun Mar 8 3:40 PM, no sun until" in text.text)


def test_what_was_said_and_names_an_earlier_end_is_listed_for_a_call(desk: Desk) -> None:
    first = desk.enroll()
    desk.send(desk.texts(first.enrollment)["today"], desk.now + HOUR)
    at = desk.now + 2 * HOUR
    second = desk.enroll(protocol="makeup-only", at=at, now=at)
    expected = [("today", "what it said is different now")]
    assert expected == [(one.step, one.why) for one in of(other(second.effect, first.enrollment), "wrong_now")]


def test_what_was_said_of_a_restriction_that_had_ended_is_not_wrong(desk: Desk) -> None:
    """A series: the makeup of the first treatment had been allowed again for days."""
    first = desk.enroll(protocol="makeup-only")
    desk.send(desk.texts(first.enrollment)["today"], desk.now + HOUR)
    later = desk.now + 6 * DAY
    second = desk.enroll(protocol="makeup-only", at=later, now=later)
    assert [] == of(other(second.effect, first.enrollment), "wrong_now")


@pytest.mark.parametrize("state", [MessageState.DELIVERED, MessageState.FAILED])
def test_the_earlier_text_comes_back_only_where_the_newer_one_did_not_reach_her(
    desk: Desk, state: MessageState
) -> None:
    first = desk.enroll(protocol="makeup-only")
    at = desk.now + HOUR / 2
    second = desk.enroll(at=at, now=at, second=True)
    desk.send(desk.texts(second.enrollment)["today"], at + HOUR, to=state)
    changes = ChangeRequest(rebook_consent=True)
    desk.act(apply, second.enrollment, Change(changes), rules=desk.rules, now=at + HOUR, by="desk")
    comes_back = PLANNED if state is MessageState.FAILED else CANCELLED
    assert comes_back == desk.states(first.enrollment)["today"]


def test_separate_areas_have_ends_of_their_own(desk: Desk) -> None:
    first = desk.enroll()
    at = desk.now + HOUR / 2
    second = desk.enroll(protocol="makeup-only", at=at, now=at, separate_areas=True)
    assert "no makeup until Sat Mar 7 2:10 PM" in desk.texts(first.enrollment)["today"].text
    assert "no makeup until Sun Mar 8 3:40 PM" in desk.texts(second.enrollment)["today"].text
