"""Days that follow each other: a visit that an export names no more is asked about, never ended by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, update
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import EnrollmentState
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.importing.mappings.apply import FileReader
from notifier.enrollments.importing.mappings.mapping import Mapping, read_mapping
from notifier.enrollments.importing.mappings.registry import find_mapping
from notifier.enrollments.importing.report import ImportReport
from schedules.catalogue import shipped as protocols
from schedules.wording import Voice

RULES = PlanningRules(Voice("Glow", "(212) 555-0100"), "America/New_York", must_be_approved=False)

NOW = datetime.fromisoformat("2026-11-30T08:00-05:00")
HEADER = "Visit,Client,Phone,When,Service"
ANA = "V1,Ana Diaz,(212) 555-0123,2026-12-01 09:00,microneedling"
JO = "V2,Jo Sun,(212) 555-0124,2026-12-01 10:00,microneedling"
EVA = "V3,Eva Cruz,(212) 555-0125,2026-12-02 10:00,microneedling"
DESK: Mapping = read_mapping(
    """
title = "The desk's list"
source = "made up"
header = ["Visit", "Client"]
complete = true
[columns]
name = { columns = ["Client"] }
phone = "Phone"
day = { column = "When" }
end = { minutes = 45 }
service = "Service"
id = { visit = "Visit" }
""",
    "desk",
)


def take(engine: Engine, *rows: str, mapping: Mapping = DESK, **how: Any) -> ImportReport:
    reader = FileReader("desk", mapping, protocols(), RULES, consent="signed form")
    data = "\n".join((HEADER, *rows, "")).encode()
    return import_rows(
        engine, data, protocols=protocols(), rules=RULES, by="Dana", read=reader.rows, visits=reader.visits,
        **{"now": NOW, "skip_bad": True, **how},
    )  # fmt: skip


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as session:
        found = session.execute(select(col(Enrollment.external_id), col(Enrollment.state)).order_by(col(Enrollment.id)))
        return {str(external_id): state.value for external_id, state in found}


def absent(report: ImportReport) -> list[tuple[str, bool, bool]]:
    return [(one.external_id, one.is_of_its_days, one.moved_to is not None) for one in report.absent]


def test_a_visit_that_is_not_in_the_next_file_of_its_day_is_asked_about_and_ended_only_by_choice(
    engine: Engine,
) -> None:
    take(engine, ANA, JO, EVA)
    report = take(engine, ANA)
    assert [("V2", True, False)] == absent(report)  # the file does not cover Eva's day
    assert {"V1": "booked", "V2": "booked", "V3": "booked"} == states(engine)
    report = take(engine, ANA, end=lambda one: one.is_of_its_days)
    assert (1, {"V1": "booked", "V2": "cancelled", "V3": "booked"}) == (report.ended, states(engine))
    assert [] == absent(take(engine, ANA))


def test_a_patient_booked_anew_under_another_id_is_shown_as_moved(engine: Engine) -> None:
    take(engine, ANA, JO)
    anew = ANA.replace("V1", "V9").replace("12-01", "12-02")
    assert [("V1", False, True)] == absent(take(engine, anew, dry_run=True))
    assert [("V1", True, True)] == absent(take(engine, anew, JO, dry_run=True))
    assert [] == absent(take(engine, ANA, JO, anew, dry_run=True))  # both stand in the file: a second visit


def test_nothing_is_absent_where_it_could_be_what_was_not_read_or_came_another_way(engine: Engine) -> None:
    take(engine, ANA, JO)
    assert [] == absent(take(engine, ANA, JO.replace("microneedling", "Something new")))  # refused, and there
    some = DESK.model_copy(update={"complete": False})
    assert [] == absent(take(engine, ANA, mapping=some))
    by_client = DESK.columns.model_copy(
        update={"id": DESK.columns.id.model_copy(update={"visit": None, "client": ("Client",)})}
    )
    unread = DESK.model_copy(update={"columns": by_client})
    assert [] == absent(take(engine, ANA, JO.replace("2026-12-01 10:00", "tomorrow"), mapping=unread))
    with writing(engine) as session:
        session.execute(update(Enrollment).values(mapping="another"))
    assert [] == absent(take(engine, EVA, ANA.replace("V1", "V8").replace("12-01", "12-04"), dry_run=True))


def test_a_clients_number_makes_a_new_enrollment_of_a_course_that_is_over(engine: Engine) -> None:
    mapping = find_mapping("mindbody", {}).mapping
    head = "Date,Time,Client ID,Client,Service,Cell Phone,Staff,Status\n"

    def come(day: datetime) -> ImportReport:
        row = f'{day:%m/%d/%Y},9:00 AM,100217,"Diaz, Ana",Microneedling,212-555-0123,Dana,Booked\n'
        reader = FileReader("mindbody", mapping, protocols(), RULES, consent="signed form")
        return import_rows(
            engine, (head + row).encode(), protocols=protocols(), rules=RULES, by="Dana", read=reader.rows,
            visits=reader.visits, now=day - timedelta(hours=1),
        )  # fmt: skip

    first = datetime.fromisoformat("2026-12-01T09:00-05:00")
    come(first)
    with writing(engine) as session:
        session.execute(update(Enrollment).values(state=EnrollmentState.CANCELLED))
    report = come(first + timedelta(days=90))
    assert ([], 2) == (report.faults, len(states(engine)))


def test_an_older_file_that_comes_late_undoes_nothing_that_a_newer_one_has_said(engine: Engine) -> None:
    monday, moved = NOW - timedelta(days=1), ANA.replace("09:00", "11:00")
    take(engine, moved, said_at=NOW)
    take(engine, ANA, said_at=monday)
    assert [] == absent(take(engine, JO, said_at=monday))
    take(engine, moved.replace("11:00", "12:00"), said_at=NOW + timedelta(hours=1), now=NOW + timedelta(hours=2))
    take(engine, moved, said_at=NOW, now=NOW + timedelta(hours=3))
    with reading(engine) as session:
        first = session.scalars(select(col(Enrollment.appointment_at)).order_by(col(Enrollment.id))).first()
    assert datetime.fromisoformat("2026-12-01T12:00-05:00") == first
