"""Lists for staff: what will be sent, to whom, who is enrolled, and what patients said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.enrollments import the_enrollment
from notifier.db.outbox import in_state
from notifier.db.pagination import enrollment_page
from notifier.db.protocols import open_pauses
from notifier.db.tables import Enrollment, Message, Recovery, RecoveryKind, Reply
from notifier.domain.kinds import REPLY
from notifier.domain.states import EnrollmentState, MessageState
from notifier.domain.waiting import OpenHold, waits_for
from notifier.enrollments.field_values import stored
from notifier.enrollments.fields import KEPT
from notifier.numbers.open_replies import seen_from, what_holds
from notifier.numbers.opt_outs import open_opt_outs
from notifier.sending.gates.recoveries import LATE_WAITS, open_recoveries
from schedules.planned import WAITS_UNTIL_CLEARED

_NEVER = datetime.max.replace(tzinfo=UTC)
_NOBODY_KNOWS = (MessageState.ATTEMPTING, MessageState.UNKNOWN, MessageState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class TextLine:
    """One text of a forecast."""

    message: int
    enrollment: int
    external_id: str | None
    name: str
    phone: str
    step: str
    kind: str
    due_at: datetime | None
    timezone: str
    state: MessageState
    reason: str | None
    """Why it is in this state, or what it waits for."""
    waits: bool
    """Whether it stays until a person lets it leave, though its moment comes."""
    text: str
    """What left, or what would leave."""
    sid: str | None
    attempts: int
    office: str | None


@dataclass(frozen=True, slots=True)
class OptOutLine:
    """A number that gets no texts."""

    phone: str
    source: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """What a patient wrote."""

    reply: int
    phone: str
    at: datetime
    text: str
    media_count: int
    meaning: str
    closed_at: datetime | None
    urgent: bool
    patients: tuple[str, ...]
    """Everybody enrolled on this number: which of them wrote, nobody knows."""
    office: str | None


def as_json(line: Any) -> dict[str, Any]:
    """One line as plain values; instants as ISO 8601 in UTC."""
    values = {field.name: getattr(line, field.name) for field in fields(line)}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def due(session: Session, *, until: datetime | None = None, limit: int | None = None) -> list[TextLine]:
    """What is due up to that instant, past due, waiting and unknown texts included; the first to leave first.

    With `limit` the first so many, each part read from an index of its own: a screenful costs the same whatever waits.
    """
    planned = in_state(MessageState.PLANNED)
    timed = planned if until is None else and_(planned, col(Message.due_at) <= until)
    if limit is None:
        return _text_lines(session, or_(timed, in_state(*_NOBODY_KNOWS)))
    rows = [*_first(session, and_(timed, col(Message.due_at).is_not(None)), limit)]
    for one in _NOBODY_KNOWS:
        rows += _first(session, in_state(one), limit)
    if until is None and len(rows) < limit:
        rows += _first(session, and_(planned, col(Message.due_at).is_(None)), limit - len(rows))
    rows.sort(key=lambda row: (row[0].due_at is None, row[0].due_at or _NEVER, row[0].id))
    return text_lines(session, rows[:limit])


def count_due(session: Session, *, until: datetime | None = None) -> int:
    """How many lines `due` has without a limit."""
    planned = in_state(MessageState.PLANNED)
    timed = planned if until is None else and_(planned, col(Message.due_at) <= until)
    parts = (timed, *(in_state(one) for one in _NOBODY_KNOWS))
    return sum(session.scalar(select(func.count()).select_from(Message).where(part)) or 0 for part in parts)


def _first(session: Session, which: ColumnElement[bool], limit: int) -> list[tuple[Message, Enrollment]]:
    ids = select(col(Message.id)).where(which).order_by(col(Message.due_at), col(Message.id)).limit(limit)
    return _rows(session, col(Message.id).in_(list(session.scalars(ids))))


def show(session: Session, enrollment_id: int) -> list[TextLine]:
    """Every text of one enrollment, oldest first. Raises Refused where there is none."""
    the_enrollment(session, enrollment_id)
    return _text_lines(session, col(Message.enrollment_id) == enrollment_id)


def enrollments(
    session: Session,
    *,
    state: EnrollmentState | None = None,
    said: Mapping[str, str] | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[Enrollment]:
    """Who is enrolled, the latest first; `before`: only lower numbers.

    `said` are values of fields of the table that are filters, in any case.
    """
    where = {"state": state} if state else {}
    return enrollment_page(session, where, in_any_case=said, before=before, limit=limit)


def enrollment_json(one: Enrollment) -> dict[str, Any]:
    """An enrollment as plain values: what the field table has, and where it stands."""
    said = {field.name: stored(field, one) for field in KEPT}
    values = {"enrollment": one.id, **said, "version": one.version, "state": one.state.value, "reason": one.reason}
    values |= {"cleared": dict(one.cleared or {}), "consent_withdrawn_at": one.consent_withdrawn_at}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def opt_outs(session: Session) -> list[OptOutLine]:
    """Every number that must not be texted, the latest first."""
    return [OptOutLine(one.phone, one.source, one.at, one.by) for one in open_opt_outs(session)]


def replies(session: Session, *, only_open: bool = False, limit: int | None = None) -> list[ReplyLine]:
    """What patients wrote, the latest first."""
    found = select(Reply).order_by(col(Reply.at).desc(), col(Reply.id).desc())
    if only_open:
        found = found.where(col(Reply.closed_at).is_(None))
    texts = list(session.scalars(found.limit(limit)))
    names = _names_on(session, {one.phone for one in texts})
    return [
        ReplyLine(
            one.id or 0, one.phone, one.at, one.text, one.media_count, one.meaning, one.closed_at, one.urgent,
            tuple(names.get(one.phone, ())), one.office,
        )
        for one in texts
    ]  # fmt: skip


def _text_lines(session: Session, which: ColumnElement[bool]) -> list[TextLine]:
    return text_lines(session, _rows(session, which))


def _rows(session: Session, which: ColumnElement[bool]) -> list[tuple[Message, Enrollment]]:
    found: Select[Message, Enrollment] = (
        select(Message, Enrollment)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(which)
        .order_by(col(Message.due_at).is_(None), col(Message.due_at), col(Message.id))
    )
    return [(message, enrollment) for message, enrollment in session.execute(found)]


def text_lines(session: Session, rows: Sequence[tuple[Message, Enrollment]]) -> list[TextLine]:
    """These texts, each with what it waits for."""
    holds = _holds(session, {message.phone for message, _ in rows})
    paused = {(pause.protocol, pause.step): pause.reason for pause in open_pauses(session)}
    late = open_recoveries(session).get(RecoveryKind.LATE)
    return [_text_line(message, enrollment, holds, paused, late) for message, enrollment in rows]


def _names_on(session: Session, phones: set[str]) -> dict[str, list[str]]:
    """By number, the names of its patients, each once."""
    found: dict[str, list[str]] = {}
    numbers = sorted(phones)
    for start in range(0, len(numbers), 5000):
        names = select(col(Enrollment.phone), col(Enrollment.name), func.min(col(Enrollment.id)).label("first")).where(
            col(Enrollment.phone).in_(numbers[start : start + 5000])
        )
        for phone, name, _ in session.execute(
            names.group_by(col(Enrollment.phone), col(Enrollment.name)).order_by("first")
        ):
            found.setdefault(phone, []).append(name)
    return found


def _holds(session: Session, phones: set[str]) -> dict[str, list[OpenHold]]:
    found: dict[str, list[OpenHold]] = {}
    numbers = sorted(phones)
    for start in range(0, len(numbers), 5000):
        found |= what_holds(session, numbers[start : start + 5000])
    return found


def _text_line(
    message: Message,
    enrollment: Enrollment,
    holds: dict[str, list[OpenHold]],
    paused: dict[tuple[str, str | None], str],
    late: Recovery | None,
) -> TextLine:
    planned = message.state is MessageState.PLANNED
    gated = planned and message.due_at is None
    is_late = late and planned and message.kind != REPLY and message.due_at and message.due_at <= late.up_to
    waits = planned and waits_for(
        message.kind, message.step, enrollment.protocol, enrollment=enrollment.state,
        holds=[seen_from(one, enrollment.office) for one in holds.get(message.phone, ())],
        pauses=paused, why_held=enrollment.reason,
    )  # fmt: skip
    return TextLine(
        message=message.id or 0,
        enrollment=enrollment.id or 0,
        external_id=enrollment.external_id,
        name=enrollment.name,
        phone=message.phone,
        step=message.step,
        kind=message.kind,
        due_at=message.due_at,
        timezone=enrollment.timezone,
        state=message.state,
        reason=waits or (LATE_WAITS if is_late else message.reason) or (WAITS_UNTIL_CLEARED if gated else None),
        waits=bool(waits),
        text=message.sent_text or message.text,
        sid=message.sid,
        attempts=message.attempts,
        office=enrollment.office,
    )
