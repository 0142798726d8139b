"""Imports: all checked first, then written in steps; a re-run completes and changes only what is different."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.db.engine import reading
from notifier.db.tables import Enrollment
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change
from notifier.enrollments.importing import import_rows as importing
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.importing.report import ImportReport
from notifier.enrollments.lifecycle import apply
from notifier.numbers.release import opt_out_by_staff
from notifier.oversight.forecast import enrollments
from tests.setups.clinic import ANA, BOB, ClinicSetup

HEADER = "external_id,name,phone,protocol,treated_at,appointment_at,language,consent,status,shaves"


def line(number: int = 1, **values: str) -> str:
    """Patient number so-and-so; a test names only what it is about."""
    cells = {
        "external_id": f"A-{number}",
        "name": "Ana Ruiz",
        "phone": f"+1212555{100 + number:04}",
        "protocol": "plain",
        "treated_at": "2026-03-06T14:00",
        "appointment_at": "",
        "language": "",
        "consent": "form",
        "status": "",
        "shaves": "",
        **values,
    }
    return ",".join(cells.values())


@dataclass
class Office:
    """Runs imports at the desk."""

    clinic: ClinicSetup

    def run(self, *lines: str, **values: Any) -> ImportReport:
        settings = {
            "protocols": self.clinic.protocols,
            "rules": self.clinic.rules,
            "now": self.clinic.now,
            "by": "import",
        }
        return import_rows(self.clinic.engine, "\n".join([HEADER, *lines]).encode(), **{**settings, **values})

    def enrolled(self) -> list[Enrollment]:
        with reading(self.clinic.engine) as session:
            return enrollments(session)[::-1]


@pytest.fixture
def office(clinic: ClinicSetup) -> Office:
    return Office(clinic)


def counts(report: ImportReport) -> dict[str, int]:
    return {meaning.value: count for meaning, count in report.counts.items() if count}


def test_every_row_is_an_enrollment_with_its_texts(office: Office) -> None:
    report = office.run(line(1), line(2, name="Bob Ruiz"))
    assert ({"new": 2}, 2, []) == (counts(report), report.written, report.faults)
    assert ["A-1", "A-2"] == [one.external_id for one in office.enrolled()]
    assert {MessageState.PLANNED} == set(office.clinic.states(office.enrolled()[0].id or 0).values())


def test_one_bad_row_and_nothing_is_written_unless_asked(office: Office) -> None:
    rows = (line(1), line(2, phone="911"), line(3, name="evil.co"))
    report = office.run(*rows)
    assert (True, 2, 0, []) == (report.refused, report.fault_count, report.written, office.enrolled())
    assert ["row 3: phone", "row 4: the name"] == [str(f).split(" has")[0].split(' "')[0] for f in report.faults]
    report = office.run(*rows, skip_bad=True)
    assert ({"new": 1}, 2, ["A-1"]) == (counts(report), report.fault_count, [o.external_id for o in office.enrolled()])


def test_a_dry_run_writes_nothing(office: Office) -> None:
    report = office.run(line(1), line(2), dry_run=True)
    assert ({"new": 2}, 0, []) == (counts(report), report.written, office.enrolled())


@pytest.mark.parametrize("dry_run", [True, False])
def test_one_treatment_under_two_ids_is_one_enrollment_and_told(office: Office, dry_run: bool) -> None:
    report = office.run(line(1, phone=ANA), line(2, name="ana  RUIZ", phone=ANA), dry_run=dry_run)
    assert {"new": 1, "same": 1} == counts(report)
    assert ["row 3: patient, protocol and date are those of row 2"] == report.for_staff
    assert ([] if dry_run else ["A-1"]) == [one.external_id for one in office.enrolled()]


def test_a_second_run_changes_nothing(office: Office) -> None:
    office.run(line(1), line(2))
    assert {"same": 2} == counts(office.run(line(1), line(2)))
    assert 2 == len(office.enrolled())


def test_a_run_that_was_killed_is_completed_by_the_next(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 2)

    def kill(what: str, done: int, _of: int) -> None:
        if what == "written" and done == 2:
            raise KeyboardInterrupt

    lines = [line(number) for number in range(1, 6)]
    with pytest.raises(KeyboardInterrupt):
        office.run(*lines, progress=kill)
    assert 2 == len(office.enrolled())
    assert {"same": 2, "new": 3} == counts(office.run(*lines))
    assert [f"A-{n}" for n in range(1, 6)] == [one.external_id for one in office.enrolled()]


def test_a_changed_row_changes_its_enrollment(office: Office) -> None:
    office.run(line(1))
    report = office.run(line(1, phone=BOB, name="Anna Ruiz"))
    assert {"changed": 1} == counts(report)
    (one,) = office.enrolled()
    assert (BOB, "Anna Ruiz") == (one.phone, one.name)
    assert {BOB} == {text.phone for text in office.clinic.texts(one.id or 0).values()}


def test_an_old_file_does_not_undo_what_staff_changed_since(office: Office) -> None:
    office.run(line(1))
    (one,) = office.enrolled()
    clinic = office.clinic
    clinic.act(apply, one.id or 0, Change(ChangeRequest(phone=BOB)), rules=clinic.rules, now=clinic.now, by="desk")
    assert {"same": 1} == counts(office.run(line(1)))
    assert BOB == office.enrolled()[0].phone


def test_a_booked_visit_becomes_a_treatment(office: Office) -> None:
    booked = line(1, treated_at="", appointment_at="2026-03-09T10:00")
    office.run(booked)
    later = office.clinic.now + timedelta(days=3)
    report = office.run(line(1, treated_at="2026-03-09T10:30", appointment_at="2026-03-09T10:00"), now=later)
    assert {"changed": 1} == counts(report)
    assert EnrollmentState.ACTIVE == office.enrolled()[0].state
    # A file from before does not take the treatment back.
    assert {"same": 1} == counts(office.run(booked, now=later))


def test_a_passed_appointment_is_refused_when_new_and_passed_by_when_known(office: Office) -> None:
    booked = line(1, treated_at="", appointment_at="2026-03-09T10:00")
    later = office.clinic.now + timedelta(days=30)
    assert ["appointment_at"] == [fault.column for fault in office.run(booked, now=later).faults]
    office.run(booked)
    assert {"same": 1} == counts(office.run(booked, now=later))


@pytest.mark.parametrize(
    ("status", "state"), [("cancelled", EnrollmentState.CANCELLED), ("no-show", EnrollmentState.NO_SHOW)]
)
def test_a_status_ends_a_known_enrollment_once(office: Office, status: str, state: EnrollmentState) -> None:
    booked, at = {"treated_at": "", "appointment_at": "2026-03-09T10:00"}, datetime(2026, 3, 9, 14, tzinfo=UTC)
    office.run(line(1, **booked))
    assert {"ended": 1} == counts(office.run(line(1, status=status, **booked), now=at))
    assert {"same": 1} == counts(office.run(line(1, status=status, **booked), now=at))
    assert state == office.enrolled()[0].state


def test_an_ending_by_import_tells_staff_what_nobody_says_any_more(office: Office) -> None:
    """And the others on the phone follow: the lift of the same day comes back, of another day it does not."""
    hers = {"phone": ANA, "protocol": "makeup-only"}
    office.run(line(1, **hers, treated_at="2026-03-05T14:00"), line(2, **hers), line(3, phone=ANA))
    thursday, first = (one.id or 0 for one in office.enrolled()[:2])
    assert {MessageState.CANCELLED} == {office.clinic.states(one)["makeup-again"] for one in (thursday, first)}
    report = office.run(line(3, phone=ANA, status="cancelled"))
    assert ({"ended": 1}, []) == (counts(report), report.for_staff)
    assert MessageState.PLANNED == office.clinic.states(first)["makeup-again"]
    report = office.run(line(2, **hers, status="cancelled"))
    why = f"enrollment {thursday}: “makeup again” is not sent any more, and no other text says it"
    assert [f"row 2: {why}"] == report.for_staff


def test_nobody_has_missed_a_visit_that_is_still_to_come(office: Office) -> None:
    booked = {"treated_at": "", "appointment_at": "2026-03-09T10:00"}
    office.run(line(1, **booked))
    (fault,) = office.run(line(1, status="no-show", **booked)).faults
    assert "is still to come (Mon Mar 9, 10:00 AM), so it is no no-show yet" in fault.sentence


def test_a_cancelled_visit_that_was_never_enrolled_is_passed_by(office: Office) -> None:
    assert {"passed by": 1} == counts(office.run(line(1, status="cancelled")))
    assert [] == office.enrolled()


def test_who_was_enrolled_by_hand_for_a_visit_that_the_file_says_is_cancelled_is_named_to_staff(office: Office) -> None:
    """Nothing is ended: it may be another visit of that day."""
    visit = datetime(2026, 3, 9, 14, tzinfo=UTC)
    office.clinic.enroll(name="Ana Ruiz", phone="+12125550101", appointment_at=visit)
    of_the_file = {"treated_at": "", "status": "cancelled", "appointment_at": "2026-03-09T10:00"}
    report = office.run(line(1, **of_the_file), line(2, **of_the_file))
    said = "the file says cancelled, and enrollment 1, made by hand for that day, is booked still"
    assert [f"row 2: {said}; end it where that is the visit"] == report.for_staff
    assert EnrollmentState.BOOKED is office.enrolled()[0].state


def test_a_row_that_changed_after_staff_cancelled_it_is_passed_by(office: Office) -> None:
    office.run(line(1))
    office.run(line(1, status="cancelled"))
    assert {"passed by": 1} == counts(office.run(line(1, name="Anna Ruiz")))


def test_an_enrollment_made_by_hand_is_found_again_and_gets_its_external_id(office: Office) -> None:
    by_hand = office.clinic.enroll(phone="+12125550101")
    assert {"same": 1} == counts(office.run(line(1)))
    assert [(by_hand.enrollment, "A-1")] == [(one.id, one.external_id) for one in office.enrolled()]
    assert {"same": 1} == counts(office.run(line(1)))


def test_a_patient_who_is_there_twice_is_enrolled_once(office: Office) -> None:
    report = office.run(line(1), line(1), line(2, phone="+12125550101"))
    assert {"new": 1, "same": 2} == counts(report)
    assert 1 == len(office.enrolled())
    assert {"same": 2} == counts(office.run(line(1), line(2, phone="+12125550101")))


def test_an_external_id_with_two_contents_is_refused(office: Office) -> None:
    report = office.run(line(1), line(1, name="Bob Ruiz"))
    assert ["row 3: external_id A-1 is in row 2 too, with other content; keep one"] == [str(f) for f in report.faults]


def test_patients_of_one_file_on_one_phone_see_each_other(office: Office) -> None:
    office.run(line(1), line(2, name="Bob Ruiz", phone="+12125550101"), line(3, name="Cy Ruiz", phone="+12125550101"))
    starts = [office.clinic.texts(one.id or 0)["today"].text[:4] for one in office.enrolled()]
    assert ["Ana:", "Bob:", "Cy: "] == starts


def test_two_treatments_of_one_file_respect_each_other(office: Office) -> None:
    report = office.run(line(1), line(2, phone="+12125550101", protocol="makeup-only", treated_at="2026-03-06T14:05"))
    first = office.enrolled()[0].id or 0
    assert MessageState.CANCELLED == office.clinic.states(first)["makeup-again"]
    assert any("its protocol says nothing about sun; staff decide" in sentence for sentence in report.for_staff)


def test_rows_whose_number_has_opted_out_are_told(office: Office) -> None:
    office.clinic.act(opt_out_by_staff, ANA, now=office.clinic.now, by="desk")
    report = office.run(line(1), line(2, phone=ANA))
    assert [3] == report.opted_out
    assert {MessageState.SUPPRESSED} == set(office.clinic.states(office.enrolled()[1].id or 0).values())


def test_rows_on_words_that_nobody_approved_are_refused(office: Office) -> None:
    report = office.run(line(1), line(2), rules=office.clinic.strictly().rules)
    assert (2, "protocol") == (report.fault_count, report.faults[0].column)


def test_the_first_faults_are_told_and_all_are_counted(office: Office) -> None:
    report = office.run(*(line(number, phone="911") for number in range(1, 8)), most_faults=3)
    assert (3, 7) == (len(report.faults), report.fault_count)


def test_a_file_without_rows_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="a header and no rows"):
        office.run()


def test_progress_is_told(office: Office) -> None:
    told: list[tuple[str, int, int]] = []
    office.run(line(1), line(2), progress=lambda *step: told.append(step))
    assert [("checked", 0, 2), ("checked", 2, 2), ("written", 2, 2)] == told


def test_a_race_with_staff_costs_one_row_and_not_its_neighbors(office: Office, now: datetime) -> None:
    """Somebody enrolls and cancels the same patient after the file was checked."""

    def race(what: str, done: int, of: int) -> None:
        if what == "checked" and done == of:
            by_hand = office.clinic.enroll(phone="+12125550101")
            office.clinic.act(apply, by_hand.enrollment, Cancel(), rules=office.clinic.rules, now=now, by="desk")

    report = office.run(line(1), line(2), progress=race)
    assert (1, 1) == (report.written, report.fault_count)
    assert "enroll the patient again as a second treatment" in report.faults[0].sentence
