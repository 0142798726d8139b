"""One enrollment ends: the texts of the others on its number are planned anew, as if what ended were no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.db.engine import reading
from notifier.domain.states import MessageState
from notifier.enrollments.commands import Cancel, NoShow, Resume
from notifier.enrollments.effect import Effect, OtherEffect
from notifier.enrollments.lifecycle import apply, preview
from notifier.numbers.release import opt_out_by_staff
from schedules.catalogue import shipped
from tests.setups.clinic import ANA, ClinicSetup, of, other

PLANNED, CANCELLED, EXPIRED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.EXPIRED
SUPPRESSED, DELIVERED = MessageState.SUPPRESSED, MessageState.DELIVERED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def end(clinic: ClinicSetup, enrollment: int, after: timedelta = timedelta()) -> Effect:
    """Cancel it; what was shown before is what is done."""
    now = clinic.now + after
    before = rows(clinic)
    with reading(clinic.engine) as session:
        shown = preview(session, enrollment, Cancel(), rules=clinic.rules, now=now)
    assert before == rows(clinic)
    done: Effect = clinic.act(apply, enrollment, Cancel(), rules=clinic.rules, now=now, by="desk")
    assert shown == done
    return done


def rows(clinic: ClinicSetup) -> list[tuple[str, MessageState, str]]:
    return [(step, row.state, row.text) for number in (1, 2, 3) for step, row in clinic.texts(number).items()]


def said(effect: OtherEffect) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in effect.texts:
        found.setdefault(text.what, []).append(text.step)
    return found


def test_the_right_protocol_is_said_in_full_once_the_wrong_one_is_cancelled(clinic: ClinicSetup) -> None:
    right = clinic.enroll(at=clinic.now - HOUR, rebook_consent=True).enrollment
    wrong = clinic.enroll(protocol="makeup-only").enrollment
    assert {
        "today": PLANNED,
        "makeup-again": CANCELLED,
        "sun-again": CANCELLED,
        "next-visit": CANCELLED,
    } == clinic.states(right)
    done = end(clinic, wrong)
    assert {right: {"added": ["makeup-again", "sun-again", "next-visit"], "reworded": ["today"]}} == {
        one.enrollment: said(one) for one in done.others
    }
    assert {PLANNED} == set(clinic.states(right).values())
    assert "no makeup until Sat Mar 7 1:10 PM" in clinic.texts(right)["today"].text
    assert () == done.nobody_tells, "the texts themselves do"


def test_who_remains_on_the_phone_reads_her_texts_without_her_name(clinic: ClinicSetup) -> None:
    first, second = clinic.enroll().enrollment, clinic.enroll(name="Bob Ruiz").enrollment
    assert {first: {"reworded": ["today", "makeup-again", "sun-again"]}} == {
        one.enrollment: said(one) for one in end(clinic, second).others
    }
    assert clinic.texts(first)["today"].text.startswith("Clinic: no makeup")


def test_what_another_put_off_moves_back_once_that_one_is_cancelled(clinic: ClinicSetup) -> None:
    first, _, third = (clinic.enroll(name=name).enrollment for name in ("Ana Ruiz", "Eva Ruiz", "Zoe Ruiz"))
    assert clinic.now + 3 * HOUR == clinic.texts(third)["today"].due_at
    assert "today" in said(other(end(clinic, first), third))["moved"]
    assert clinic.now + 2 * HOUR == clinic.texts(third)["today"].due_at


def test_what_comes_too_late_is_shown_and_told_in_person(clinic: ClinicSetup) -> None:
    earlier = clinic.enroll(protocol="makeup-only").enrollment
    wrong = clinic.enroll(at=clinic.now, second=True).enrollment
    assert CANCELLED == clinic.states(earlier)["today"]
    after = end(clinic, wrong, after=37 * HOUR)  # 11 hours of the 48 are left
    assert {"passed": ["today", "makeup-again"]} == said(other(after, earlier))
    assert {"today": EXPIRED, "makeup-again": EXPIRED} == clinic.states(earlier)


@pytest.mark.parametrize("state", [DELIVERED, MessageState.ATTEMPTING, MessageState.UNKNOWN])
def test_what_was_said_or_perhaps_said_is_not_said_again(clinic: ClinicSetup, state: MessageState) -> None:
    right = clinic.enroll().enrollment
    clinic.send(clinic.texts(right)["today"], clinic.now + HOUR, to=state)
    wrong = clinic.enroll(protocol="makeup-only", at=clinic.now, now=clinic.now + HOUR).enrollment
    end(clinic, wrong, after=2 * HOUR)
    assert {"today": state, "makeup-again": PLANNED, "sun-again": PLANNED} == clinic.states(right)


def test_what_was_said_with_the_wrong_ones_end_is_listed_for_a_call(clinic: ClinicSetup) -> None:
    right = clinic.enroll(at=clinic.now - HOUR).enrollment
    wrong = clinic.enroll(protocol="makeup-only").enrollment
    clinic.send(clinic.texts(right)["today"], clinic.now)
    assert ["today"] == said(other(end(clinic, wrong, after=HOUR), right))["wrong_now"]


def test_what_was_said_before_the_mistake_is_right_again_once_it_is_cancelled(clinic: ClinicSetup) -> None:
    """She had read the right end. The mistake made it wrong, so that somebody might have called; now it is right."""
    right = clinic.enroll(at=clinic.now - HOUR).enrollment
    clinic.send(clinic.texts(right)["today"], clinic.now)
    wrong = clinic.enroll(protocol="makeup-only")
    assert ["today"] == [entry.step for entry in of(other(wrong.effect, right), "wrong_now")]
    assert "wrong_now" not in said(other(end(clinic, wrong.enrollment, after=HOUR), right))


def test_a_length_in_words_is_right_again_only_where_no_other_treatment_moves_the_end(clinic: ClinicSetup) -> None:
    clinic = replace(clinic, protocols=shipped())
    asked = {"shaves": "no", "cold-sores": "no", "indication": "facial"}
    hers = clinic.enroll(protocol="microneedling-regimen", answers=asked).enrollment
    clinic.send(clinic.texts(hers)["today"], clinic.now + HOUR)
    wrong, also_wrong = (
        clinic.enroll(protocol="microneedling-week", at=at, now=clinic.now + 3 * HOUR, second=True).enrollment
        for at in (clinic.now + 2 * HOUR, clinic.now + 3 * HOUR)
    )
    assert ["today"] == said(other(end(clinic, also_wrong, after=4 * HOUR), hers))["wrong_now"]
    assert "wrong_now" not in said(other(end(clinic, wrong, after=4 * HOUR), hers))


def test_a_rebook_text_comes_back_when_the_booked_visit_was_missed(clinic: ClinicSetup) -> None:
    first = clinic.enroll(rebook_consent=True).enrollment
    booked = clinic.enroll(appointment_at=clinic.now + DAY).enrollment
    assert CANCELLED == clinic.states(first)["next-visit"]
    done = clinic.act(apply, booked, NoShow(), rules=clinic.rules, now=clinic.now + DAY, by="desk")
    assert "next-visit" in said(other(done, first))["added"]
    assert PLANNED == clinic.states(first)["next-visit"]


def test_to_a_number_that_has_opted_out_nothing_comes_back_but_suppressed(clinic: ClinicSetup) -> None:
    right = clinic.enroll(at=clinic.now - HOUR).enrollment
    wrong = clinic.enroll(protocol="makeup-only").enrollment
    clinic.act(opt_out_by_staff, ANA, now=clinic.now, by="desk")
    done = end(clinic, wrong)
    assert (True, ["catch-up", "makeup-again", "sun-again"]) == (done.opted_out, said(other(done, right))["added"])
    assert {SUPPRESSED} == set(clinic.states(right).values())


def test_a_cancellation_that_is_taken_back_is_as_if_it_had_not_been(clinic: ClinicSetup) -> None:
    clinic.enroll(at=clinic.now - HOUR)
    clinic.enroll(name="Bob Ruiz")
    wrong = clinic.enroll(protocol="makeup-only").enrollment
    before = rows(clinic)
    end(clinic, wrong)
    assert before != rows(clinic)
    clinic.act(apply, wrong, Resume(), rules=clinic.rules, now=clinic.now, by="desk")
    assert before == rows(clinic)


def test_what_another_treatment_still_says_is_not_left_to_staff(clinic: ClinicSetup) -> None:
    """Three days, three treatments: where the last one's texts end, staff tell what the middle one would, no more."""
    first, middle, last = (
        clinic.enroll(protocol="makeup-only", at=at, now=at).enrollment
        for at in (clinic.now, clinic.now + DAY, clinic.now + 2 * DAY)
    )
    assert {CANCELLED} == {clinic.states(one)["makeup-again"] for one in (first, middle)}
    assert ((middle, "makeup-again"),) == end(clinic, last, after=2 * DAY).nobody_tells


def test_what_the_ended_one_has_said_already_is_not_left_to_staff(clinic: ClinicSetup) -> None:
    clinic.enroll()
    later = clinic.now + DAY / 2
    second = clinic.enroll(protocol="makeup-only", at=later, now=later).enrollment
    clinic.send(clinic.texts(second)["makeup-again"], later + 2 * DAY)
    assert () == end(clinic, second, after=3 * DAY).nobody_tells


def test_what_was_left_to_staff_before_is_not_told_as_new(clinic: ClinicSetup) -> None:
    """The second protocol says nothing of the sun; the third treatment is of other skin, so its text never did."""
    first = clinic.enroll().enrollment
    clinic.enroll(protocol="makeup-only", at=clinic.now + DAY / 2, now=clinic.now + DAY / 2)
    elsewhere = clinic.enroll(at=clinic.now + DAY, now=clinic.now + DAY, separate_areas=True).enrollment
    assert (CANCELLED, PLANNED) == (clinic.states(first)["sun-again"], clinic.states(elsewhere)["sun-again"])
    assert () == end(clinic, elsewhere, after=DAY).nobody_tells


@pytest.mark.parametrize("state", [DELIVERED, MessageState.ACCEPTED])
def test_what_her_other_treatment_had_said_is_not_left_to_staff(clinic: ClinicSetup, state: MessageState) -> None:
    first, later = clinic.enroll().enrollment, clinic.now + 2 * DAY
    clinic.send(clinic.texts(first)["makeup-again"], clinic.now + DAY, to=state)
    second = clinic.enroll(protocol="makeup-only", at=later, now=later).enrollment
    assert () == end(clinic, second, after=2 * DAY).nobody_tells
