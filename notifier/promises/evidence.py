"""The evidence for the closing table: the sandbox's ledger beside the rows of the outbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.protocols import load_version
from notifier.db.tables import Attempt, Enrollment, Message, Reply
from notifier.domain.phone import area_zones
from notifier.promises.facts import Arrival, Evidence, Intent, OpenMessage
from notifier.sandbox.server import Sandbox
from schedules.quiet_days import quiet_days
from schedules.restriction import Restriction

_DAY: Final = timedelta(days=1)


def gather(session: Session, sandbox: Sandbox, stops: Mapping[str, datetime], until: datetime) -> Evidence:
    """Everything that was created at the provider and everything that was meant, up to now."""
    return Evidence(
        ledger=arrivals(sandbox),
        outbox=intents(session),
        stops=stops,
        until=until,
        messages=open_messages(session),
    )


def arrivals(sandbox: Sandbox) -> list[Arrival]:
    """Every text in the ledger, with where it stands now."""
    return [
        Arrival(entry.sid, entry.to, entry.body, entry.created_at, sandbox.account.messages[entry.sid].status)
        for entry in sandbox.ledger
    ]


def intents(session: Session, phones: Collection[str] | None = None) -> list[Intent]:
    """What was meant for these numbers, or for all; the oldest row first."""
    found = (
        select(Message, Enrollment)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .order_by(col(Message.id))
    )
    accepted = select(col(Attempt.message_id), col(Attempt.sid)).where(col(Attempt.sid).is_not(None))
    if phones is not None:
        found = found.where(col(Message.phone).in_(phones))
        whose = select(col(Message.id)).where(col(Message.phone).in_(phones))
        accepted = accepted.where(col(Attempt.message_id).in_(whose))
    sids: dict[int, list[str]] = defaultdict(list)
    for message_id, sid in session.execute(accepted):
        sids[message_id].append(str(sid))
    return [_intent(session, message, whose, sids[message.id or 0]) for message, whose in session.execute(found)]


def open_messages(session: Session, phones: Collection[str] | None = None) -> dict[str, list[OpenMessage]]:
    """What came from these numbers, or from all, and until when it was open."""
    found = select(col(Reply.phone), col(Reply.at), col(Reply.closed_at))
    if phones is not None:
        found = found.where(col(Reply.phone).in_(phones))
    written: dict[str, list[OpenMessage]] = defaultdict(list)
    for phone, at, closed_at in session.execute(found):
        written[phone].append(OpenMessage(at, closed_at))
    return written


def _intent(session: Session, message: Message, enrollment: Enrollment, sids: list[str]) -> Intent:
    zone = ZoneInfo(enrollment.timezone)
    return Intent(
        message=message.id or 0,
        patient=enrollment.name.partition(" ")[0],
        phone=message.phone,
        step=message.step,
        kind=message.kind,
        zone=zone,
        area_zones=tuple(ZoneInfo(name) for name in area_zones(message.phone)),
        day0=enrollment.treated_on if enrollment.treated_at else None,
        state=message.state,
        reason=message.reason,
        due_at=message.due_at,
        not_before=max([message.not_before, *_ends(session, message, enrollment)]),
        expires_at=message.expires_at,
        sid=message.sid,
        said=message.sent_text,
        bounced=tuple(sid for sid in sids if sid != message.sid),
        enrollment=enrollment.id or 0,
        topics=frozenset(message.topics or ()),
        quiet=quiet_days(enrollment.quiet_days),
        told_in_person=frozenset(enrollment.informed or ()),
    )


def _ends(session: Session, message: Message, enrollment: Enrollment) -> Iterator[datetime]:
    """When what a lift lifts has ended at the earliest: by plain arithmetic here, and not by the planner's word."""
    protocol = load_version(session, enrollment.protocol, enrollment.version)
    for step in protocol.steps:
        if step.key == message.step and enrollment.treated_at is not None:
            for topic in step.lifts:
                yield from ends_of(protocol.restrictions[topic], topic, enrollment)


def ends_of(rule: Restriction, topic: str, enrollment: Enrollment) -> Iterator[datetime]:
    """The ends that all must have passed: of its length here, of the least allowed, of a gate."""
    assert enrollment.treated_at is not None
    said = enrollment.restrictions.get(topic)
    if said:
        unit = {"h": timedelta(hours=1), "d": _DAY, "w": 7 * _DAY, "m": 28 * _DAY}[said[-1]]
        yield enrollment.treated_at + int(said[:-1]) * unit
    if not (said and enrollment.decided_by):
        for length in (rule,) if said else (rule, rule.usual or rule.up_to):
            if length is None:
                continue
            lasts = timedelta(hours=length.hours or 0, days=length.days or 0, weeks=length.weeks or 0)
            yield enrollment.treated_at + lasts + 28 * _DAY * (length.months or 0)
            if length.until_day is not None:
                day = enrollment.treated_on + timedelta(days=length.until_day)
                yield datetime.combine(day, time.min, ZoneInfo(enrollment.timezone))
    if rule.until is not None:
        cleared = enrollment.cleared.get(topic)
        yield datetime.fromisoformat(cleared) if cleared else datetime.max.replace(tzinfo=UTC)
