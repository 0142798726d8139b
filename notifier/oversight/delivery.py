"""What the delivery page counts: what became of the texts that left, by day and protocol, and why some did not arrive.

Every question is bounded by its two instants, and an index answers it: `ix_messages_left` has all that is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Attempt, Enrollment, Message, OptOut, Receipt
from notifier.domain.states import MessageState
from notifier.oversight.answers import answers_by_day, minutes_to_a_person
from notifier.tasks.silence import count_silent
from schedules.asking import AnswerMeaning
from schedules.offsets import wall_first

_NOT_ARRIVED: Final = (MessageState.FAILED, MessageState.UNDELIVERED)
_TROUBLE: Final = (*_NOT_ARRIVED, MessageState.EXPIRED)
_AT_MOST_LATE: Final = timedelta(days=30)
"""After its planned moment: a text is of use for days, not weeks."""
_AT_MOST_EARLY: Final = timedelta(days=2)
"""Before it: a text for the night leaves the evening before."""
_REPORTED: Final = ("failed", "undelivered", "canceled")
_NOT_ASKED_FOR: Final = "number_changed"
"""An opt-out that only followed a patient to a new number."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many texts of one protocol left on one day and are now in one state."""

    since: datetime
    protocol: str
    state: MessageState
    many: int


@dataclass(frozen=True, slots=True)
class Failure:
    """How many texts did not arrive for one reason."""

    code: int | None
    was_accepted: bool
    """Whether Twilio took the text and reported later; else it was refused at once."""
    many: int


_ARRIVED: Final = (MessageState.DELIVERED,)
_UNCOUNTED: Final = (MessageState.PLANNED, MessageState.EXPIRED, MessageState.CANCELLED, MessageState.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class DeliveryOfDay:
    """One local day of the clinic: what left on it, and what patients answered on it."""

    since: datetime
    sent: int
    delivered: int
    not_delivered: int
    asked: int
    answers: Counter[AnswerMeaning]


@dataclass(frozen=True, slots=True)
class DeliveryOfDays:
    """Some days up to today, the oldest first."""

    days: tuple[DeliveryOfDay, ...]
    minutes_to_a_person: float | None
    """The median; None where nothing needed a person."""
    silent: int
    """Patients who were asked and have written nothing."""

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """Plain values; days are dates on that clock."""
        days = [
            {
                "day": one.since.astimezone(zone).date().isoformat(), "sent": one.sent, "delivered": one.delivered,
                "not_delivered": one.not_delivered, "asked": one.asked,
                **{meaning.value: one.answers[meaning] for meaning in AnswerMeaning},
            }
            for one in self.days
        ]  # fmt: skip
        return {"days": days, "minutes_to_a_person": self.minutes_to_a_person, "silent": self.silent}


def day_edges(now: datetime, zone: ZoneInfo, days: int) -> list[datetime]:
    """The midnights of so many local days, today the last of them."""
    today = now.astimezone(zone).date()
    return [wall_first(today + timedelta(days=number), time.min, zone) for number in range(1 - days, 2)]


def delivery_of_days(session: Session, edges: Sequence[datetime], *, now: datetime) -> DeliveryOfDays:
    """Texts and answers between each two of these instants, and who is silent now."""
    by_day: dict[datetime, Counter[MessageState]] = {since: Counter() for since in edges[:-1]}
    for one in outcomes(session, edges):
        by_day[one.since][one.state] += one.many
    days = [
        DeliveryOfDay(
            answered.since,
            sum(many for state, many in by_day[answered.since].items() if state not in _UNCOUNTED),
            sum(by_day[answered.since][state] for state in _ARRIVED),
            sum(by_day[answered.since][state] for state in _NOT_ARRIVED),
            answered.asked,
            answered.answers,
        )
        for answered in answers_by_day(session, edges)
    ]
    waited = minutes_to_a_person(session, edges[0], edges[-1])
    return DeliveryOfDays(tuple(days), waited, count_silent(session, now))


def outcomes(session: Session, edges: Sequence[datetime]) -> Iterator[Outcome]:
    """What became of the texts that left between each two of these instants."""
    between = case(*((col(Message.left_at) < until, number) for number, until in enumerate(edges[1:]))).label("between")
    found = (
        select(between, col(Enrollment.protocol), col(Message.state), func.count())
        .select_from(Message)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(*_left(edges[0], edges[-1]))
        .group_by("between", col(Enrollment.protocol), col(Message.state))
        .order_by("between", col(Enrollment.protocol), col(Message.state))
    )
    for number, protocol, state, many in session.execute(found).all():
        yield Outcome(edges[number], protocol, state, many)


def opt_outs(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, set[str]]]:
    """When each number opted out, and the protocols its patients were on by then."""
    found = (
        select(col(OptOut.id), col(OptOut.at), col(Enrollment.protocol))
        .join(
            Enrollment,
            (col(Enrollment.phone) == col(OptOut.phone)) & (col(Enrollment.enrolled_at) <= col(OptOut.at)),
            isouter=True,
        )
        .where(col(OptOut.at) >= since, col(OptOut.at) < until, col(OptOut.source) != _NOT_ASKED_FOR)
    )
    numbers: dict[int | None, tuple[datetime, set[str]]] = {}
    for number, at, protocol in session.execute(found).all():
        numbers.setdefault(number, (at, set()))[1].update([protocol] if protocol else [])
    return list(numbers.values())


def failures(session: Session, since: datetime, until: datetime) -> list[Failure]:
    """Why the texts of that time did not arrive, the most frequent reason first."""
    these = (
        *_left(since, until),
        col(Message.state).in_(_NOT_ARRIVED),
        # The same once more, as the small index of the texts in trouble has it: without it every text would be read.
        in_state(*_TROUBLE),
        col(Message.nominal_at) >= since - _AT_MOST_LATE,
        col(Message.nominal_at) < until + _AT_MOST_EARLY,
    )
    many = func.count(func.distinct(col(Message.id)))
    reported = (
        select(col(Receipt.error_code), many)
        .select_from(Message)
        .join(Receipt, (col(Receipt.sid) == col(Message.sid)) & col(Receipt.status).in_(_REPORTED))
        .where(*these)
        .group_by(col(Receipt.error_code))
    )
    refused = (
        select(col(Attempt.code), many)
        .select_from(Message)
        .join(
            Attempt,
            (col(Attempt.message_id) == col(Message.id)) & (col(Attempt.started_at) == col(Message.left_at)),
        )
        .where(*these, col(Attempt.outcome) == "not_created")
        .group_by(col(Attempt.code))
    )
    found = [Failure(code or None, True, count) for code, count in session.execute(reported).all()]
    found += [Failure(code, False, count) for code, count in session.execute(refused).all()]
    return sorted(found, key=lambda one: (-one.many, one.code or 0))


def _left(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (col(Message.left_at).is_not(None), col(Message.left_at) >= since, col(Message.left_at) < until)
