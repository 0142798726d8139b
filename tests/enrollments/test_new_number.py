"""A new number for a patient with several treatments, some of which may stand on it already."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import writing
from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change
from notifier.enrollments.enroll import enroll
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.requests import EnrollRequest
from schedules.protocol import CareProtocol
from tests.setups.clinic import ANA, BOB, ClinicSetup

DAY = timedelta(days=1)


class Treatment(NamedTuple):
    """One of the patient's, beside the one that is changed."""

    protocol: str
    days_ago: int
    runs: bool


TREATMENTS = [
    *(Treatment(protocol, days_ago, runs=True) for protocol in ("plain", "makeup-only") for days_ago in (0, 1)),
    Treatment("plain", 0, runs=False),
    Treatment("plain", 1, runs=False),
]


def _enroll(session: Session, clinic: ClinicSetup, phone: str, one: Treatment, *, second: bool = False) -> int:
    request = EnrollRequest(
        name="Ana Ruiz", phone=phone, protocol=one.protocol, consent="signed", second=second,
        treated_at=clinic.now - one.days_ago * DAY,
    )  # fmt: skip
    rules, now = clinic.rules, clinic.now
    made = enroll(session, request, protocols=clinic.protocols, rules=rules, now=now, by="desk").enrollment
    if not one.runs:
        apply(session, made, Cancel(), rules=rules, now=now, by="desk")
    return made


def _change(session: Session, clinic: ClinicSetup, whose: int, command: Change) -> str | None:
    """Do what was shown; why not, where it is refused."""
    try:
        shown = preview(session, whose, command, rules=clinic.rules, now=clinic.now)
        done = apply(session, whose, command, rules=clinic.rules, now=clinic.now, by="desk")
    except Refused as why:
        return str(why)
    assert shown == done
    session.flush()
    return None


def test_what_is_there_already_and_runs_is_refused_and_once_it_is_cancelled_all_of_it_moves(
    clinic: ClinicSetup,
) -> None:
    with writing(clinic.engine) as session:
        mine = _enroll(session, clinic, ANA, Treatment("plain", 0, runs=True))
        _enroll(session, clinic, ANA, Treatment("makeup-only", 1, runs=True))
        there = _enroll(session, clinic, BOB, Treatment("makeup-only", 1, runs=True))
        command = Change(ChangeRequest(phone=BOB))
        says = f"enrollment {there} is already this patient on makeup-only, 2026-03-05; cancel one of the two"
        assert says == _change(session, clinic, mine, command)
        apply(session, there, Cancel(), rules=clinic.rules, now=clinic.now, by="desk")
        assert None is _change(session, clinic, mine, command)
        assert {BOB} == set(session.scalars(select(col(Enrollment.phone))))


def test_a_new_number_is_done_or_refused_in_a_sentence_whatever_stands_on_it(
    sqlite_engine: Engine, protocols: dict[str, CareProtocol], rules: PlanningRules, now: datetime
) -> None:
    """Every pair of another treatment that moves along and one that is there already; every other with a new date."""
    clinic = ClinicSetup(sqlite_engine, protocols, rules, now)
    outcomes = Counter[bool]()
    for number, (moves, stands) in enumerate(product(TREATMENTS, TREATMENTS)):
        with writing(clinic.engine) as session:
            mine = _enroll(session, clinic, ANA, Treatment("plain", 0, runs=True))
            along = _enroll(session, clinic, ANA, moves, second=moves[:2] == ("plain", 0))
            there = _enroll(session, clinic, BOB, stands)
            at = now - DAY if number % 2 else None
            why = _change(session, clinic, mine, Change(ChangeRequest(phone=BOB, treated_at=at)))
            if why is None:
                rows = session.scalars(select(Enrollment).where(col(Enrollment.id).in_([mine, along, there]))).all()
                assert {BOB} == {row.phone for row in rows}
                assert 3 == len({(row.protocol, row.treated_on, row.ordinal) for row in rows})
            else:
                assert "is already this patient" in why
                assert stands.runs or moves.runs
            outcomes[why is None] += 1
            session.rollback()
    assert min(outcomes[True], outcomes[False]) >= 8, outcomes
