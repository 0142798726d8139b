"""The front desk: does what staff do, through the same stories as the command line, and says what it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from notifier.db.engine import reading, writing
from notifier.demo.cast import Sample
from notifier.demo.script import AnswerGiven, Enrolls, StaffAct, Treated, VisitMoved
from notifier.demo.why import hour
from notifier.domain.planning.difference import Difference, Entry
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.change import change, plan_change
from notifier.enrollments.enroll import enroll
from notifier.enrollments.requests import ChangeRequest, EnrollRequest
from notifier.enrollments.treated import treated
from schedules.catalogue import shipped
from schedules.saying import say_moment

_BY = "front desk"


@dataclass(frozen=True, slots=True)
class Said:
    """What staff see after they have done something."""

    sentence: str
    details: tuple[str, ...] = ()


@dataclass(slots=True)
class FrontDesk:
    """Staff at the clinic."""

    engine: Engine
    rules: PlanningRules
    enrollments: dict[str, int] = field(default_factory=dict)
    """Phone and enrollment."""

    def act(self, happening: StaffAct, now: datetime) -> Said:
        """Do it now, and say what became of it."""
        match happening:
            case Enrolls():
                return self._enroll(happening, now)
            case Treated(_, who, treated_at):
                return self._treated(who, treated_at, now)
            case VisitMoved(_, who, appointment_at):
                said = f"{who.first}'s visit moves to {_day(appointment_at, who.zone)}; what is unsent moves with it"
                return self._change(who, ChangeRequest(appointment_at=appointment_at), said, now)
            case AnswerGiven(_, who, answers):
                given = ", ".join(f"{question} = {answer}" for question, answer in answers.items())
                return self._change(who, ChangeRequest(answers=answers), f"{who.first} is asked at last: {given}", now)

    def _enroll(self, wish: Enrolls, now: datetime) -> Said:
        who = wish.who
        request = EnrollRequest(
            name=who.name,
            phone=who.phone,
            protocol=who.protocol,
            consent="signed form",
            treated_at=wish.treated_at,
            appointment_at=wish.appointment_at,
            timezone=who.timezone,
            language=who.language,
            answers=dict(who.answers),
            rebook_consent=who.rebook_consent,
        )
        with writing(self.engine) as session:
            done = enroll(session, request, protocols=shipped(), rules=self.rules, now=now, by=_BY)
            due = [text.due_at for text in done.plan.timeline.messages if text.due_at]
            questions = done.plan.timeline.protocol.questions
            open_questions = [questions[one].ask for one in done.plan.timeline.unanswered]
        self.enrollments[who.phone] = done.enrollment
        if wish.treated_at:
            what = f"{who.name} was treated until {hour(wish.treated_at, who.zone)}"
        else:
            assert wish.appointment_at is not None
            what = f"{who.name} is booked for {_day(wish.appointment_at, who.zone)}"
        return Said(
            f"{what}: {who.protocol}, {len(due)} texts to {_day(max(due), who.zone)}",
            tuple(f"Not answered: {ask} Neither side of it is sent." for ask in open_questions),
        )

    def _treated(self, who: Sample, at: datetime, now: datetime) -> Said:
        with writing(self.engine) as session:
            done = treated(session, self.enrollments[who.phone], at, rules=self.rules, now=now, by=_BY)
            due = [entry.planned.due_at for entry in done.difference.added if entry.planned and entry.planned.due_at]
        return Said(
            f"{who.name} was treated until {hour(at, who.zone)}: {who.protocol}, "
            f"{len(due)} texts to {_day(max(due), who.zone)}"
        )

    def _change(self, who: Sample, changes: ChangeRequest, sentence: str, now: datetime) -> Said:
        """First the difference, as staff see it before they agree; then the change."""
        enrollment = self.enrollments[who.phone]
        with reading(self.engine) as session:
            planned = plan_change(session, enrollment, changes, rules=self.rules, now=now)
            details = tuple(_details(planned.difference, who.zone))
        with writing(self.engine) as session:
            change(session, enrollment, changes, rules=self.rules, now=now, by=_BY)
        return Said(sentence, details)


def _details(difference: Difference, zone: ZoneInfo) -> Iterable[str]:
    for entry in difference.added:
        yield f"+ {entry.step}: {_when(entry, zone)}"
    for entry in difference.moved:
        was = _day(entry.row.due_at, zone) if entry.row and entry.row.due_at else "nowhere"
        yield f"~ {entry.step}: {was} -> {_when(entry, zone)}"
    for entry in difference.cancelled:
        yield f"- {entry.step}: {entry.why}"
    for entry in (*difference.passed, *difference.expired):
        yield f"! {entry.step}: no open hour is left; tell the patient in person"
    for entry in difference.wrong_now:
        yield f"! {entry.step} was sent already and {entry.why}: call the patient"


def _when(entry: Entry, zone: ZoneInfo) -> str:
    return _day(entry.planned.due_at, zone) if entry.planned and entry.planned.due_at else "tell the patient in person"


def _day(at: datetime, zone: ZoneInfo) -> str:
    return say_moment(at, zone)
