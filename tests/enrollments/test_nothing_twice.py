"""Whatever staff change and whatever is sent between: no step is said twice, and no lift is planned too early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from notifier.db import outbox
from notifier.db.engine import open_engine, reading
from notifier.db.tables import Message
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules, concerns, is_newer
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING, SAID, MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change, Hold, Resume
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.plans import enrollments_on, facts_of
from notifier.numbers.release import opt_out_by_staff, release
from schedules.moments import Moments
from schedules.protocol import CareProtocol, StepKind
from schedules.wording import Voice
from tests.setups.clinic import ANA, BOB, ClinicSetup

HOUR = timedelta(hours=1)
CHANGES = st.one_of(
    st.builds(lambda hours: ("treated_at", hours), st.integers(-30, 0)),
    st.sampled_from([("phone", ANA), ("phone", BOB), ("name", "Ana Ruiz"), ("name", "Anna Ruiz")]),
    st.sampled_from([("timezone", "America/New_York"), ("timezone", "Pacific/Guam"), ("timezone", "America/Denver")]),
    st.sampled_from([("protocol", "plain"), ("protocol", "makeup-only")]),
    st.sampled_from([("answers", {"shaves": "yes"}), ("answers", {"shaves": "no"})]),
    st.sampled_from([("rebook_consent", True), ("rebook_consent", False)]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), CHANGES),
        st.tuples(st.just("enroll"), st.tuples(st.sampled_from(["plain", "makeup-only"]), st.booleans())),
        st.tuples(st.just("wait"), st.integers(1, 60)),
        st.tuples(st.just("send"), st.sampled_from(["delivered", "unknown", "failed", "attempting"])),
        st.tuples(st.just("cancel"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["hold", "resume", "opt_out", "release"]), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_no_step_is_said_twice_and_no_lift_is_early(
    sqlite_template: Path, protocols: dict[str, CareProtocol], now: datetime, moves: list[tuple[str, Any]]
) -> None:
    rules = PlanningRules(Voice("Clinic", "+1 212 555 0100"), "America/New_York", must_be_approved=False)
    with fresh(sqlite_template) as engine:
        clinic = ClinicSetup(engine, protocols, rules, now)
        enrollment = clinic.enroll(protocol="makeup-only", rebook_consent=True).enrollment
        for what, how in moves:
            clinic = replace(clinic, now=clinic.now + HOUR)
            with suppress(Refused):
                clinic = move(clinic, enrollment, what, how)
            check(clinic)


@contextmanager
def fresh(template: Path) -> Iterator[Engine]:
    with TemporaryDirectory() as place:
        copyfile(template, f"{place}/n.db")
        engine = open_engine(f"sqlite:///{place}/n.db")
        yield engine
        engine.dispose()


def move(clinic: ClinicSetup, enrollment: int, what: str, how: Any) -> ClinicSetup:
    told: dict[str, Any] = {"now": clinic.now, "by": "desk"}
    if what == "wait":
        return replace(clinic, now=clinic.now + how * HOUR)
    if what == "enroll":
        clinic.enroll(protocol=how[0], separate_areas=how[1], second=True)
    elif what == "send":
        send_what_is_due(clinic, MessageState(how))
    elif what == "change":
        clinic.act(apply, enrollment, Change(changes(clinic, *how)), rules=clinic.rules, **told)
    elif what == "cancel":
        clinic.act(apply, how, Cancel(), rules=clinic.rules, **told)
    elif what == "hold":
        clinic.act(apply, enrollment, Hold("so"), rules=clinic.rules, **told)
    elif what == "resume":
        clinic.act(apply, enrollment, Resume(), rules=clinic.rules, **told)
    elif what == "opt_out":
        clinic.act(opt_out_by_staff, ANA, **told)
    else:
        clinic.act(release, ANA, reconsent="form", **told)
    return clinic


def changes(clinic: ClinicSetup, field: str, value: Any) -> ChangeRequest:
    if field == "treated_at":
        value = clinic.now + value * HOUR
    elif field == "protocol":
        value = clinic.protocols[value]
    return ChangeRequest(**{field: value})


def send_what_is_due(clinic: ClinicSetup, state: MessageState) -> None:
    with reading(clinic.engine) as session:
        due = outbox.due(session, clinic.now, 2)
    for message in due:
        clinic.send(message, clinic.now, to=state)


def everything(clinic: ClinicSetup) -> tuple[list[EnrollmentFacts], list[Message]]:
    with reading(clinic.engine) as session:
        stored = enrollments_on(session, [ANA, BOB])
        return (
            [facts_of(session, one) for one in stored],
            [message for one in stored for message in outbox.messages_of(session, one.id or 0)],
        )


def check(clinic: ClinicSetup) -> None:
    company, messages = everything(clinic)
    said = Counter((m.enrollment_id, m.step) for m in messages if m.state in SAID)
    planned = Counter((m.enrollment_id, m.step) for m in messages if m.state is MessageState.PLANNED)
    assert [] == [key for key, count in (said + planned).items() if count > 1]
    by_id = {facts.enrollment: facts for facts in company}
    for message in messages:
        if message.kind == StepKind.LIFT and message.state in (MessageState.PLANNED, MessageState.SUPPRESSED):
            mine = by_id[message.enrollment_id or 0]
            if mine.state not in RUNNING:
                continue  # what was suppressed when the enrollment ended never leaves, so it follows nothing
            for facts in [mine, *(other for other in company if concerns(mine, other))]:
                ends = Moments.of(facts.protocol, facts.anchor, ZoneInfo(facts.timezone), facts.answers).ends
                assert all(message.due_at and message.due_at >= ends[t] for t in message.topics if t in ends)
                assert all(message.not_before >= ends[topic] for topic in message.topics if topic in ends)
                if facts.anchor.treated and is_newer(facts, mine):
                    assert set(message.topics) <= ends.keys(), "silence is not permission"
