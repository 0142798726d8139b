"""The fields of the table: what only some of them do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change
from notifier.enrollments.fields import BY_NAME, FIELDS
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import EnrollRequest, check_request
from notifier.oversight.forecast import enrollments
from schedules.catalogue import parse_protocol, shipped
from schedules.placeholders import FACT_PLACEHOLDERS
from schedules.protocol import CareProtocol
from schedules.wording import Voice
from tests.setups.clinic import BOB, PLAIN, ClinicSetup

NAMED = PLAIN.replace("{clinic}: makeup is fine again.", "{clinic}: makeup is fine again. {provider}")
REQUEST = EnrollRequest(
    name="Ana Ruiz",
    phone="+12125550123",
    protocol="microneedling-regimen",
    consent="signed form",
    treated_at=datetime(2026, 3, 6, 19, tzinfo=UTC),
    answers={"shaves": "yes"},
    rebook_consent=True,
    external_id="A-1",
)


@pytest.fixture
def clinic(
    sqlite_engine: Engine, protocols: dict[str, CareProtocol], rules: PlanningRules, now: datetime
) -> ClinicSetup:
    return ClinicSetup(sqlite_engine, protocols, rules, now)


def change(clinic: ClinicSetup, enrollment: int, **values: object) -> None:
    request = Change(ChangeRequest(**values))  # type: ignore[arg-type]  # a test names its fields by word
    clinic.act(apply, enrollment, request, rules=clinic.rules, now=clinic.now, by="desk")


def test_a_row_imported_before_a_field_was_added_is_the_same_row_still() -> None:
    """Else the first import after an upgrade would undo what staff have changed since."""
    rules = PlanningRules(Voice("Glow", "555-0100"), "America/New_York")

    def digest(request: EnrollRequest) -> str:
        return check_request(request, shipped(), rules).digest()

    before = "32306c75a589346c"  # of the version without `second`, `separate_areas` and `provider` in a file
    assert before == digest(REQUEST)
    for given in ({"second": False}, {"separate_areas": True}, {"provider": "Dr. Kim"}):
        assert before != digest(replace(REQUEST, **given))


def test_a_text_names_who_treated_and_else_the_clinic(clinic: ClinicSetup) -> None:
    clinic = replace(clinic, protocols={"plain": parse_protocol("plain", NAMED)})

    def said(enrollment: int) -> str:
        return str(clinic.texts(enrollment)["makeup-again"].text)

    assert "Clinic: makeup is fine again. Clinic" == said(clinic.enroll(phone=BOB).enrollment)
    whose = clinic.enroll(provider="Dr. Kim").enrollment
    assert "Clinic: makeup is fine again. Dr. Kim" == said(whose)
    change(clinic, whose, provider="Dr. Lee")
    assert "Clinic: makeup is fine again. Dr. Lee" == said(whose)
    change(clinic, whose, provider="")
    assert "Clinic: makeup is fine again. Clinic" == said(whose)


def test_what_a_text_may_print_is_a_field_that_planning_sees_and_no_longer_than_check_counts() -> None:
    for name, longest in FACT_PLACEHOLDERS.items():
        assert name in EnrollmentFacts.__dataclass_fields__
        assert longest == BY_NAME[name].longest


def test_nothing_that_a_text_prints_can_be_more_than_a_name(clinic: ClinicSetup) -> None:
    for bad in ("kim.example", "{phone}", "Kim\x07", "K" * 41):
        with pytest.raises(Refused, match="provider") as refused:
            clinic.enroll(provider=bad)
        assert "provider" == refused.value.field


def test_a_treatment_moved_onto_the_day_of_another_is_a_second_one_where_staff_say_so(clinic: ClinicSetup) -> None:
    first = clinic.enroll(at=clinic.now - timedelta(hours=2)).enrollment
    later = clinic.enroll(at=clinic.now - timedelta(days=1)).enrollment
    with pytest.raises(Refused, match=f"enrollment {first} is already this patient"):
        change(clinic, later, treated_at=clinic.now)
    change(clinic, later, treated_at=clinic.now, second=True)
    with pytest.raises(Refused, match=f"enrollment {first} is already this patient"):
        change(clinic, later, second=False)


def test_an_external_id_stands_for_one_enrollment(clinic: ClinicSetup) -> None:
    first = clinic.enroll(external_id="A-1").enrollment
    other = clinic.enroll(phone=BOB).enrollment
    with pytest.raises(Refused, match=f"the id A-1 is enrollment {first} already"):
        change(clinic, other, external_id="A-1")
    change(clinic, first, external_id="")
    change(clinic, other, external_id="A-1")


def test_every_field_says_what_it_is_in_a_sentence_without_its_full_stop() -> None:
    for one in FIELDS:
        assert one.label
        assert one.help[0].isupper()
        assert not one.help.endswith(".")


def test_an_empty_cell_leaves_what_staff_wrote_down_and_a_no_takes_it_back(clinic: ClinicSetup) -> None:
    def imported(phone: str, cells: str) -> tuple[str | None, bool]:
        header = "external_id,name,phone,protocol,treated_at,consent,provider,separate_areas"
        row = f"A-1,Ana Ruiz,{phone},plain,2026-03-06T14:00,form,{cells}"
        report = import_rows(
            clinic.engine,
            f"{header}\n{row}".encode(),
            protocols=clinic.protocols,
            rules=clinic.rules,
            now=clinic.now,
            by="import",
        )
        assert ([], 1) == (report.faults, report.written)
        (one,) = clinic.act(enrollments)
        return one.provider, one.separate_areas

    assert ("Dr. Kim", True) == imported("+12125550101", "Dr. Kim,yes")
    assert ("Dr. Kim", True) == imported("+12125550102", ",")
    assert ("Dr. Lee", False) == imported("+12125550102", "Dr. Lee,no")


def test_the_same_external_id_with_other_consent_is_a_change(clinic: ClinicSetup) -> None:
    first = clinic.enroll(external_id="A-1")
    again = clinic.enroll(external_id="A-1")
    assert (first.enrollment, True) == (again.enrollment, again.already)
    with pytest.raises(Refused, match="with another rebook_consent; change that one"):
        clinic.enroll(external_id="A-1", rebook_consent=True)
