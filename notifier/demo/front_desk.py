"""The front desk: does what staff do, through the same use cases as the command line, and says what it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from notifier.conversations.close import close_reply
from notifier.conversations.reply import find_reply, send_reply
from notifier.db.engine import reading, writing
from notifier.demo.cast import Sample
from notifier.demo.script import AnswerGiven, Enrolls, StaffAct, StaffAnswer, TreatmentEnded, VisitMoved
from notifier.demo.why import hour
from notifier.domain.counted import counted
from notifier.domain.open_replies import TextsDecision
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change, Treated
from notifier.enrollments.effect import TextEffect, What
from notifier.enrollments.enroll import enroll
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.requests import EnrollRequest
from schedules.catalogue import shipped
from schedules.saying import say_moment

_BY = "front desk"


@dataclass(frozen=True, slots=True)
class DeskNote:
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

    def act(self, happening: StaffAct, now: datetime) -> DeskNote:
        """Carry out what staff do at `now`, and say what became of it."""
        match happening:
            case Enrolls():
                return self._enroll(happening, now)
            case TreatmentEnded(_, who, treated_at):
                return self._treated(who, treated_at, now)
            case VisitMoved(_, who, appointment_at):
                said = f"{who.first}'s visit moves to {_day(appointment_at, who.zone)}; what is unsent moves with it"
                return self._change(who, ChangeRequest(appointment_at=appointment_at), said, now)
            case StaffAnswer(_, who, words):
                return self._answer(who, words, now)
            case AnswerGiven(_, who, answers):
                given = ", ".join(f"{question} = {answer}" for question, answer in answers.items())
                return self._change(who, ChangeRequest(answers=answers), f"{who.first} is asked at last: {given}", now)

    def _answer(self, who: Sample, words: str, now: datetime) -> DeskNote:
        """First seen as it would leave, then sent; with that the message is read, and closed."""
        whose = self.enrollments[who.phone]
        with writing(self.engine) as session:
            found = find_reply(session, words, rules=self.rules, now=now, enrollment_id=whose)
            send_reply(session, found, rules=self.rules, now=now, by=_BY)
            close_reply(session, found.reply, TextsDecision.GO_ON, now=now, by=_BY)
        return DeskNote(f"a person has read it and answers {who.first}; the texts go on")

    def _enroll(self, wish: Enrolls, now: datetime) -> DeskNote:
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
            asked = done.plan.timeline.protocol.every_question
            open_questions = [asked[one] for one in done.plan.timeline.unanswered]
        self.enrollments[who.phone] = done.enrollment
        if wish.treated_at:
            what = f"{who.name} was treated until {hour(wish.treated_at, who.zone)}"
        else:
            assert wish.appointment_at is not None
            what = f"{who.name} is booked for {_day(wish.appointment_at, who.zone)}"
        return DeskNote(
            f"{what}: {who.protocol}, {counted(len(due), 'text')}{f' to {_day(max(due), who.zone)}' if due else ''}",
            tuple(f"Not answered: {ask} Neither side of it is sent." for ask in open_questions),
        )

    def _treated(self, who: Sample, at: datetime, now: datetime) -> DeskNote:
        with writing(self.engine) as session:
            done = apply(session, self.enrollments[who.phone], Treated(at), rules=self.rules, now=now, by=_BY)
            due = [text.due_at for text in done.texts if text.what is What.ADDED and text.due_at]
        return DeskNote(
            f"{who.name} was treated until {hour(at, who.zone)}: {who.protocol}, "
            f"{counted(len(due), 'text')} to {_day(max(due), who.zone)}"
        )

    def _change(self, who: Sample, request: ChangeRequest, sentence: str, now: datetime) -> DeskNote:
        """First the difference, as staff see it before they agree; then the change."""
        enrollment = self.enrollments[who.phone]
        command = Change(request)
        with reading(self.engine) as session:
            planned = preview(session, enrollment, command, rules=self.rules, now=now)
            details = tuple(_details(planned.texts, who.zone))
        with writing(self.engine) as session:
            apply(session, enrollment, command, rules=self.rules, now=now, by=_BY)
        return DeskNote(sentence, details)


def _details(texts: Iterable[TextEffect], zone: ZoneInfo) -> Iterable[str]:
    for text in texts:
        becomes = _day(text.due_at, zone) if text.due_at else "tell the patient in person"
        match text.what:
            case What.ADDED:
                yield f"+ {text.step}: {becomes}"
            case What.MOVED:
                yield f"~ {text.step}: {_day(text.was_due_at, zone) if text.was_due_at else 'nowhere'} -> {becomes}"
            case What.WITHDRAWN:
                yield f"- {text.step}: {text.why}"
            case What.PASSED | What.EXPIRED:
                yield f"! {text.step}: no open hour is left; tell the patient in person"
            case What.WRONG_NOW:
                yield f"! {text.step} was sent already and {text.why}: call the patient"


def _day(at: datetime, zone: ZoneInfo) -> str:
    return say_moment(at, zone)
