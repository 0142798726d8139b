"""Several treatments, several people: no "you may" while something else says "you must not", and no mixed-up names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change
from notifier.enrollments.lifecycle import apply
from tests.setups.clinic import ClinicSetup, of, other

PLANNED, CANCELLED = MessageState.PLANNED, MessageState.CANCELLED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_an_earlier_lift_gives_way_to_the_newer_treatment_that_restricts_the_same(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    second = clinic.enroll(protocol="makeup-only", at=clinic.now + HOUR, now=clinic.now + HOUR)
    texts = clinic.texts(first.enrollment)
    assert (CANCELLED, "the newer treatment's own text covers it (treated on Fri Mar 6)") == (
        texts["makeup-again"].state,
        texts["makeup-again"].reason,
    )
    assert clinic.now + 49 * HOUR == clinic.texts(second.enrollment)["makeup-again"].due_at


def test_the_newer_protocols_silence_is_not_permission(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    second = clinic.enroll(protocol="makeup-only", at=clinic.now + HOUR, now=clinic.now + HOUR)
    why = "newer treatment on Fri Mar 6: its protocol says nothing about sun; staff decide"
    assert (CANCELLED, why) == (
        clinic.texts(first.enrollment)["sun-again"].state,
        clinic.texts(first.enrollment)["sun-again"].reason,
    )
    withdrawn = of(other(second.effect, first.enrollment), "withdrawn")
    assert [("sun-again", why)] == [(one.step, one.why) for one in withdrawn if one.needs_call]
    assert f"enrollment {first.enrollment}: “sun again” is not sent any more: {why}" in second.warnings


def test_staff_may_say_that_the_areas_are_separate(clinic: ClinicSetup) -> None:
    first = clinic.enroll(rebook_consent=True)
    second = clinic.enroll(protocol="makeup-only", at=clinic.now + HOUR, now=clinic.now + HOUR, separate_areas=True)
    assert {PLANNED} == set(clinic.states(first.enrollment).values())
    assert () == second.effect.others


def test_a_newer_lift_waits_for_the_earlier_restriction_where_that_ends_later(clinic: ClinicSetup) -> None:
    """Makeup: 48 hours from the first treatment, 24 hours from the second, half an hour later."""
    clinic.enroll(protocol="makeup-only")
    second = clinic.enroll(at=clinic.now + HOUR / 2, now=clinic.now + HOUR / 2)
    lift = clinic.texts(second.enrollment)["makeup-again"]
    assert (clinic.now + 48 * HOUR, clinic.now + 48 * HOUR) == (lift.due_at, lift.not_before)
    assert "waits for the restrictions of the treatment on Fri Mar 6" in lift.notes


def test_an_earlier_treatment_that_is_enrolled_later_respects_the_later_one(clinic: ClinicSetup) -> None:
    newer = clinic.enroll(protocol="makeup-only")
    older = clinic.enroll(at=clinic.now - DAY / 2)
    assert {"makeup-again", "sun-again"} == {withheld.step for withheld in older.plan.withheld}
    assert {"catch-up": PLANNED} == clinic.states(older.enrollment), "of the sun, which the newer one does not name"
    assert PLANNED == clinic.states(newer.enrollment)["makeup-again"]


@pytest.mark.parametrize("booked", [True, False])
def test_earlier_rebook_texts_are_withdrawn(clinic: ClinicSetup, booked: bool) -> None:
    first = clinic.enroll(rebook_consent=True)
    when = {"appointment_at": clinic.now + 9 * DAY} if booked else {"at": clinic.now + DAY}
    clinic.enroll(now=clinic.now + DAY, **when)
    text = clinic.texts(first.enrollment)["next-visit"]
    assert CANCELLED == text.state
    assert (text.reason or "").startswith("withdrawn: a newer treatment on")


def test_a_booked_visit_restricts_nothing_yet(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    clinic.enroll(protocol="makeup-only", appointment_at=clinic.now + DAY)
    assert {PLANNED} == set(clinic.states(first.enrollment).values())


def test_another_patient_on_the_same_phone_restricts_nothing(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    clinic.enroll(name="Bob Ruiz", protocol="makeup-only", at=clinic.now + HOUR, now=clinic.now + HOUR)
    assert {PLANNED} == set(clinic.states(first.enrollment).values())


def test_texts_on_a_shared_phone_begin_with_the_first_name(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    before = clinic.texts(first.enrollment)["today"].text
    second = clinic.enroll(name="Bob Ruiz")
    assert f"Ana: {before}" == clinic.texts(first.enrollment)["today"].text
    assert f"Bob: {before}" == clinic.texts(second.enrollment)["today"].text
    assert ["makeup-again", "sun-again", "today"] == sorted(
        e.step for e in of(other(second.effect, first.enrollment), "reworded")
    )


def test_a_text_that_was_sent_keeps_its_words_when_the_phone_becomes_shared(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    said = clinic.texts(first.enrollment)["today"]
    clinic.send(said, clinic.now + HOUR)
    clinic.enroll(name="Bob Ruiz", at=clinic.now + HOUR, now=clinic.now + 2 * HOUR)
    assert said.text == clinic.texts(first.enrollment)["today"].text


def test_nobody_shares_with_somebody_whose_texts_have_ended(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    clinic.act(apply, first.enrollment, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    second = clinic.enroll(name="Bob Ruiz")
    assert not clinic.texts(second.enrollment)["today"].text.startswith("Bob")


def test_a_treatment_whose_texts_were_cancelled_still_happened(clinic: ClinicSetup) -> None:
    """Cancelling the newer one brings no earlier lift back, and says which ones nobody will say."""
    first = clinic.enroll()
    later = clinic.now + DAY / 2
    second = clinic.enroll(protocol="makeup-only", at=later, now=later)
    ended = clinic.act(apply, second.enrollment, Cancel(), rules=clinic.rules, now=later, by="desk")
    assert ((first.enrollment, "makeup-again"),) == ended.nobody_tells
    assert CANCELLED == clinic.states(first.enrollment)["makeup-again"]


def test_a_mistake_enrolled_again_on_the_same_day_restricts_nothing(clinic: ClinicSetup) -> None:
    wrong = clinic.enroll(protocol="makeup-only")
    clinic.act(apply, wrong.enrollment, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    right = clinic.enroll(at=clinic.now - HOUR)
    assert {PLANNED} == set(clinic.states(right.enrollment).values())


def test_of_two_treatments_at_one_instant_the_one_enrolled_later_is_the_newer(clinic: ClinicSetup) -> None:
    first, second = clinic.enroll(), clinic.enroll(protocol="makeup-only")
    assert CANCELLED == clinic.states(first.enrollment)["sun-again"]
    assert {PLANNED} == set(clinic.states(second.enrollment).values())


# restrict texts


def test_two_treatments_of_one_day_say_one_end_in_one_text(clinic: ClinicSetup) -> None:
    """The newer text says all that the earlier one would; the earlier one is withdrawn and says why."""
    first = clinic.enroll(protocol="makeup-only")
    at = clinic.now + HOUR / 2
    second = clinic.enroll(at=at, now=at, second=True)
    earlier, newer = clinic.texts(first.enrollment)["today"], clinic.texts(second.enrollment)["today"]
    why = "the newer treatment's own text covers it (treated on Fri Mar 6)"
    assert (CANCELLED, why) == (earlier.state, earlier.reason)
    assert "no makeup until Sun Mar 8 3:10 PM, no sun until Fri Mar 13" in newer.text  # 48 hours from the first one
    assert f"enrollment {first.enrollment}: “today” is not sent any more: {why}" in second.warnings


def test_an_earlier_text_that_says_more_stays_and_names_the_later_end(clinic: ClinicSetup) -> None:
    """The newer protocol says nothing of the sun; its makeup lasts until Sunday afternoon."""
    first = clinic.enroll()
    at = clinic.now + HOUR / 2
    clinic.enroll(protocol="makeup-only", at=at, now=at)
    text = clinic.texts(first.enrollment)["today"]
    assert (PLANNED, True) == (text.state, "no makeup until Sun Mar 8 3:40 PM, no sun until" in text.text)


def test_what_was_said_and_names_an_earlier_end_is_listed_for_a_call(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    clinic.send(clinic.texts(first.enrollment)["today"], clinic.now + HOUR)
    at = clinic.now + 2 * HOUR
    second = clinic.enroll(protocol="makeup-only", at=at, now=at)
    expected = [("today", "the end of makeup has moved")]
    assert expected == [(one.step, one.why) for one in of(other(second.effect, first.enrollment), "wrong_now")]


def test_what_was_said_of_a_restriction_that_had_ended_is_not_wrong(clinic: ClinicSetup) -> None:
    """A series: the makeup of the first treatment had been allowed again for days."""
    first = clinic.enroll(protocol="makeup-only")
    clinic.send(clinic.texts(first.enrollment)["today"], clinic.now + HOUR)
    later = clinic.now + 6 * DAY
    second = clinic.enroll(protocol="makeup-only", at=later, now=later)
    assert [] == of(other(second.effect, first.enrollment), "wrong_now")


@pytest.mark.parametrize("state", [MessageState.DELIVERED, MessageState.FAILED])
def test_the_earlier_text_comes_back_only_where_the_newer_one_did_not_reach_her(
    clinic: ClinicSetup, state: MessageState
) -> None:
    first = clinic.enroll(protocol="makeup-only")
    at = clinic.now + HOUR / 2
    second = clinic.enroll(at=at, now=at, second=True)
    clinic.send(clinic.texts(second.enrollment)["today"], at + HOUR, to=state)
    changes = ChangeRequest(rebook_consent=True)
    clinic.act(apply, second.enrollment, Change(changes), rules=clinic.rules, now=at + HOUR, by="desk")
    comes_back = PLANNED if state is MessageState.FAILED else CANCELLED
    assert comes_back == clinic.states(first.enrollment)["today"]


def test_separate_areas_have_ends_of_their_own(clinic: ClinicSetup) -> None:
    first = clinic.enroll()
    at = clinic.now + HOUR / 2
    second = clinic.enroll(protocol="makeup-only", at=at, now=at, separate_areas=True)
    assert "no makeup until Sat Mar 7 2:10 PM" in clinic.texts(first.enrollment)["today"].text
    assert "no makeup until Sun Mar 8 3:40 PM" in clinic.texts(second.enrollment)["today"].text
