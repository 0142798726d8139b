"""Changes: unsent texts follow, nothing is said twice, and what was said wrong is listed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.db.events import of_enrollment
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.enrollments.commands import Cancel, Change
from notifier.enrollments.effect import Effect, TextEffect
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.requests import ChangeRequest
from notifier.numbers.holds import hold_number, open_holds
from notifier.numbers.opt_outs import is_opted_out
from notifier.numbers.release import opt_out_by_staff
from notifier.sending.review import review
from tests.setups.desk import ANA, BOB, Desk, of, other

PLANNED, CANCELLED, SUPPRESSED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.SUPPRESSED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make(desk: Desk, enrollment: int, now: datetime, **values: object) -> Effect:
    made: Effect = desk.act(apply, enrollment, Change(ChangeRequest(**values)), rules=desk.rules, now=now, by="desk")  # type: ignore[arg-type]  # a table of values
    return made


def steps(entries: list[TextEffect]) -> list[str]:
    return sorted(entry.step for entry in entries)


def test_the_difference_is_shown_before_anything_is_written(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    before = desk.texts(enrollment)
    with reading(desk.engine) as session:
        shown = preview(session, enrollment, Change(ChangeRequest(phone=BOB)), rules=desk.rules, now=desk.now)
    assert ["makeup-again", "sun-again", "today"] == steps(of(shown, "reworded"))
    assert before == desk.texts(enrollment)


def test_a_changed_number_takes_every_unsent_text_along_and_no_sent_one(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    desk.send(desk.texts(enrollment)["today"], desk.now + HOUR)
    make(desk, enrollment, desk.now + 2 * HOUR, phone=BOB)
    assert {"today": ANA, "makeup-again": BOB, "sun-again": BOB} == {
        s: t.phone for s, t in desk.texts(enrollment).items()
    }


def test_her_number_and_name_change_in_all_her_enrollments(desk: Desk) -> None:
    """Else a second treatment would no longer be known as hers, and an earlier lift would come back."""
    first = desk.enroll().enrollment
    second = desk.enroll(protocol="makeup-only", at=desk.now + HOUR, now=desk.now + HOUR).enrollment
    made = make(desk, second, desk.now + HOUR, phone=BOB, name="Anna Ruiz")
    assert {BOB} == {
        text.phone for text in (*desk.texts(first).values(), *desk.texts(second).values()) if text.state is PLANNED
    }
    assert CANCELLED == desk.states(first)["makeup-again"]
    assert ["today"] == steps(of(other(made, first), "reworded"))


def test_an_opt_out_and_a_hold_follow_the_patient_to_her_new_number(desk: Desk) -> None:
    desk.act(opt_out_by_staff, ANA, now=desk.now, by="desk")
    desk.act(hold_number, ANA, reason="unread", at=desk.now, by="desk")
    enrollment = desk.enroll().enrollment
    make(desk, enrollment, desk.now, phone=BOB)
    assert {SUPPRESSED} == set(desk.states(enrollment).values())
    with reading(desk.engine) as session:
        stored = is_opted_out(session, BOB)
        assert "number_changed" == (stored and stored.source)
        assert ["unread"] == [hold.reason for hold in open_holds(session, BOB)]


def test_texts_to_a_new_number_that_has_opted_out_are_suppressed(desk: Desk) -> None:
    desk.act(opt_out_by_staff, BOB, now=desk.now, by="desk")
    enrollment = desk.enroll().enrollment
    with reading(desk.engine) as session:
        shown = preview(session, enrollment, Change(ChangeRequest(phone=BOB)), rules=desk.rules, now=desk.now)
    assert shown.opted_out
    make(desk, enrollment, desk.now, phone=BOB)
    assert {SUPPRESSED} == set(desk.states(enrollment).values())


def test_a_text_that_could_not_reach_the_old_number_goes_to_the_new_one(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    desk.send(desk.texts(enrollment)["today"], desk.now + HOUR, to=MessageState.FAILED)
    make(desk, enrollment, desk.now + 2 * HOUR, phone=BOB)
    text = desk.texts(enrollment)["today"]
    assert (1, PLANNED, BOB) == (text.revision, text.state, text.phone)


def test_a_text_that_was_said_is_not_said_again_to_the_new_number(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    for state in (MessageState.UNKNOWN,):
        desk.send(desk.texts(enrollment)["today"], desk.now + HOUR, to=state)
    make(desk, enrollment, desk.now + 2 * HOUR, phone=BOB)
    text = desk.texts(enrollment)["today"]
    assert (0, MessageState.UNKNOWN, ANA) == (text.revision, text.state, text.phone)
    # Should Twilio never have had it, it must not go to the old number either.
    assert desk.now + 2 * HOUR == text.expires_at


def test_a_later_treatment_time_moves_what_is_unsent_and_lists_what_was_said_wrong(desk: Desk) -> None:
    enrollment = desk.enroll(at=desk.now - 2 * HOUR).enrollment
    desk.send(desk.texts(enrollment)["today"], desk.now - HOUR)
    made = make(desk, enrollment, desk.now, treated_at=desk.now)
    assert ["makeup-again", "sun-again"] == steps(of(made, "moved"))
    assert [("today", "what it said is different now")] == [(e.step, e.why) for e in of(made, "wrong_now")]
    assert desk.now + 24 * HOUR == desk.texts(enrollment)["makeup-again"].due_at
    with reading(desk.engine) as session:
        events = of_enrollment(session, enrollment)
    assert ["today: what it said is different now; call the patient"] == [
        e.why for e in events if e.what == "wrong_now"
    ]
    assert ["treated at"] == [e.why for e in events if e.what == "changed" and e.message_id is None]


def test_a_lift_that_was_said_too_early_is_listed(desk: Desk) -> None:
    treated = desk.now - 25 * HOUR
    enrollment = desk.enroll(at=treated, now=treated).enrollment
    desk.send(desk.texts(enrollment)["makeup-again"], desk.now - HOUR)
    made = make(desk, enrollment, desk.now, treated_at=treated + 5 * HOUR)
    assert ("makeup-again", "the patient was told makeup may be again, and the restriction ends only later") in [
        (entry.step, entry.why) for entry in of(made, "wrong_now")
    ]
    assert 1 == len([text for text in desk.texts(enrollment).values() if text.step == "makeup-again"])


def test_a_text_on_its_way_says_the_new_thing_should_it_come_back(desk: Desk) -> None:
    """Nobody knows whether it left. If it did not, it must not say the old hour."""
    treated = desk.now - 24 * HOUR
    enrollment = desk.enroll(at=treated, now=treated).enrollment
    desk.send(desk.texts(enrollment)["makeup-again"], desk.now, to=MessageState.UNKNOWN)
    make(desk, enrollment, desk.now, treated_at=treated + 3 * HOUR)
    text = desk.texts(enrollment)["makeup-again"]
    assert (MessageState.UNKNOWN, desk.now + 3 * HOUR) == (text.state, text.not_before)


def test_another_zone_moves_the_hours(desk: Desk) -> None:
    enrollment = desk.enroll(protocol="makeup-only", answers={"shaves": "yes"}).enrollment
    made = make(desk, enrollment, desk.now, timezone="Pacific/Guam")  # where 14:10 in New York is 05:10
    assert ["makeup-again", "shaving-again", "today"] == steps(of(made, "moved"))
    assert "Clinic: no makeup until Mon Mar 9 5:10 AM." == desk.texts(enrollment)["today"].text


def test_another_language_rewords_and_nothing_said_counts_as_wrong(desk: Desk) -> None:
    enrollment = desk.enroll(protocol="makeup-only").enrollment
    desk.send(desk.texts(enrollment)["today"], desk.now + HOUR)
    made = make(desk, enrollment, desk.now + 2 * HOUR, language="es")
    assert (["makeup-again"], []) == (steps(of(made, "reworded")), steps(of(made, "wrong_now")))
    assert "Clinic: ya puede usar maquillaje." == desk.texts(enrollment)["makeup-again"].text


def test_a_late_answer_plans_its_branch_and_a_corrected_one_cancels_it(desk: Desk) -> None:
    enrollment = desk.enroll(protocol="makeup-only").enrollment
    assert "shaving-again" not in desk.states(enrollment)
    assert ["shaving-again"] == steps(of(make(desk, enrollment, desk.now, answers={"shaves": "yes"}), "added"))
    assert ["shaving-again"] == steps(of(make(desk, enrollment, desk.now, answers={"shaves": "no"}), "withdrawn"))
    assert "only if shaves is yes" == desk.texts(enrollment)["shaving-again"].reason
    make(desk, enrollment, desk.now, answers={"shaves": "yes"})
    text = desk.texts(enrollment)["shaving-again"]
    assert (1, PLANNED) == (text.revision, text.state)


def test_another_protocol_is_pinned_and_keeps_what_was_said(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    desk.send(desk.texts(enrollment)["today"], desk.now + HOUR)
    made = make(desk, enrollment, desk.now + 2 * HOUR, protocol=desk.protocols["makeup-only"])
    assert ("makeup-only", ["sun-again"]) == (made.after["protocol"], steps(of(made, "withdrawn")))
    assert ["today"] == steps(of(made, "wrong_now"))
    assert desk.now + 48 * HOUR == desk.texts(enrollment)["makeup-again"].due_at


def test_other_words_need_a_clinician_too(desk: Desk) -> None:
    enrollment = desk.enroll(protocol="makeup-only").enrollment
    with pytest.raises(Refused, match="nobody has approved makeup-only"):
        make(desk.strictly(), enrollment, desk.now, language="es")


def test_consent_to_rebook_texts_adds_them_and_its_end_takes_them_away(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    assert ["next-visit"] == steps(of(make(desk, enrollment, desk.now, rebook_consent=True), "added"))
    assert ["next-visit"] == steps(of(make(desk, enrollment, desk.now, rebook_consent=False), "withdrawn"))


def test_a_suppressed_text_follows_too_as_start_may_plan_it_again(desk: Desk) -> None:
    desk.act(opt_out_by_staff, ANA, now=desk.now, by="desk")
    enrollment = desk.enroll(protocol="makeup-only", answers={"shaves": "yes"}).enrollment
    make(desk, enrollment, desk.now, answers={"shaves": "no"}, treated_at=desk.now - HOUR)
    texts = desk.texts(enrollment)
    assert (CANCELLED, SUPPRESSED) == (texts["shaving-again"].state, texts["makeup-again"].state)
    assert desk.now + 47 * HOUR == texts["makeup-again"].due_at


@pytest.mark.parametrize(
    ("values", "because"),
    [
        ({"phone": "911"}, "has 3 digits"),
        ({"name": "evil.co"}, "a dot"),
        ({"timezone": "Mars"}, "is not a time zone"),
        ({"language": "fr"}, "has no texts in"),
        ({"answers": {"smokes": "yes"}}, "does not ask"),
        ({"appointment_at": datetime.fromisoformat("2026-05-01T10:00+00:00")}, "the patient has been treated"),
        ({"treated_at": datetime.fromisoformat("2026-05-01T10:00+00:00")}, "lies in the future"),
    ],
)
def test_a_bad_change_gets_one_sentence(desk: Desk, values: dict[str, object], because: str) -> None:
    enrollment = desk.enroll().enrollment
    with pytest.raises(Refused, match=because):
        make(desk, enrollment, desk.now, **values)


def test_a_change_cannot_make_two_enrollments_the_same(desk: Desk) -> None:
    first, second = desk.enroll().enrollment, desk.enroll(phone=BOB).enrollment
    with pytest.raises(Refused, match=rf"enrollment {first} is already this patient on plain"):
        make(desk, second, desk.now, phone=ANA)


def test_nothing_changes_in_an_enrollment_that_has_ended_or_is_not_there(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    desk.act(apply, enrollment, Cancel(), rules=desk.rules, now=desk.now, by="desk")
    with pytest.raises(Refused, match="was cancelled"):
        make(desk, enrollment, desk.now, phone=BOB)
    with pytest.raises(Refused, match="there is no enrollment 999"):
        make(desk, 999, desk.now, phone=BOB)


def test_what_a_person_decided_not_to_send_again_is_not_planned_again(desk: Desk) -> None:
    enrollment = desk.enroll().enrollment
    text = desk.texts(enrollment)["today"]
    desk.send(text, desk.now + HOUR, to=MessageState.NEEDS_REVIEW)
    desk.act(review, text.id, sent=False, now=desk.now + 20 * HOUR, by="desk")
    make(desk, enrollment, desk.now + 20 * HOUR, treated_at=desk.now + 20 * HOUR)
    assert (0, CANCELLED) == (desk.texts(enrollment)["today"].revision, desk.texts(enrollment)["today"].state)
