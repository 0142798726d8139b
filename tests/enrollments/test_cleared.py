"""A gate: what it lifts waits until staff say that it is cleared, and is never said before, nor before its length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.db.engine import reading
from notifier.db.events import of_enrollment
from notifier.db.outbox import next_due
from notifier.domain.planning.number_plan import plan_for
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.commands import Cancel, Change, Cleared
from notifier.enrollments.effect import Effect
from notifier.enrollments.lifecycle import apply
from notifier.numbers.opt_outs import opt_in, opt_out
from notifier.oversight.alerts.task_alerts import lifts_to_alert
from notifier.oversight.explain import explain
from notifier.tasks.pieces import all_tasks, task_json
from schedules.catalogue import parse_protocol
from schedules.protocol import CareProtocol
from schedules.wording import Voice
from tests.setups.clinic import ANA, ClinicSetup, of, other

PLANNED, SUPPRESSED = MessageState.PLANNED, MessageState.SUPPRESSED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GATED = """
title = "Gated"
source = "Made for tests."
restrictions = { makeup = { days = 3, until = "cleared" } }
steps = [
 { key = "today", topics = ["makeup"], at = { minutes = 10 }, text.en = "{clinic}: no makeup until we tell you." },
 { key = "makeup-again", lifts = ["makeup"], stale_after = { days = 2 }, text.en = "{clinic}: makeup is fine again." },
]
"""
LENGTHS = """
title = "Says lengths"
source = "Made for tests."
restrictions = { makeup = { days = 2 } }
steps = [
 { key = "today", topics = ["makeup"], at = { minutes = 10 }, text.en = "{clinic}: no makeup until {makeup.until}." },
 { key = "wash", kind = "care", at = { hours = 20 }, stale_after = { hours = 9 }, text.en = "Wash {makeup.length}." },
 { key = "makeup-again", lifts = ["makeup"], stale_after = { days = 2 }, text.en = "{clinic}: makeup is fine again." },
]
"""
OWN = {name: parse_protocol(name, text) for name, text in (("gated", GATED), ("lengths", LENGTHS))}


@pytest.fixture(scope="session")
def protocols(protocols: dict[str, CareProtocol]) -> Mapping[str, CareProtocol]:
    return protocols | OWN


def do(clinic: ClinicSetup, whose: int, command: Command, now: datetime) -> Effect:
    done = clinic.act(apply, whose, command, rules=clinic.rules, now=now, by="staff:Dana")
    assert isinstance(done, Effect)
    return done


def lift(clinic: ClinicSetup, whose: int) -> tuple[MessageState, datetime | None]:
    text = clinic.texts(whose)["makeup-again"]
    return text.state, text.due_at


def told(clinic: ClinicSetup, whose: int) -> None:
    clinic.send(clinic.texts(whose)["today"], clinic.now + HOUR)


def test_a_lift_waits_for_its_gate_and_leaves_once_it_is_cleared(clinic: ClinicSetup) -> None:
    whose = clinic.enroll(protocol="gated").enrollment
    told(clinic, whose)
    waits, over = (PLANNED, None), clinic.now + 3 * DAY
    with reading(clinic.engine) as session:
        why = explain(session, clinic.texts(whose)["makeup-again"].id or 0, rules=clinic.rules)
        assert "it leaves once staff mark makeup as cleared, and never before the length is over." in why[-4]
        assert [f"To mark it: notifier cleared {whose} makeup", "It is planned."] == why[-2:]
        assert (waits, None, []) == (lift(clinic, whose), next_due(session), all_tasks(session, over - HOUR, limit=9))
        (task,) = all_tasks(session, over, limit=9)
        assert ("to be cleared", over, "makeup-again") == (task.what, task.since, task_json(task)["step"])
        assert () == lifts_to_alert(session, over + HOUR, (), limit=9)
        assert [whose] == [one.enrollment for one in lifts_to_alert(session, over + 26 * HOUR, (), limit=9)]
    now = over + 2 * DAY
    done = do(clinic, whose, Cleared("makeup"), now)
    assert [("makeup-again", now)] == [(one.step, one.due_at) for one in of(done, "moved")]
    assert ({}, {"makeup": now.isoformat()}) == (done.before["cleared"], done.after["cleared"])
    assert do(clinic, whose, Cleared("makeup"), now + HOUR).already
    taken_back = do(clinic, whose, Cleared("makeup", take_back=True), now + HOUR)
    assert (["waits"], waits) == ([one.words for one in taken_back.texts], lift(clinic, whose))
    do(clinic, whose, Cleared("makeup", now), now + 2 * HOUR)
    assert (PLANNED, now + 2 * HOUR) == lift(clinic, whose)
    assert ["late: it had been cleared before this"] == list(clinic.texts(whose)["makeup-again"].notes)
    with reading(clinic.engine) as session:
        why = explain(session, clinic.texts(whose)["makeup-again"].id or 0, rules=clinic.rules)
    assert "Staff marked makeup as cleared since Wed Mar 11 2026, 3:10 PM." in why
    clinic.send(clinic.texts(whose)["makeup-again"], now + 2 * HOUR)
    with pytest.raises(Refused, match=r"“makeup again” has left .* call the patient; it cannot be taken back here"):
        do(clinic, whose, Cleared("makeup", take_back=True), now + 3 * HOUR)
    with reading(clinic.engine) as session:
        said = [(one.by, one.at, one.why) for one in of_enrollment(session, whose) if one.what == "cleared"]
    assert said == [
        ("staff:Dana", now, "cleared: makeup"),
        ("staff:Dana", now + HOUR, "not cleared after all: makeup"),
        ("staff:Dana", now + 2 * HOUR, "cleared: makeup"),
    ]


def test_cleared_before_its_length_it_waits_for_that_and_a_later_treatment_closes_it_again(clinic: ClinicSetup) -> None:
    whose = clinic.enroll(protocol="gated").enrollment
    do(clinic, whose, Cleared("makeup"), clinic.now + HOUR)
    assert (PLANNED, clinic.now + 3 * DAY) == lift(clinic, whose)
    do(clinic, whose, Change(ChangeRequest(treated_at=clinic.now + 2 * HOUR)), clinic.now + 3 * HOUR)
    assert (PLANNED, None) == lift(clinic, whose)


def test_what_cannot_be_cleared_is_refused_in_a_sentence(clinic: ClinicSetup) -> None:
    gated, plain = clinic.enroll(protocol="gated").enrollment, clinic.enroll(phone="+12125550177").enrollment
    booked = clinic.enroll(protocol="gated", phone="+12125550178", appointment_at=clinic.now + DAY).enrollment
    ended = clinic.enroll(protocol="gated", phone="+12125550179").enrollment
    do(clinic, ended, Cancel(), clinic.now)
    for whose, command, why in (
        (plain, Cleared("makeup"), "makeup ends by itself (24 hours), so nobody clears it"),
        (gated, Cleared("sun"), '"sun" is no restriction of gated; say makeup'),
        (gated, Cleared("makeup", clinic.now + 2 * HOUR), "lies in the future; say when makeup was cleared"),
        (gated, Cleared("makeup", clinic.now - HOUR), "is before the treatment, which ended"),
        (gated, Cleared("makeup", take_back=True), "makeup is not marked as cleared"),
        (booked, Cleared("makeup"), "the patient is not treated yet"),
        (ended, Cleared("makeup"), "which was cancelled"),
    ):
        with pytest.raises(Refused) as refused:
            do(clinic, whose, command, clinic.now + HOUR)
        assert why in str(refused.value)


def test_a_newer_lift_waits_for_the_earlier_gate_which_is_cleared_at_the_newer_treatment(clinic: ClinicSetup) -> None:
    """Also where the earlier enrollment has ended: its skin was treated all the same."""
    first = clinic.enroll(protocol="gated").enrollment
    now = clinic.now + DAY
    second = clinic.enroll(protocol="plain", at=now, now=now).enrollment
    notes = ["waits until cleared", "waits for the restrictions of the treatment on Fri Mar 6"]
    assert ((PLANNED, None), notes) == (lift(clinic, second), list(clinic.texts(second)["makeup-again"].notes))
    do(clinic, first, Cancel(), now)
    do(clinic, second, Cleared("makeup"), now + HOUR)
    assert (PLANNED, clinic.now + 3 * DAY) == lift(clinic, second)


def test_a_newer_gate_withholds_what_the_earlier_treatment_would_say_of_its_end(clinic: ClinicSetup) -> None:
    first = clinic.enroll(protocol="lengths").enrollment
    second = clinic.enroll(protocol="gated", at=clinic.now + HOUR, now=clinic.now + HOUR)
    gone = {one.step: one.why for one in of(other(second.effect, first), "withdrawn")}
    assert "the newer treatment's own text covers it (treated on Fri Mar 6)" == gone["makeup-again"]
    assert 'makeup holds until cleared since the treatment on Fri Mar 6, and "wash" says how long' in gone["wash"]
    again = clinic.enroll(protocol="lengths", at=clinic.now + DAY, now=clinic.now + DAY)
    assert {"wash"} == {one.step for one in again.plan.withheld}
    assert "no makeup until we tell you" in clinic.texts(again.enrollment)["today"].text


def test_what_waits_when_the_patient_says_stop_waits_again_after_start(clinic: ClinicSetup) -> None:
    whose = clinic.enroll(protocol="gated").enrollment
    later = clinic.now + 9 * DAY
    clinic.act(opt_out, ANA, source="inbound", at=clinic.now, by="patient")
    assert (SUPPRESSED, None) == lift(clinic, whose)
    clinic.act(opt_in, ANA, at=later, by="patient")
    assert (PLANNED, None) == lift(clinic, whose)


_RULES = PlanningRules(Voice("Clinic", "+1 212 555 0100"), "America/New_York", must_be_approved=False)
_NOW = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
_HOURS = st.integers(0, 120)


@settings(max_examples=80, deadline=None)
@given(
    names=st.tuples(*[st.sampled_from(["gated", "lengths"])] * 2),
    apart=st.integers(1, 90),
    cleared=st.tuples(*[st.one_of(st.none(), _HOURS)] * 2),
    planned=_HOURS,
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_no_lift_is_early_over_the_gates_of_two_treatments(
    names: tuple[str, ...], apart: int, cleared: tuple[int | None, ...], planned: int, zone: str
) -> None:
    """What a person said at the newer treatment opens the earlier one's gate too; nothing else does but its own."""
    starts = (_NOW, _NOW + apart * HOUR)
    opened = [start + hours * HOUR if hours is not None else None for start, hours in zip(starts, cleared, strict=True)]
    first, second = (
        EnrollmentFacts(
            enrollment=number, protocol=OWN[name], phone=ANA, first_name="Ana", folded_name="ana ruiz", timezone=zone,
            language="en", answers={}, rebook_consent=None, separate_areas=False, state=EnrollmentState.ACTIVE,
            treated_at=start, appointment_at=None, cleared={"makeup": at.isoformat()} if at else {},
        )
        for number, name, start, at in zip((1, 2), names, starts, opened, strict=True)
    )  # fmt: skip
    own = replace(_RULES, timezone=zone)
    for facts, beside in ((first, ()), (second, (first,)), (first, (second,))):
        for text in plan_for(facts, beside, own, enrolled_at=starts[1] + planned * HOUR).timeline.messages:
            if text.kind != "lift" or text.due_at is None:
                continue
            for one in (facts, *beside):
                assert one.treated_at is not None
                assert text.due_at >= one.treated_at + (3 * DAY if one.protocol.id == "gated" else 2 * DAY)
                if one.protocol.id == "gated":
                    marks = [at for at, of_it in zip(opened, (first, second), strict=True) if at and of_it is one]
                    marks += [opened[1]] if one is first and facts is second and opened[1] else []
                    assert marks
                    assert text.due_at >= min(marks)
