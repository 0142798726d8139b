"""A patient's number in place of a visit's: a course that is over is never changed by what means another visit."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import text

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment
from notifier.domain.refused import RefusalCode, Refused
from notifier.enrollments.commands import Cancel
from notifier.enrollments.enroll import enroll
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import EnrollRequest
from tests.setups.clinic import ANA, BOB, ClinicSetup

ROW = {
    "external_id": "CLIENT-7", "name": "Ana Ruiz", "phone": ANA, "protocol": "plain",
    "treated_at": "2026-03-06T13:00-05:00", "appointment_at": "", "consent": "form", "status": "",
}  # fmt: skip
LATER = timedelta(days=60)
OVER = "the id CLIENT-7 had a course that is over (enrollment 1, treated Fri Mar 6, 1:00 PM); give the visit's own id"


def imports(clinic: ClinicSetup, after: timedelta = LATER, **more: str) -> Any:
    row = ROW | more
    data = f"{','.join(row)}\n{','.join(row.values())}".encode()
    return import_rows(
        clinic.engine, data, protocols=clinic.protocols, rules=clinic.rules, now=clinic.now + after, by="import"
    )


def course(clinic: ClinicSetup) -> Any:
    with reading(clinic.engine) as session:
        one = session.get_one(Enrollment, 1)
        kept = (one.treated_at, one.appointment_at, one.protocol, one.state)
    return kept, [(one.id, one.state, one.due_at, one.text) for one in clinic.texts(1).values()]


def test_no_row_for_another_visit_changes_a_course_that_is_over(clinic: ClinicSetup) -> None:
    assert 1 == imports(clinic, timedelta()).written
    clinic.send(clinic.texts(1)["today"], clinic.now + timedelta(hours=1))
    with writing(clinic.engine) as session:
        session.execute(text("UPDATE messages SET state = 'expired' WHERE state = 'planned'"))
    before = course(clinic)
    visits: list[dict[str, str]] = [
        {"treated_at": "2026-05-05T10:00-04:00"}, {"treated_at": "", "appointment_at": "2026-06-05T10:00-04:00"},
        {"treated_at": "2026-03-06T13:30-05:00"}, {"protocol": "makeup-only"}, {},
    ]  # fmt: skip
    patients: list[dict[str, str]] = [{}, {"name": "Anna Ruiz"}, {"phone": BOB}]
    for visit, patient, status in product(visits, patients, ["", "cancelled"]):
        if visit or not status:
            report = imports(clinic, LATER, **visit, **patient, status=status)
            said = [fault.sentence.startswith(OVER) for fault in report.faults]
            assert (visit, [True] * bool(visit), before) == (visit, said, course(clinic))


def test_enrolling_another_visit_under_the_id_of_a_course_that_is_over_is_refused(clinic: ClinicSetup) -> None:
    request = EnrollRequest("Ana Ruiz", ANA, "plain", "form", treated_at=clinic.now, external_id="CLIENT-7")
    for end in (False, True):
        with writing(clinic.engine) as session:
            whose = enroll(
                session, request, protocols=clinic.protocols, rules=clinic.rules, now=clinic.now, by="test"
            ).enrollment
            if end:
                apply(session, whose, Cancel(), rules=clinic.rules, now=clinic.now, by="test")
        with pytest.raises(Refused, match="had a course that is over") as why:
            clinic.enroll(at=clinic.now + LATER, now=clinic.now + LATER, external_id="CLIENT-7")
        assert (RefusalCode.COURSE_OVER, end) == (why.value.code, "cancelled" in str(why.value))


def test_a_course_that_runs_or_never_had_an_hour_still_follows_its_row(clinic: ClinicSetup) -> None:
    """A date that was typed wrong by a year is corrected by the next export."""
    assert 1 == imports(clinic, timedelta(), treated_at="2025-03-06T13:00-05:00").written
    for treated_at in ("2026-03-06T13:00-05:00", "2026-03-06T13:30-05:00"):
        report = imports(clinic, timedelta(hours=1), treated_at=treated_at)
        assert ([], 1) == (report.faults, report.counts["changed"])
