"""What the clinic's staff do in a rehearsal, through the same use cases as the doors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.close import close_reply
from notifier.db.engine import reading, writing
from notifier.db.outbox import in_state
from notifier.db.tables import Message, Reply
from notifier.domain.open_replies import TextsDecision
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import MessageState
from notifier.domain.tasks import TaskKind
from notifier.enrollments.commands import Cleared, Treated
from notifier.enrollments.enroll import enroll
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import EnrollRequest
from notifier.numbers.release import release
from notifier.oversight.gates import gates_to_clear
from notifier.rehearsal.patients import MadeUpPatient
from notifier.sending.claim import SendingRules
from notifier.sending.recover import plan_recovery
from notifier.sending.recover import release as release_late
from notifier.sending.review import review
from notifier.tasks.pieces import all_tasks
from schedules.protocol import CareProtocol

BY: Final = "rehearsal"
_MOST: Final = 10_000
_OPEN: Final = select(col(Reply.id), col(Reply.phone)).where(col(Reply.closed_at).is_(None)).order_by(col(Reply.id))


@dataclass(slots=True)
class RehearsedStaff:
    """Staff who enroll, read what patients write, and decide."""

    engine: Engine
    protocols: Mapping[str, CareProtocol]
    rules: PlanningRules
    sending: SendingRules
    refused: list[str] = field(default_factory=list)
    """Why somebody could not be enrolled."""

    def enroll(self, who: MadeUpPatient, now: datetime) -> int | None:
        """The enrollment; None where it was refused."""
        request = EnrollRequest(
            name=who.name, phone=who.phone, protocol=who.protocol, consent="signed form", treated_at=who.treated_at,
            appointment_at=who.appointment_at, timezone=who.timezone, language=who.language,
            answers=dict(who.answers), rebook_consent=who.rebook_consent,
        )  # fmt: skip
        try:
            with writing(self.engine) as session:
                return enroll(session, request, protocols=self.protocols, rules=self.rules, now=now, by=BY).enrollment
        except Refused as why:
            self.refused.append(str(why))
            return None

    def treated(self, enrollment: int, at: datetime, now: datetime) -> None:
        """The treatment of a booked patient has ended."""
        with suppress(Refused), writing(self.engine) as session:
            apply(session, enrollment, Treated(at), rules=self.rules, now=now, by=BY)

    def round_of_desk(self, now: datetime) -> None:
        """Read what is open and let the texts go on; let late texts leave; say of unknown ones that they did not; clear
        what Today asks about."""
        with reading(self.engine) as session:
            gates = [
                (task.enrollment.id or 0, topic)
                for task in all_tasks(session, now, limit=_MOST, kind=TaskKind.GATE)
                if task.enrollment is not None and task.message is not None
                for topic in gates_to_clear(session, task.enrollment, task.message)
            ]
            open_ones = list(session.execute(_OPEN))
            unknown = list(session.scalars(select(col(Message.id)).where(in_state(MessageState.NEEDS_REVIEW))))
        for enrollment, topic in gates:
            with suppress(Refused), writing(self.engine) as session:
                apply(session, enrollment, Cleared(topic), rules=self.rules, now=now, by=BY)
        for reply, phone in open_ones:
            with writing(self.engine) as session:
                _close(session, reply, phone, now)
        for message in unknown:
            with suppress(Refused), writing(self.engine) as session:
                review(session, message or 0, sent=False, now=now, by=BY)
        with writing(self.engine) as session:
            plan = plan_recovery(session, self.sending, now)
            if plan.texts:
                with suppress(Refused):
                    release_late(session, plan, now=now, by=BY)


def _close(session: Session, reply: int, phone: str, now: datetime) -> None:
    try:
        close_reply(session, reply, TextsDecision.GO_ON, now=now, by=BY)
    except Refused as why:
        if why.code is RefusalCode.NUMBER_TO_RELEASE:
            with suppress(Refused):
                release(session, phone, now=now, by=BY)
