"""Changes: unsent texts follow, nothing is said twice, and what was said wrong is listed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.db.events import of_enrollment
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change
from notifier.enrollments.effect import Effect, TextEffect
from notifier.enrollments.lifecycle import apply, preview
from notifier.numbers.holds import hold_number, open_holds
from notifier.numbers.opt_outs import is_opted_out
from notifier.numbers.release import opt_out_by_staff
from notifier.sending.review import review
from tests.setups.clinic import ANA, BOB, ClinicSetup, of, other

PLANNED, CANCELLED, SUPPRESSED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.SUPPRESSED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make(clinic: ClinicSetup, enrollment: int, now: datetime, **values: object) -> Effect:
    wanted = ChangeRequest(**values)  # type: ignore[arg-type]  # a table of values
    made: Effect = clinic.act(apply, enrollment, Change(wanted), rules=clinic.rules, now=now, by="desk")
    return made


def steps(entries: list[TextEffect]) -> list[str]:
    return sorted(entry.step for entry in entries)


def test_the_difference_is_shown_before_anything_is_written(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    before = clinic.texts(enrollment)
    with reading(clinic.engine) as session:
        shown = preview(session, enrollment, Change(ChangeRequest(phone=BOB)), rules=clinic.rules, now=clinic.now)
    assert ["makeup-again", "sun-again", "today"] == steps(of(shown, "reworded"))
    assert before == clinic.texts(enrollment)


def test_a_changed_number_takes_every_unsent_text_along_and_no_sent_one(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    clinic.send(clinic.texts(enrollment)["today"], clinic.now + HOUR)
    make(clinic, enrollment, clinic.now + 2 * HOUR, phone=BOB)
    assert {"today": ANA, "catch-up": BOB, "makeup-again": BOB, "sun-again": BOB} == {
        s: t.phone for s, t in clinic.texts(enrollment).items()
    }


def test_her_number_and_name_change_in_all_her_enrollments(clinic: ClinicSetup) -> None:
    """Else a second treatment would no longer be known as hers, and an earlier lift would come back."""
    first = clinic.enroll().enrollment
    second = clinic.enroll(protocol="makeup-only", at=clinic.now + HOUR, now=clinic.now + HOUR).enrollment
    made = make(clinic, second, clinic.now + HOUR, phone=BOB, name="Anna Ruiz")
    assert {BOB} == {
        text.phone for text in (*clinic.texts(first).values(), *clinic.texts(second).values()) if text.state is PLANNED
    }
    assert CANCELLED == clinic.states(first)["makeup-again"]
    assert ["today"] == steps(of(other(made, first), "reworded"))


def test_an_opt_out_and_a_hold_follow_the_patient_to_her_new_number(clinic: ClinicSetup) -> None:
    clinic.act(opt_out_by_staff, ANA, now=clinic.now, by="desk")
    clinic.act(hold_number, ANA, reason="unread", at=clinic.now, by="desk")
    enrollment = clinic.enroll().enrollment
    make(clinic, enrollment, clinic.now, phone=BOB)
    assert {SUPPRESSED} == set(clinic.states(enrollment).values())
    with reading(clinic.engine) as session:
        stored = is_opted_out(session, BOB)
        assert "number_changed" == (stored and stored.source)
        assert ["unread"] == [hold.reason for hold in open_holds(session, BOB)]


def test_texts_to_a_new_number_that_has_opted_out_are_suppressed(clinic: ClinicSetup) -> None:
    clinic.act(opt_out_by_staff, BOB, now=clinic.now, by="desk")
    enrollment = clinic.enroll().enrollment
    with reading(clinic.engine) as session:
        shown = preview(session, enrollment, Change(ChangeRequest(phone=BOB)), rules=clinic.rules, now=clinic.now)
    assert shown.opted_out
    make(clinic, enrollment, clinic.now, phone=BOB)
    assert {SUPPRESSED} == set(clinic.states(enrollment).values())


def test_a_text_that_could_not_reach_the_old_number_goes_to_the_new_one(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    clinic.send(clinic.texts(enrollment)["today"], clinic.now + HOUR, to=MessageState.FAILED)
    make(clinic, enrollment, clinic.now + 2 * HOUR, phone=BOB)
    text = clinic.texts(enrollment)["today"]
    assert (1, PLANNED, BOB) == (text.revision, text.state, text.phone)


def test_a_text_that_was_said_is_not_said_again_to_the_new_number(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    for state in (MessageState.UNKNOWN,):
        clinic.send(clinic.texts(enrollment)["today"], clinic.now + HOUR, to=state)
    make(clinic, enrollment, clinic.now + 2 * HOUR, phone=BOB)
    text = clinic.texts(enrollment)["today"]
    assert (0, MessageState.UNKNOWN, ANA) == (text.revision, text.state, text.phone)
    # Should Twilio never have had it, it must not go to the old number either.
    assert clinic.now + 2 * HOUR == text.expires_at


def test_a_later_treatment_time_moves_what_is_unsent_and_lists_what_was_said_wrong(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll(at=clinic.now - 2 * HOUR).enrollment
    clinic.send(clinic.texts(enrollment)["today"], clinic.now - HOUR)
    made = make(clinic, enrollment, clinic.now, treated_at=clinic.now)
    assert ["makeup-again", "sun-again"] == steps(of(made, "moved"))
    assert [("today", "the end of makeup, sun has moved")] == [(e.step, e.why) for e in of(made, "wrong_now")]
    assert clinic.now + 24 * HOUR == clinic.texts(enrollment)["makeup-again"].due_at
    with reading(clinic.engine) as session:
        events = of_enrollment(session, enrollment)
    assert ["“today”: the end of makeup, sun has moved; call the patient"] == [
        e.why for e in events if e.what == "wrong_now"
    ]
    assert ["treated at"] == [e.why for e in events if e.what == "changed" and e.message_id is None]


def test_a_lift_that_was_said_too_early_is_listed(clinic: ClinicSetup) -> None:
    treated = clinic.now - 25 * HOUR
    enrollment = clinic.enroll(at=treated, now=treated).enrollment
    clinic.send(clinic.texts(enrollment)["makeup-again"], clinic.now - HOUR)
    made = make(clinic, enrollment, clinic.now, treated_at=treated + 5 * HOUR)
    assert ("makeup-again", "the patient was told makeup may be again, and the restriction ends only later") in [
        (entry.step, entry.why) for entry in of(made, "wrong_now")
    ]
    assert 1 == len([text for text in clinic.texts(enrollment).values() if text.step == "makeup-again"])


def test_a_text_on_its_way_says_the_new_thing_should_it_come_back(clinic: ClinicSetup) -> None:
    """Nobody knows whether it left. If it did not, it must not say the old hour."""
    treated = clinic.now - 24 * HOUR
    enrollment = clinic.enroll(at=treated, now=treated).enrollment
    clinic.send(clinic.texts(enrollment)["today"], treated + HOUR)
    clinic.send(clinic.texts(enrollment)["makeup-again"], clinic.now, to=MessageState.UNKNOWN)
    make(clinic, enrollment, clinic.now, treated_at=treated + 3 * HOUR)
    text = clinic.texts(enrollment)["makeup-again"]
    assert (MessageState.UNKNOWN, clinic.now + 3 * HOUR) == (text.state, text.not_before)


def test_another_zone_moves_the_hours(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll(protocol="makeup-only", answers={"shaves": "yes"}).enrollment
    made = make(clinic, enrollment, clinic.now, timezone="Pacific/Guam")  # where 14:10 in New York is 05:10
    assert ["catch-up", "makeup-again", "shaving-again", "today"] == steps(of(made, "moved"))
    assert "Clinic: no makeup until Mon Mar 9 5:10 AM." == clinic.texts(enrollment)["today"].text


def test_another_language_rewords_and_nothing_said_counts_as_wrong(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll(protocol="makeup-only").enrollment
    clinic.send(clinic.texts(enrollment)["today"], clinic.now + HOUR)
    made = make(clinic, enrollment, clinic.now + 2 * HOUR, language="es")
    assert (["makeup-again"], []) == (steps(of(made, "reworded")), steps(of(made, "wrong_now")))
    assert "Clinic: ya puede usar maquillaje." == clinic.texts(enrollment)["makeup-again"].text


def test_a_late_answer_plans_its_branch_and_a_corrected_one_cancels_it(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll(protocol="makeup-only").enrollment
    assert "shaving-again" not in clinic.states(enrollment)
    its_own = ["catch-up", "shaving-again"]  # no step of this protocol tells the rule
    assert its_own == steps(of(make(clinic, enrollment, clinic.now, answers={"shaves": "yes"}), "added"))
    assert its_own == steps(of(make(clinic, enrollment, clinic.now, answers={"shaves": "no"}), "withdrawn"))
    assert "only if shaves is yes" == clinic.texts(enrollment)["shaving-again"].reason
    make(clinic, enrollment, clinic.now, answers={"shaves": "yes"})
    text = clinic.texts(enrollment)["shaving-again"]
    assert (1, PLANNED) == (text.revision, text.state)


def test_another_protocol_is_pinned_and_keeps_what_was_said(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    clinic.send(clinic.texts(enrollment)["today"], clinic.now + HOUR)
    made = make(clinic, enrollment, clinic.now + 2 * HOUR, protocol=clinic.protocols["makeup-only"])
    assert ("makeup-only", ["sun-again"]) == (made.after["protocol"], steps(of(made, "withdrawn")))
    assert ["today"] == steps(of(made, "wrong_now"))
    assert clinic.now + 48 * HOUR == clinic.texts(enrollment)["makeup-again"].due_at


def test_other_words_need_a_clinician_too(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll(protocol="makeup-only").enrollment
    with pytest.raises(Refused, match="nobody has approved makeup-only"):
        make(clinic.strictly(), enrollment, clinic.now, language="es")


def test_consent_to_rebook_texts_adds_them_and_its_end_takes_them_away(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    assert ["next-visit"] == steps(of(make(clinic, enrollment, clinic.now, rebook_consent=True), "added"))
    assert ["next-visit"] == steps(of(make(clinic, enrollment, clinic.now, rebook_consent=False), "withdrawn"))


def test_a_suppressed_text_follows_too_as_start_may_plan_it_again(clinic: ClinicSetup) -> None:
    clinic.act(opt_out_by_staff, ANA, now=clinic.now, by="desk")
    enrollment = clinic.enroll(protocol="makeup-only", answers={"shaves": "yes"}).enrollment
    make(clinic, enrollment, clinic.now, answers={"shaves": "no"}, treated_at=clinic.now - HOUR)
    texts = clinic.texts(enrollment)
    assert (CANCELLED, SUPPRESSED) == (texts["shaving-again"].state, texts["makeup-again"].state)
    assert clinic.now + 47 * HOUR == texts["makeup-again"].due_at


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
def test_a_bad_change_gets_one_sentence(clinic: ClinicSetup, values: dict[str, object], because: str) -> None:
    enrollment = clinic.enroll().enrollment
    with pytest.raises(Refused, match=because):
        make(clinic, enrollment, clinic.now, **values)


def test_a_change_cannot_make_two_enrollments_the_same(clinic: ClinicSetup) -> None:
    first, second = clinic.enroll().enrollment, clinic.enroll(phone=BOB).enrollment
    with pytest.raises(Refused, match=rf"enrollment {first} is already this patient on plain"):
        make(clinic, second, clinic.now, phone=ANA)


def test_nothing_changes_in_an_enrollment_that_has_ended_or_is_not_there(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    clinic.act(apply, enrollment, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    with pytest.raises(Refused, match="was cancelled"):
        make(clinic, enrollment, clinic.now, phone=BOB)
    with pytest.raises(Refused, match="there is no enrollment 999"):
        make(clinic, 999, clinic.now, phone=BOB)


def test_what_a_person_decided_not_to_send_again_is_not_planned_again(clinic: ClinicSetup) -> None:
    enrollment = clinic.enroll().enrollment
    text = clinic.texts(enrollment)["today"]
    clinic.send(text, clinic.now + HOUR, to=MessageState.NEEDS_REVIEW)
    clinic.act(review, text.id, sent=False, now=clinic.now + 20 * HOUR, by="desk")
    make(clinic, enrollment, clinic.now + 20 * HOUR, treated_at=clinic.now + 20 * HOUR)
    assert (0, CANCELLED) == (clinic.texts(enrollment)["today"].revision, clinic.texts(enrollment)["today"].state)
