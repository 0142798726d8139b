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
from tests.setups.desk import ANA, Desk, of, other

PLANNED, CANCELLED, EXPIRED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.EXPIRED
SUPPRESSED, DELIVERED = MessageState.SUPPRESSED, MessageState.DELIVERED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def end(desk: Desk, enrollment: int, after: timedelta = timedelta()) -> Effect:
    """Cancel it; what was shown before is what is done."""
    now = desk.now + after
    before = rows(desk)
    with reading(desk.engine) as session:
        shown = preview(session, enrollment, Cancel(), rules=desk.rules, now=now)
    assert before == rows(desk)
    done: Effect = desk.act(apply, enrollment, Cancel(), rules=desk.rules, now=now, by="desk")
    assert shown == done
    return done


def rows(desk: Desk) -> list[tuple[str, MessageState, str]]:
    return [(step, row.state, row.text) for number in (1, 2, 3) for step, row in desk.texts(number).items()]


def said(effect: OtherEffect) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in effect.texts:
        found.setdefault(text.what, []).append(text.step)
    return found


def test_the_right_protocol_is_said_in_full_once_the_wrong_one_is_cancelled(desk: Desk) -> None:
    right = desk.enroll(at=desk.now - HOUR, rebook_consent=True).enrollment
    wrong = desk.enroll(protocol="makeup-only").enrollment
    assert {
        "today": PLANNED,
        "makeup-again": CANCELLED,
        "sun-again": CANCELLED,
        "next-visit": CANCELLED,
    } == desk.states(right)
    done = end(desk, wrong)
    assert {right: {"added": ["makeup-again", "sun-again", "next-visit"], "reworded": ["today"]}} == {
        one.enrollment: said(one) for one in done.others
    }
    assert {PLANNED} == set(desk.states(right).values())
    assert "no makeup until Sat Mar 7 1:10 PM" in desk.texts(right)["today"].text
    assert () == done.nobody_tells, "the texts themselves do"


def test_who_remains_on_the_phone_reads_her_texts_without_her_name(desk: Desk) -> None:
    first, second = desk.enroll().enrollment, desk.enroll(name="Bob Ruiz").enrollment
    assert {first: {"reworded": ["today", "makeup-again", "sun-again"]}} == {
        one.enrollment: said(one) for one in end(desk, second).others
    }
    assert desk.texts(first)["today"].text.startswith("Clinic: no makeup")


def test_what_found_no_place_has_one_once_another_is_cancelled(desk: Desk) -> None:
    first, _, third = (desk.enroll(name=name).enrollment for name in ("Ana Ruiz", "Eva Ruiz", "Zoe Ruiz"))
    assert EXPIRED == desk.states(third)["today"]
    assert "today" in said(other(end(desk, first), third))["added"]
    assert PLANNED == desk.states(third)["today"]


def test_what_comes_too_late_is_shown_and_told_in_person(desk: Desk) -> None:
    earlier = desk.enroll(protocol="makeup-only").enrollment
    wrong = desk.enroll(at=desk.now, second=True).enrollment
    assert CANCELLED == desk.states(earlier)["today"]
    assert {"passed": ["today"], "added": ["makeup-again"]} == said(other(end(desk, wrong, after=9 * HOUR), earlier))
    assert {"today": EXPIRED, "makeup-again": PLANNED} == desk.states(earlier)


@pytest.mark.parametrize("state", [DELIVERED, MessageState.ATTEMPTING, MessageState.UNKNOWN])
def test_what_was_said_or_perhaps_said_is_not_said_again(desk: Desk, state: MessageState) -> None:
    right = desk.enroll().enrollment
    desk.send(desk.texts(right)["today"], desk.now + HOUR, to=state)
    wrong = desk.enroll(protocol="makeup-only", at=desk.now, now=desk.now + HOUR).enrollment
    end(desk, wrong, after=2 * HOUR)
    assert {"today": state, "makeup-again": PLANNED, "sun-again": PLANNED} == desk.states(right)


def test_what_was_said_with_the_wrong_ones_end_is_listed_for_a_call(desk: Desk) -> None:
    right = desk.enroll(at=desk.now - HOUR).enrollment
    wrong = desk.enroll(protocol="makeup-only").enrollment
    desk.send(desk.texts(right)["today"], desk.now)
    assert ["today"] == said(other(end(desk, wrong, after=HOUR), right))["wrong_now"]


def test_what_was_said_before_the_mistake_is_right_again_once_it_is_cancelled(desk: Desk) -> None:
    """She had read the right end. The mistake made it wrong, so that somebody might have called; now it is right."""
    right = desk.enroll(at=desk.now - HOUR).enrollment
    desk.send(desk.texts(right)["today"], desk.now)
    wrong = desk.enroll(protocol="makeup-only")
    assert ["today"] == [entry.step for entry in of(other(wrong.effect, right), "wrong_now")]
    assert "wrong_now" not in said(other(end(desk, wrong.enrollment, after=HOUR), right))


def test_a_length_in_words_is_right_again_only_where_no_other_treatment_moves_the_end(desk: Desk) -> None:
    desk = replace(desk, protocols=shipped())
    asked = {"shaves": "no", "cold-sores": "no", "indication": "facial"}
    hers = desk.enroll(protocol="microneedling-regimen", answers=asked).enrollment
    desk.send(desk.texts(hers)["today"], desk.now + HOUR)
    wrong, also_wrong = (
        desk.enroll(protocol="microneedling-week", at=at, now=desk.now + 3 * HOUR, second=True).enrollment
        for at in (desk.now + 2 * HOUR, desk.now + 3 * HOUR)
    )
    assert ["today"] == said(other(end(desk, also_wrong, after=4 * HOUR), hers))["wrong_now"]
    assert "wrong_now" not in said(other(end(desk, wrong, after=4 * HOUR), hers))


def test_a_rebook_text_comes_back_when_the_booked_visit_was_missed(desk: Desk) -> None:
    first = desk.enroll(rebook_consent=True).enrollment
    booked = desk.enroll(appointment_at=desk.now + DAY).enrollment
    assert CANCELLED == desk.states(first)["next-visit"]
    done = desk.act(apply, booked, NoShow(), rules=desk.rules, now=desk.now + DAY, by="desk")
    assert "next-visit" in said(other(done, first))["added"]
    assert PLANNED == desk.states(first)["next-visit"]


def test_to_a_number_that_has_opted_out_nothing_comes_back_but_suppressed(desk: Desk) -> None:
    right = desk.enroll(at=desk.now - HOUR).enrollment
    wrong = desk.enroll(protocol="makeup-only").enrollment
    desk.act(opt_out_by_staff, ANA, now=desk.now, by="desk")
    done = end(desk, wrong)
    assert (True, ["makeup-again", "sun-again"]) == (done.opted_out, said(other(done, right))["added"])
    assert {SUPPRESSED} == set(desk.states(right).values())


def test_a_cancellation_that_is_taken_back_is_as_if_it_had_not_been(desk: Desk) -> None:
    desk.enroll(at=desk.now - HOUR)
    desk.enroll(name="Bob Ruiz")
    wrong = desk.enroll(protocol="makeup-only").enrollment
    before = rows(desk)
    end(desk, wrong)
    assert before != rows(desk)
    desk.act(apply, wrong, Resume(), rules=desk.rules, now=desk.now, by="desk")
    assert before == rows(desk)


def test_what_another_treatment_still_says_is_not_left_to_staff(desk: Desk) -> None:
    """Three days, three treatments: where the last one's texts end, staff tell what the middle one would, no more."""
    first, middle, last = (
        desk.enroll(protocol="makeup-only", at=at, now=at).enrollment
        for at in (desk.now, desk.now + DAY, desk.now + 2 * DAY)
    )
    assert {CANCELLED} == {desk.states(one)["makeup-again"] for one in (first, middle)}
    assert ((middle, "makeup-again"),) == end(desk, last, after=2 * DAY).nobody_tells


def test_what_the_ended_one_has_said_already_is_not_left_to_staff(desk: Desk) -> None:
    desk.enroll()
    later = desk.now + DAY / 2
    second = desk.enroll(protocol="makeup-only", at=later, now=later).enrollment
    desk.send(desk.texts(second)["makeup-again"], later + 2 * DAY)
    assert () == end(desk, second, after=3 * DAY).nobody_tells


def test_what_was_left_to_staff_before_is_not_told_as_new(desk: Desk) -> None:
    """The second protocol says nothing of the sun; the third treatment is of other skin, so its text never did."""
    first = desk.enroll().enrollment
    desk.enroll(protocol="makeup-only", at=desk.now + DAY / 2, now=desk.now + DAY / 2)
    elsewhere = desk.enroll(at=desk.now + DAY, now=desk.now + DAY, separate_areas=True).enrollment
    assert (CANCELLED, PLANNED) == (desk.states(first)["sun-again"], desk.states(elsewhere)["sun-again"])
    assert () == end(desk, elsewhere, after=DAY).nobody_tells


@pytest.mark.parametrize("state", [DELIVERED, MessageState.ACCEPTED])
def test_what_her_other_treatment_had_said_is_not_left_to_staff(desk: Desk, state: MessageState) -> None:
    first, later = desk.enroll().enrollment, desk.now + 2 * DAY
    desk.send(desk.texts(first)["makeup-again"], desk.now + DAY, to=state)
    second = desk.enroll(protocol="makeup-only", at=later, now=later).enrollment
    assert () == end(desk, second, after=2 * DAY).nobody_tells
