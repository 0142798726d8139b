"""Several patients on one number: what is shown is what is planned, and what is planned leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Enrollment, Message
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change, Hold, Resume
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.preview import Preview, preview
from notifier.enrollments.requests import EnrollRequest
from notifier.sending.decide import Send
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from tests.setups.clinic import ANA, ClinicSetup

PLANNED, EXPIRED = MessageState.PLANNED, MessageState.EXPIRED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NO_PLACE = "no place: Fri Mar 6 had enough texts; tell the patient in person"
EVA, ZOE = "Eva Ruiz", "Zoe Ruiz"


def look(clinic: ClinicSetup, **values: object) -> Preview:
    asked = {
        "name": "Zoe Ruiz", "phone": ANA, "protocol": "plain", "consent": "signed", "treated_at": clinic.now, **values
    }  # fmt: skip
    with reading(clinic.engine) as session:
        return preview(
            session, EnrollRequest(**asked), protocols=clinic.protocols, rules=clinic.rules, now=clinic.now  # type: ignore[arg-type]  # a table's values
        )  # fmt: skip


def leave(clinic: ClinicSetup) -> int:
    """Every planned text, at its moment, meets the check of the sending worker; how many have left."""
    sent = 0
    while planned := _next(clinic):
        message, due = planned
        with reading(clinic.engine) as session:
            found = select(*DECIDED_BY).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
            row = Due.of(session.execute(found.where(col(Message.id) == message.id)).one())
            facts = FactsOfBatch.of(
                session, [row], window=clinic.rules.window, staffed=None, offices=clinic.rules.offices, most=2, now=due
            )
            decision = facts.decide(row, due)
        assert isinstance(decision, Send), (message.enrollment_id, message.step, due, decision)
        clinic.send(message, due)
        sent += 1
    return sent


def _next(clinic: ClinicSetup) -> tuple[Message, datetime] | None:
    with reading(clinic.engine) as session:
        waiting = select(Message).where(col(Message.state) == PLANNED).order_by(col(Message.due_at), col(Message.id))
        message = session.scalars(waiting.limit(1)).first()
    return None if message is None or message.due_at is None else (message, message.due_at)


def test_the_third_patient_of_a_day_hears_the_rules_all_the_same_an_hour_later(clinic: ClinicSetup) -> None:
    """A mother and two daughters: two texts may leave that day, and the rules of the third leave, too."""
    first, second = clinic.enroll(), clinic.enroll(name=EVA)
    shown = look(clinic)
    third = clinic.enroll(name=ZOE)
    hours = [clinic.texts(one.enrollment)["today"].due_at for one in (first, second, third)]
    assert [clinic.now + n * HOUR for n in (1, 2, 3)] == hours
    assert third.warnings == shown.warnings
    assert shown.plan is not None
    assert shown.plan.timeline.messages == third.plan.timeline.messages
    assert 9 == leave(clinic)


def test_the_preview_knows_the_number_before_the_name(clinic: ClinicSetup) -> None:
    clinic.enroll()
    clinic.enroll(name=EVA)
    for asked, hour in (({"name": ""}, 3), ({"phone": ""}, 1)):
        plan = look(clinic, **asked).plan
        assert plan is not None
        assert clinic.now + hour * HOUR == plan.timeline.messages[0].due_at


def test_a_newer_restriction_takes_the_day_of_older_lifts_and_staff_hear_it(clinic: ClinicSetup) -> None:
    """On Saturday two lifts are due; a patient treated that morning goes before the one that was planned last."""
    first = clinic.enroll()
    second = clinic.enroll(at=clinic.now + MINUTE, name=EVA)
    for one in (first, second):
        clinic.send(clinic.texts(one.enrollment)["today"], clinic.now + HOUR)
    saturday = clinic.now + DAY - 4 * HOUR
    shown = look(clinic, treated_at=saturday)
    third = clinic.enroll(at=saturday, now=saturday, name=ZOE)
    said = f"enrollment {second.enrollment}: “makeup again” has moved later: Sat Mar 7 had enough texts"
    assert said in third.warnings
    assert shown.warnings  # the treatment lies ahead of the preview's clock, and the sentence is there all the same
    lift = clinic.texts(second.enrollment)["makeup-again"]
    assert (PLANNED, "Clinic: makeup has been fine since yesterday.") == (lift.state, lift.text.removeprefix("Eva: "))


@pytest.mark.parametrize("zone", ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"])
def test_everything_that_is_planned_leaves_whosever_clock_it_is_on(clinic: ClinicSetup, zone: str) -> None:
    for number in range(4):
        at = clinic.now + number * 5 * HOUR
        clinic.enroll(name=f"Patient {'ABCD'[number]}", at=at, now=at, timezone=zone if number % 2 else None)
    assert leave(clinic) >= 4


def test_a_change_and_a_hold_keep_what_is_planned_true(clinic: ClinicSetup) -> None:
    numbers = [clinic.enroll(name=name, at=clinic.now).enrollment for name in ("Ana Ruiz", "Eva Ruiz", "Zoe Ruiz")]
    told = {"rules": clinic.rules, "now": clinic.now, "by": "desk"}
    clinic.act(apply, numbers[0], Hold("she is unsure"), rules=clinic.rules, now=clinic.now, by="desk")
    clinic.act(apply, numbers[1], Change(ChangeRequest(treated_at=clinic.now - 2 * HOUR)), **told)
    clinic.act(apply, numbers[0], Resume(), **told)
    assert 9 == leave(clinic)


def test_what_left_today_for_somebody_who_is_elsewhere_now_counts(clinic: ClinicSetup) -> None:
    """The sending check counts what left for a number, whoever has it now; so does the plan."""
    for name in ("Ana Ruiz", "Eva Ruiz"):
        enrollment = clinic.enroll(name=name).enrollment
        clinic.send(clinic.texts(enrollment)["today"], clinic.now + HOUR)
        changes = ChangeRequest(phone="+12125550177")
        clinic.act(apply, enrollment, Change(changes), rules=clinic.rules, now=clinic.now + HOUR, by="desk")
    third = clinic.enroll(at=clinic.now + HOUR / 2, now=clinic.now + HOUR, name=ZOE)
    assert clinic.now + 2 * HOUR == clinic.texts(third.enrollment)["today"].due_at
