"""What the staff page's day reads: who needs a person, who is expected, what leaves and what left.

Every question here has an index that answers it (the partial ones of `tables_outbox`), however much history there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.claims import claim_of_reply
from notifier.db.enrollments import latest_on, patients_on
from notifier.db.outbox import in_state
from notifier.db.rows import table_of
from notifier.db.tables import Enrollment, Message, NumberHold, Reply, ReplyPhone, TaskClaim
from notifier.domain.open_replies import OpenReply
from notifier.domain.states import MessageState
from notifier.numbers.held_lifts import is_too_late
from notifier.numbers.open_replies import has_open_reply
from notifier.oversight.answers import normal_at
from notifier.oversight.passed_on import PassedOn, passed_on
from notifier.oversight.waiting import waits_for_a_person
from schedules.protocol import StepKind

_S = MessageState


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text and whose it is."""

    message: Message
    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class HeldText:
    """A planned text that an open reply holds."""

    id: int
    """Of its message."""
    step: str
    at: datetime
    """Its moment."""
    is_lift: bool
    timezone: str
    patient: str
    """The name of who reads it: on a number of several the texts of all of them wait."""
    is_too_late: bool = False
    """It was held past its use: no text says it any more, whatever is decided."""


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """A reply that nobody has closed, the enrollment it is about, and who has taken it."""

    reply: Reply
    enrollment: Enrollment | None
    claimed_by: str | None = None
    holds: tuple[HeldText, ...] = ()
    """The texts that wait because nobody has closed it, the first to leave first."""
    must_be_released: bool = False
    """Texts go on only by a release of the number."""
    on_number: tuple[Enrollment, ...] = ()
    """Every patient on the number: nobody knows which of them wrote, and staff may end one alone."""
    normal: str | None = None
    """Of an answer to a question: what the protocol calls normal on that day, for staff alone."""
    passed: PassedOn | None = None
    """Who could not read it, and who can."""


def open_replies(session: Session, limit: int, now: datetime) -> list[ReplyRow]:
    """What patients wrote and nobody has closed; urgent ones first, then the oldest."""
    urgent_first = (col(Reply.urgent).desc(), col(Reply.at))
    found = (
        select(Reply, col(TaskClaim.by))
        .join(TaskClaim, claim_of_reply(now), isouter=True)
        .where(col(Reply.closed_at).is_(None))
        .order_by(*urgent_first)
        .limit(limit)
    )
    return reply_rows(session, session.execute(found).all(), now)


def reply_rows(
    session: Session, rows: Sequence[Any], now: datetime, whose: Mapping[str, Enrollment] | None = None
) -> list[ReplyRow]:
    """Open replies, each with who has taken it, and all that whoever closes it must know. `whose`: the latest
    enrollment on each number (`latest_on`), for whoever has read them already."""
    whose = latest_on(session, {reply.phone for reply, _ in rows}) if whose is None else whose
    held = texts_held_by(session, [reply for reply, _ in rows], now)
    passed = passed_on(session, [reply for reply, _ in rows])
    everybody = patients_on(session, {reply.phone for reply, _ in rows})
    return [
        ReplyRow(
            reply,
            whose.get(reply.phone),
            by,
            held.get(reply.id or 0, ()),
            as_open(reply).must_be_released,
            everybody.get(reply.phone, ()),
            normal_at(session, reply.ask_id, reply.at) if reply.ask_id else None,
            passed.get(reply.id or 0),
        )
        for reply, by in rows
    ]


def texts_held_by(session: Session, replies: Sequence[Reply], now: datetime) -> dict[int, tuple[HeldText, ...]]:
    """By reply, the planned texts that wait because it is open."""
    about = {reply.id or 0: as_open(reply) for reply in replies if reply.closed_at is None}
    found = (
        select(col(ReplyPhone.reply_id), Message, col(Enrollment.timezone), col(Enrollment.name))
        .join(Message, col(Message.phone) == col(ReplyPhone.phone))
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(col(ReplyPhone.reply_id).in_(sorted(about)), in_state(_S.PLANNED), col(Message.due_at).is_not(None))
        .order_by(col(Message.nominal_at), col(Message.id))
    )
    held: dict[int, list[HeldText]] = defaultdict(list)
    for reply, text_, zone, name in session.execute(found):
        if about[reply].covers(text_.kind):
            is_lift = text_.kind == StepKind.LIFT.value
            late = is_too_late(session, text_, now) if is_lift else text_.expires_at <= now
            held[reply].append(HeldText(text_.id or 0, text_.step, text_.nominal_at, is_lift, zone, name, late))
    return {reply: tuple(texts) for reply, texts in held.items()}


def as_open(reply: Reply) -> OpenReply:
    """The reply as what it holds as long as nobody has closed it."""
    return OpenReply(reply.id or 0, reply.at, reply.meaning, reply.urgent)


def closed_replies(session: Session, limit: int) -> list[ReplyRow]:
    """The latest that somebody has closed, or that filed themselves."""
    found = select(Reply).where(col(Reply.closed_at).is_not(None))
    replies = list(session.scalars(found.order_by(col(Reply.id).desc()).limit(limit)))
    whose = latest_on(session, {one.phone for one in replies})
    everybody = patients_on(session, {one.phone for one in replies})
    return [ReplyRow(one, whose.get(one.phone), on_number=everybody.get(one.phone, ())) for one in replies]


def holds_without_reply(session: Session, limit: int) -> list[tuple[NumberHold, Enrollment | None]]:
    """Numbers that wait for a person although no reply of theirs is open."""
    unread = has_open_reply(table_of(NumberHold).c.phone)
    found = select(NumberHold).where(col(NumberHold.released_at).is_(None), ~unread)
    holds = list(session.scalars(found.order_by(col(NumberHold.at)).limit(limit)))
    whose = latest_on(session, {hold.phone for hold in holds})
    return [(hold, whose.get(hold.phone)) for hold in holds]


def expected(session: Session, since: datetime, until: datetime, limit: int) -> list[Enrollment]:
    """Who is booked between two instants and not marked yet, the first to come first."""
    found = select(Enrollment).where(
        col(Enrollment.treated_at).is_(None),
        text("enrollments.state = 'booked'"),  # as a literal, or the partial index could not serve
        col(Enrollment.appointment_at) >= since,
        col(Enrollment.appointment_at) < until,
    )
    return list(session.scalars(found.order_by(col(Enrollment.appointment_at)).limit(limit)))


def upcoming(session: Session, since: datetime | None, until: datetime, limit: int) -> list[TextRow]:
    """What is planned to leave between two instants, the first to leave first. Not what waits for a person."""
    which = (*_planned(since, until), ~waits_for_a_person())
    return _texts(session, *which, order=col(Message.due_at), limit=limit)


def count_upcoming(session: Session, until: Collection[datetime]) -> tuple[dict[datetime, int], int]:
    """How many texts leave before each of these instants, and how many up to the last of them wait for a person.

    In one pass: to know that a text waits is the dear part.
    """
    instants = sorted(until)
    before = case(*((col(Message.due_at) < at, number) for number, at in enumerate(instants))).label("before")
    which = _planned(None, instants[-1])
    found = select(before, waits_for_a_person().label("waits"), func.count()).where(*which).group_by("before", "waits")
    many, waiting = [0] * len(instants), 0
    for number, waits, count in session.execute(found):
        waiting += count if waits else 0
        many[number] += 0 if waits else count
    return dict(zip(instants, accumulate(many), strict=True)), waiting


def waiting(session: Session, until: datetime, limit: int) -> list[TextRow]:
    """What would leave up to then, and waits for a person; the first to leave first."""
    which = (*_planned(None, until), waits_for_a_person())
    return _texts(session, *which, order=col(Message.due_at), limit=limit)


def count_left(session: Session, since: datetime, until: datetime) -> dict[MessageState, int]:
    """What became of the texts that left between two instants."""
    of_patients = col(Message.enrollment_id).is_not(None)
    found = select(col(Message.state), func.count()).where(*_left(since, until), of_patients)
    found = found.group_by(col(Message.state))
    return dict(session.execute(found).all())


def left(
    session: Session, since: datetime, until: datetime, states: Collection[MessageState], limit: int
) -> list[TextRow]:
    """The texts that left between two instants and are now in these states."""
    which = (*_left(since, until), col(Message.state).in_(states))
    return _texts(session, *which, order=col(Message.left_at), limit=limit)


def _planned(since: datetime | None, until: datetime) -> tuple[ColumnElement[bool], ...]:
    which = (in_state(_S.PLANNED), col(Message.due_at) < until)
    return which if since is None else (*which, col(Message.due_at) >= since)


def _left(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Message.left_at).is_not(None), col(Message.left_at) >= since, col(Message.left_at) < until


def _texts(
    session: Session,
    *which: ColumnElement[bool],
    order: Any,
    limit: int,
) -> list[TextRow]:
    found: Select[Message, Enrollment] = (
        select(Message, Enrollment)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(*which)
        .order_by(order, col(Message.id))
        .limit(limit)
    )
    return [TextRow(message, enrollment) for message, enrollment in session.execute(found).all()]
