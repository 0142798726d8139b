"""What is cancelled at once, on its own day, leaves no trace in the texts of the others on its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.commands import Cancel
from notifier.enrollments.lifecycle import apply
from schedules.protocol import CareProtocol
from schedules.wording import Voice
from tests.enrollments.test_nothing_twice import fresh
from tests.setups.clinic import ANA, BOB, ClinicSetup

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Visit:
    """One enrollment of this Friday, which is made at 14:10."""

    name: str = "Ana Ruiz"
    protocol: str = "plain"
    minutes_ago: int = 0
    """Below 0 it is booked."""
    separate_areas: bool = False
    rebook_consent: bool = True

    def enroll(self, clinic: ClinicSetup, phone: str) -> int:
        at = clinic.now - self.minutes_ago * MINUTE
        values: dict[str, Any] = {"at": at} if self.minutes_ago >= 0 else {"appointment_at": at}
        for name in ("name", "protocol", "separate_areas", "rebook_consent"):
            values[name] = getattr(self, name)
        return clinic.enroll(phone=phone, second=True, **values).enrollment


VISITS = st.builds(
    Visit,
    st.sampled_from(["Ana Ruiz", "Bob Ruiz"]),
    st.sampled_from(["plain", "makeup-only"]),
    st.integers(-9 * 60, 13 * 60),
    st.booleans(),
    st.booleans(),
)
WRONG_FIRST = [Visit(protocol="makeup-only"), Visit(minutes_ago=60)]
WRONG_LAST = [Visit(minutes_ago=60), Visit(protocol="makeup-only")]
A_FULL_DAY = [Visit(), Visit("Bob Ruiz"), Visit("Bob Ruiz", "makeup-only", separate_areas=True)]
BOOKED = [Visit(minutes_ago=30), Visit(minutes_ago=-60)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VISITS, min_size=2, max_size=3), st.data())
def test_the_others_hear_what_they_would_have_heard(
    sqlite_template: Path, protocols: dict[str, CareProtocol], now: datetime, visits: list[Visit], data: st.DataObject
) -> None:
    rules = PlanningRules(Voice("Clinic", "+1 212 555 0100"), "America/New_York", must_be_approved=False)
    wrong = data.draw(st.integers(0, len(visits) - 1))
    with fresh(sqlite_template) as engine:
        check(ClinicSetup(engine, protocols, rules, now), visits, wrong)


@pytest.mark.parametrize(
    ("visits", "wrong"), [(WRONG_FIRST, 0), (WRONG_LAST, 1), (A_FULL_DAY, 0), (A_FULL_DAY, 1), (BOOKED, 1)]
)
def test_on_both_databases(clinic: ClinicSetup, visits: list[Visit], wrong: int) -> None:
    check(clinic, visits, wrong)


def check(clinic: ClinicSetup, visits: Sequence[Visit], wrong: int) -> None:
    """All are enrolled on Ana's number and one is cancelled; on Bob's it has never been."""
    enrolled = [one.enroll(clinic, ANA) for one in visits]
    clinic.act(apply, enrolled.pop(wrong), Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
    never = [one.enroll(clinic, BOB) for number, one in enumerate(visits) if number != wrong]
    for whose, as_if in zip(enrolled, never, strict=True):
        assert to_come(clinic, as_if) == to_come(clinic, whose)


def to_come(clinic: ClinicSetup, enrollment: int) -> set[tuple[object, ...]]:
    """What will leave; and the steps that staff are asked to say instead, whose words nobody reads."""
    return {
        (row.step, row.due_at, row.text, row.late_text, row.nominal_at, row.expires_at, *(row.notes or ()))
        if row.state is MessageState.PLANNED
        else (row.step, row.state)
        for row in clinic.texts(enrollment).values()
        if row.state in (MessageState.PLANNED, MessageState.EXPIRED)
    }
