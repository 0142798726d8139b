"""Told, then lifted, in whatever order things happen: the real engine, some days of one patient, and what she read."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from notifier.db import outbox
from notifier.db.engine import reading
from notifier.db.tables import Enrollment, Message
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import RUNNING, MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change, Hold, InformInPerson, Resume
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.replan import replan
from notifier.numbers.opt_outs import is_opted_out, opt_in, opt_out
from notifier.sending.decide import Send, Wait
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from schedules.catalogue import shipped
from schedules.wording import Voice
from tests.enrollments.test_nothing_twice import fresh
from tests.setups.clinic import ANA, BOB, ClinicSetup

S = MessageState
HOUR, WEEKS = timedelta(hours=1), timedelta(days=8)
EVENTS = ("stop", "start", "bob", "ana", "hold", "resume", "said", "card", "earlier")
ARRIVES = (S.DELIVERED, S.DELIVERED, S.UNDELIVERED, S.UNKNOWN)
HAS_TOLD = {S.ACCEPTED, S.SENT, S.DELIVERED}


class Patient:
    """One patient's days: what was sent to whom, and what was known then."""

    def __init__(self, clinic: ClinicSetup, whose: int, arrives: list[MessageState]) -> None:
        self.clinic, self.whose, self.arrives = clinic, whose, arrives
        self.sent: list[tuple[str, str]] = []
        self.left: dict[int | None, datetime] = {}
        self.learnt: dict[str, datetime] = {}

    def rows(self) -> list[Message]:
        with reading(self.clinic.engine) as session:
            found = select(Message).where(col(Message.enrollment_id) == self.whose, col(Message.kind) != "first")
            return list(session.scalars(found.order_by(col(Message.due_at), col(Message.id))))

    def stored(self) -> Enrollment:
        with reading(self.clinic.engine) as session:
            return session.get_one(Enrollment, self.whose)

    def happens(self, event: str, at: datetime) -> None:
        phone, told = self.stored().phone, {"rules": self.clinic.rules, "now": at, "by": "desk"}
        is_held = self.stored().state == "held"
        match event:
            case "stop":
                self.clinic.act(opt_out, phone, source="keyword", at=at, by="patient")
            case "start":
                self.clinic.act(opt_in, phone, at=at, by="patient")
            case "bob" | "ana":
                what: Any = Change(ChangeRequest(phone=BOB if event == "bob" else ANA))
                self.clinic.act(apply, self.whose, what, **told)
            case "hold" if not is_held:
                self.clinic.act(apply, self.whose, Hold(), **told)
            case "resume" if is_held:
                self.clinic.act(apply, self.whose, Resume(), **told)
            case "said" | "card":
                how = {"said": "yes", "card": "card"}[event]
                self.clinic.act(apply, self.whose, InformInPerson((), how), **told)
            case "earlier":
                treated_at = self.stored().treated_at
                assert treated_at is not None
                self.clinic.act(apply, self.whose, Change(ChangeRequest(treated_at=treated_at - 5 * HOUR)), **told)

    def follow(self, at: datetime) -> None:
        for _ in range(20):
            if not self.clinic.act(replan, self.clinic.rules, at):
                return
        raise AssertionError("planning anew never comes to an end")

    def leave(self, at: datetime) -> None:
        for row in self.rows():
            if row.state is S.UNKNOWN:
                self.clinic.act(outbox.move, row.id, seen=S.UNKNOWN, to=S.ACCEPTED, at=at, by="test", why=None)
        while due := [one for one in self.rows() if one.state is S.PLANNED and one.due_at and one.due_at <= at]:
            self._decide(due[0], at)
            self.follow(at)
        for row in self.rows():
            if row.kind == "restrict" and row.state in HAS_TOLD and row.phone == self.stored().phone:
                for topic in row.topics or ():  # read when it left, though the answer was lost
                    self.learnt.setdefault(topic, self.left.get(row.id, at))
        for topic in self.stored().informed or {}:
            self.learnt.setdefault(topic, at)

    def _decide(self, message: Message, at: datetime) -> None:
        with reading(self.clinic.engine) as session:
            found = select(*DECIDED_BY).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
            row = Due.of(session.execute(found.where(col(Message.id) == message.id)).one())
            facts = FactsOfBatch.of(
                session, [row], window=self.clinic.rules.window, staffed=None, offices={}, most=2, now=at
            )
            decision = facts.decide(row, at)
        match decision:
            case Send():
                self._send(message, at)
            case Wait(until):
                values = {"due_at": max(until, at + timedelta(minutes=1)), "reason": decision.why}
                self.clinic.act(outbox.rewrite, message.id, at=at, by="test", why="waits", **values)
            case _:
                self.clinic.act(
                    outbox.move, message.id, seen=S.PLANNED, to=decision.to, at=at, by="test", why=decision.why
                )

    def _send(self, message: Message, at: datetime) -> None:
        assert 8 <= self.clinic.local(at).hour < 21
        assert message.not_before <= at
        assert (message.phone, message.text) not in self.sent, "twice"
        if message.kind == "lift":
            now_known = {
                topic
                for row in self.rows()
                if row.kind == "restrict" and row.state in HAS_TOLD and row.phone == message.phone
                for topic in row.topics or ()
            } | (self.stored().informed or {}).keys()
            assert set(message.topics) <= now_known, f"{message.step} lifts what nobody told"
        self.sent.append((message.phone, message.text))
        self.left[message.id] = at
        to = self.arrives.pop() if self.arrives else S.DELIVERED
        self.clinic.send(message, at, to=S.ACCEPTED if to is S.UNDELIVERED else to)
        if to is S.UNDELIVERED:
            self.clinic.act(outbox.move, message.id, seen=S.ACCEPTED, to=to, at=at, by="twilio", why="switched off")

    def somebody_is_asked(self) -> set[str]:
        listed = (S.EXPIRED, S.UNDELIVERED, S.FAILED, S.CANCELLED)
        asked = [row for row in self.rows() if row.kind in ("restrict", "lift") and row.state in listed]
        return {topic for row in asked for topic in row.topics or ()}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    protocol=st.sampled_from(sorted(shipped())),
    hours_ago=st.integers(0, 40),
    language=st.sampled_from(["en", "es"]),
    events=st.lists(st.tuples(st.integers(0, 90), st.sampled_from(EVENTS)), max_size=5),
    arrives=st.lists(st.sampled_from(ARRIVES), max_size=8),
)
@example(
    "microneedling-week",
    32,
    "es",
    [(65, "card"), (56, "start"), (34, "stop"), (33, "bob"), (2, "stop")],
    [S.DELIVERED, S.UNDELIVERED] * 2,
)
@example("microneedling", 24, "en", [], [S.UNKNOWN])
def test_every_rule_is_told_while_it_holds_or_a_person_is_asked_and_no_untold_one_is_lifted(
    sqlite_template: Path,
    now: datetime,
    protocol: str,
    hours_ago: int,
    language: str,
    events: list[tuple[int, str]],
    arrives: list[MessageState],
) -> None:
    rules = PlanningRules(Voice("Clinic", "+1 212 555 0100"), "America/New_York", must_be_approved=False)
    with fresh(sqlite_template) as engine:
        clinic = ClinicSetup(engine, shipped(), rules, now)
        first = clinic.enroll(protocol=protocol, language=language, at=now - hours_ago * HOUR)
        patient = Patient(clinic, first.enrollment, list(arrives))
        clock, to_come = now, sorted((now + hours * HOUR, event) for hours, event in events)
        while clock < now + WEEKS:
            while to_come and to_come[0][0] <= clock:
                patient.happens(to_come.pop(0)[1], clock)
            patient.follow(clock)
            patient.leave(clock)
            moments = [row.due_at for row in patient.rows() if row.state is S.PLANNED and row.due_at]
            then = min([one for one in (*moments, *(at for at, _ in to_come)) if one > clock], default=now + WEEKS)
            clock = max(then, clock + HOUR)
        check_told(clinic, patient, first.plan.timeline.restrictions)


def check_told(clinic: ClinicSetup, patient: Patient, ends: tuple[tuple[str, datetime], ...]) -> None:
    stored = patient.stored()
    with reading(clinic.engine) as session:
        silent = is_opted_out(session, stored.phone) is not None or stored.state not in RUNNING - {"held"}
    for topic, end in ends:
        is_told = topic in patient.learnt and patient.learnt[topic] <= end
        had_no_time = end - clinic.now < 26 * HOUR  # 12 hours at the next opening, which is 14 hours away at most
        assert is_told or silent or had_no_time or topic in patient.somebody_is_asked(), topic
