"""Enrolling: everything she will hear is written down in one transaction, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from notifier.db.engine import reading
from notifier.db.events import of_enrollment
from notifier.db.protocols import load_version
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.release import opt_out_by_staff
from notifier.oversight.forecast import enrollments
from notifier.publishing.approve import approve
from notifier.publishing.pause import pause, unpause
from tests.setups.clinic import ANA, BOB, ClinicSetup

PLANNED, EXPIRED, SUPPRESSED = MessageState.PLANNED, MessageState.EXPIRED, MessageState.SUPPRESSED


def test_every_step_of_the_plan_is_a_row_and_the_steps_left_out_are_not(clinic: ClinicSetup) -> None:
    enrolled = clinic.enroll()
    assert {"today": PLANNED, "makeup-again": PLANNED, "sun-again": PLANNED} == clinic.states(enrolled.enrollment)
    assert [("next-visit", "no consent to rebook texts")] == [(o.step, o.why) for o in enrolled.plan.timeline.left_out]
    assert not enrolled.already


def test_rebook_texts_need_a_consent_of_their_own(clinic: ClinicSetup) -> None:
    assert PLANNED == clinic.states(clinic.enroll(rebook_consent=True).enrollment)["next-visit"]


def test_a_lift_leaves_when_its_restriction_has_ended(clinic: ClinicSetup) -> None:
    texts = clinic.texts(clinic.enroll().enrollment)
    assert clinic.now + timedelta(hours=24) == texts["makeup-again"].due_at == texts["makeup-again"].not_before
    # Seven days that hold a clock change to summer time: the later of wall time and 7 x 24 hours.
    assert clinic.now + timedelta(days=7) == texts["sun-again"].due_at


def test_the_protocol_and_what_happened_are_kept(clinic: ClinicSetup) -> None:
    with capture_logs() as logs:
        enrolled = clinic.enroll()
        clinic.enroll()
    assert [[enrolled.enrollment]] == [line["enrollments"] for line in logs if line["event"] == "enrolled"]
    plain = clinic.protocols["plain"]
    with reading(clinic.engine) as session:
        assert plain == load_version(session, "plain", plain.version)
        assert [("enrolled", "desk")] == [(e.what, e.by) for e in of_enrollment(session, enrolled.enrollment)]


def test_an_appointment_plans_only_what_prepares_her(clinic: ClinicSetup) -> None:
    enrolled = clinic.enroll(appointment_at=clinic.now + timedelta(days=5))
    assert {"before": PLANNED} == clinic.states(enrolled.enrollment)
    assert datetime(2026, 3, 10, 14, tzinfo=UTC) == clinic.texts(enrolled.enrollment)["before"].due_at


def test_what_has_passed_is_written_down_as_expired_and_what_is_still_useful_is_sent_late(
    clinic: ClinicSetup,
) -> None:
    """Treated two days ago at 09:10: the sun is told late; that makeup is fine again is news to nobody."""
    enrolled = clinic.enroll(at=clinic.now - timedelta(hours=53))
    texts = clinic.texts(enrolled.enrollment)
    assert {"catch-up": PLANNED, "sun-again": PLANNED} == clinic.states(enrolled.enrollment)
    assert (["sun"], clinic.now) == (texts["catch-up"].topics, texts["catch-up"].due_at)


def test_a_treatment_so_old_that_nothing_is_sent_is_enrolled_with_a_warning(clinic: ClinicSetup) -> None:
    enrolled = clinic.enroll(at=clinic.now - timedelta(days=60))
    assert {} == clinic.states(enrolled.enrollment)
    assert ("the moment of every text has passed: nothing will be sent",) == enrolled.warnings


@pytest.mark.parametrize("name", ["Ana Ruiz", "ana ruiz", "Ána  Ruíz"])
def test_the_same_patient_protocol_and_date_is_the_same_enrollment(clinic: ClinicSetup, name: str) -> None:
    first = clinic.enroll()
    again = clinic.enroll(name=name, at=clinic.now - timedelta(hours=1))
    assert (first.enrollment, True) == (again.enrollment, again.already)
    at = "2026-03-06T14:10-05:00"
    told = f"the patient is enrolled with {at}; where that is wrong, change enrollment {first.enrollment}"
    assert (told,) == again.warnings
    assert "Ana Ruiz" == _names(clinic)


def _names(clinic: ClinicSetup) -> str:
    """Everybody who is enrolled."""
    with reading(clinic.engine) as session:
        return ", ".join(line.name for line in enrollments(session))


def test_staff_may_enroll_a_second_treatment_of_the_same_day(clinic: ClinicSetup) -> None:
    first, second = clinic.enroll(at=clinic.now - timedelta(hours=2)), clinic.enroll(second=True)
    third = clinic.enroll(second=True)
    assert 3 == len({first.enrollment, second.enrollment, third.enrollment})


def test_of_two_treatments_on_one_day_the_one_at_that_moment_is_the_same(clinic: ClinicSetup) -> None:
    first, second = clinic.enroll(at=clinic.now - timedelta(hours=2)), clinic.enroll(second=True)
    again = clinic.enroll(at=clinic.now - timedelta(hours=2))
    assert (first.enrollment, True, ()) == (again.enrollment, again.already, again.warnings)
    assert second.enrollment == clinic.enroll(at=clinic.now - timedelta(hours=1)).enrollment


def test_an_external_id_names_one_enrollment(clinic: ClinicSetup) -> None:
    first = clinic.enroll(external_id="A-1")
    assert (first.enrollment, True) == ((again := clinic.enroll(external_id="A-1")).enrollment, again.already)
    with pytest.raises(Refused, match=r"the id A-1 is enrollment \d+ already, with another phone"):
        clinic.enroll(external_id="A-1", phone=BOB)


def test_a_number_that_opted_out_is_enrolled_and_gets_nothing(clinic: ClinicSetup) -> None:
    clinic.act(opt_out_by_staff, ANA, now=clinic.now, by="desk")
    enrolled = clinic.enroll()
    assert {SUPPRESSED} == set(clinic.states(enrolled.enrollment).values())
    assert ("this number has opted out: nothing will be sent; tell the patient in person",) == enrolled.warnings


def test_nobody_is_enrolled_on_words_that_no_clinician_stands_behind(clinic: ClinicSetup) -> None:
    strict = clinic.strictly()
    with pytest.raises(Refused, match=r"nobody has approved makeup-only .* in es"):
        strict.enroll(protocol="makeup-only", language="es")
    clinic.act(approve, clinic.protocols["makeup-only"], by="Dr. Lee", now=clinic.now, language="en")
    assert not strict.enroll(protocol="makeup-only").already
    with pytest.raises(Refused, match=r"nobody has approved makeup-only .* in es"):
        strict.enroll(protocol="makeup-only", language="es", phone=BOB)


def test_nobody_is_enrolled_on_a_paused_protocol(clinic: ClinicSetup) -> None:
    told = {"protocols": clinic.protocols, "now": clinic.now, "by": "Dr. Lee"}
    assert clinic.act(pause, "plain", reason="a wrong dose", **told)
    assert not clinic.act(pause, "plain", reason="again", **told)
    with pytest.raises(Refused, match=r"plain is paused by Dr\. Lee: a wrong dose"):
        clinic.enroll()
    clinic.act(unpause, "plain", reason="mended", now=clinic.now, by="Dr. Lee")
    assert not clinic.enroll().already


@pytest.mark.parametrize(
    ("values", "field", "because"),
    [
        ({"name": "evil.co"}, "name", "a dot that does not end an initial"),
        ({"phone": "8005550123"}, "phone", "a toll-free number"),
        ({"protocol": "plane"}, "protocol", 'there is no protocol "plane"; did you mean plain?'),
        ({"protocol": "xyz"}, "protocol", "there are plain, makeup-only"),
        ({"timezone": "Mars"}, "timezone", '"Mars" is not a time zone'),
        ({"language": "fr"}, "language", 'plain has no texts in "fr"'),
        ({"answers": {"smokes": "yes"}}, "smokes", 'plain does not ask "smokes"'),
        (
            {"protocol": "makeup-only", "answers": {"shaves": "maybe"}},
            "shaves",
            '"maybe" is no answer to "shaves"; say one of yes, no',
        ),
        ({"consent": " "}, "consent", "consent is empty; say how the patient agreed"),
        ({"consent": "x" * 201}, "consent", "consent is 201 characters long"),
        ({"external_id": "x" * 121}, "external_id", "external_id is 121 characters long"),
        ({"appointment_at": None}, "treated_at", "say when the treatment ENDED, or when the appointment is"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing_behind(
    clinic: ClinicSetup, values: dict[str, Any], field: str, because: str
) -> None:
    with pytest.raises(Refused) as refused:
        clinic.enroll(**values)
    assert because in str(refused.value)
    assert field == refused.value.field
    assert "" == _names(clinic)


def test_a_treatment_in_the_future_and_an_appointment_in_the_past_are_refused(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match="lies in the future; for a visit to come"):
        clinic.enroll(at=clinic.now + timedelta(minutes=11))
    with pytest.raises(Refused, match="has passed"):
        clinic.enroll(appointment_at=clinic.now - timedelta(minutes=1))


def test_a_booked_visit_of_that_day_is_not_enrolled_a_second_time(clinic: ClinicSetup) -> None:
    booked = clinic.enroll(appointment_at=clinic.now + timedelta(hours=1))
    with pytest.raises(Refused, match=f"this is enrollment {booked.enrollment}, which is booked") as refused:
        clinic.enroll(at=clinic.now + timedelta(hours=2), now=clinic.now + timedelta(hours=2))
    assert {"enrollment": booked.enrollment, "at": "2026-03-06T16:10-05:00"} == refused.value.about
