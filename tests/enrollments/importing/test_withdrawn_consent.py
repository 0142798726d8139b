"""A file's row that takes consent back holds who is enrolled at once, and a person decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifier.db.engine import reading, writing
from notifier.domain.tasks import TaskKind
from notifier.numbers.holds import open_holds, release_number
from notifier.tasks.pieces import all_tasks
from tests.enrollments.importing.test_import_rows import Office, line
from tests.setups.clinic import ClinicSetup

NO = "consent says no, so all texts to the number"


@pytest.fixture
def office(clinic: ClinicSetup) -> Office:
    return Office(clinic)


def held(office: Office) -> list[str]:
    with reading(office.clinic.engine) as session:
        return [hold.phone[-4:] for hold in open_holds(session)]


def test_a_row_that_says_no_holds_the_number_once_and_is_a_task_until_a_person_decides(office: Office) -> None:
    office.run(line(1), line(2, name="Bob Ruiz"))
    would = office.run(line(1, consent="declined"), line(2, name="Bob Ruiz"), dry_run=True)
    assert ([2], [], []) == (would.withdrawn, would.faults, held(office))
    assert [f"row 2: {NO} would wait (3 planned)"] == [said.partition(";")[0] for said in would.for_staff]
    done = office.run(line(1, consent="declined"), line(2, name="Bob Ruiz"))
    assert ([2], [], ["0101"]) == (done.withdrawn, done.faults, held(office))
    with reading(office.clinic.engine) as session:
        tasks = all_tasks(session, office.clinic.now, limit=9)
        assert [TaskKind.HOLD] == [one.ref.kind for one in tasks]
        assert ["consent was withdrawn: the booking system says no"] == [one.hold.reason for one in tasks if one.hold]
    assert [] == office.run(line(1, consent="declined")).withdrawn
    with writing(office.clinic.engine) as session:
        release_number(session, "+12125550101", at=office.clinic.now, by="Dana")
    assert ([], []) == (office.run(line(1, consent="declined")).withdrawn, held(office)), "a person let the texts go on"
    office.run(line(1))
    assert ([2], ["0101"]) == (office.run(line(1, consent="no")).withdrawn, held(office)), "agreed, and took it back"


def test_a_wish_waits_neither_for_another_row_nor_for_the_same_visits_id(office: Office) -> None:
    office.run(line(1), line(2, name="Bob Ruiz"))
    bad = office.run(line(1, consent="opted out"), line(3, phone="12"))
    assert (1, 0, ["0101"]) == (bad.bad_rows, bad.written, held(office))
    new_visit = line(9, name="Bob Ruiz", phone="+12125550102", consent="no", treated_at="2026-03-05T14:00")
    assert ([2], []) == ((found := office.run(new_visit)).withdrawn, found.faults)
    assert (["0101", "0102"], 2) == (sorted(held(office)), len(office.enrolled()))


def test_a_no_of_nobody_who_is_enrolled_stays_a_bad_row_and_a_visit_that_is_off_needs_no_consent(
    office: Office,
) -> None:
    office.run(line(1))
    refused = office.run(line(2, consent="no"), line(3, consent="-"))
    assert ["consent", "consent"] == [fault.column for fault in refused.faults]
    mark = office.run(line(1, consent="?"))
    assert (["consent"], []) == ([fault.column for fault in mark.faults], held(office)), "a mark can be a slip"
    over = office.run(line(1, consent="no", status="cancelled", treated_at="2026-03-06T14:00"))
    assert ([], [], []) == (over.faults, over.withdrawn, held(office))
    later = office.run(line(1, consent="no"), now=office.clinic.now + timedelta(hours=1))
    assert ([], []) == (later.withdrawn, later.faults), "it has ended: there is nothing to hold"
