"""What has happened since the last look, turned into deliveries: each once for each endpoint, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import insert_rows
from notifier.db.tables import Enrollment, Event, Message, Reply, WebhookDelivery, WebhookEndpoint
from notifier.subscriptions.happenings import Happening, of_event, of_reply

AT_ONCE: Final = 1000
"""Rows read in one transaction, for one endpoint."""
_UNDER_WAY: Final = timedelta(minutes=1)
"""A number that is missing so shortly before a newer row may be of a transaction that has not ended: PostgreSQL gives
numbers out before it commits. Nothing behind it is read until then."""
_KEPT: Final = timedelta(days=30)
"""What was delivered, or given up, is listed so long."""


@dataclass(frozen=True, slots=True)
class _Found:
    source: str
    happening: Happening
    enrollment: Enrollment
    at: datetime
    message: int | None = None
    reply: int | None = None

    @property
    def ids(self) -> dict[str, int]:
        ids = {"enrollment": self.enrollment.id, "message": self.message, "reply": self.reply}
        return {name: id_ for name, id_ in ids.items() if id_ is not None}


def collect(session: Session, now: datetime) -> bool:
    """Write the deliveries of what has happened; whether there is more to read at once."""
    more = False
    working = select(WebhookEndpoint).where(col(WebhookEndpoint.ended_at).is_(None)).order_by(col(WebhookEndpoint.id))
    for endpoint in session.scalars(working.with_for_update(skip_locked=True)):
        for read in (_collect_events, _collect_replies):
            more = read(session, endpoint, now) or more
    return more


def is_anything_new(session: Session) -> bool:
    """Whether a row came that some endpoint has not seen: asked often, so it reads two ends of an index."""
    latest = [session.scalar(select(func.max(col(one)))) or 0 for one in (Event.id, Reply.id)]
    behind = select(col(WebhookEndpoint.id)).where(
        col(WebhookEndpoint.ended_at).is_(None),
        or_(col(WebhookEndpoint.read_event) < latest[0], col(WebhookEndpoint.read_reply) < latest[1]),
    )
    return session.scalar(behind.limit(1)) is not None


def forget_old(session: Session, now: datetime) -> None:
    """Deliveries that ended a month ago go."""
    session.execute(
        delete(WebhookDelivery).where(
            or_(col(WebhookDelivery.delivered_at).is_not(None), col(WebhookDelivery.given_up_at).is_not(None)),
            col(WebhookDelivery.at) < now - _KEPT,
        )
    )


def _collect_events(session: Session, endpoint: WebhookEndpoint, now: datetime) -> bool:
    read = select(Event).where(col(Event.id) > endpoint.read_event).order_by(col(Event.id)).limit(AT_ONCE)
    events = _up_to_a_gap(list(session.scalars(read)), endpoint.read_event, now)
    heard = [
        (one, what) for one in events if (what := of_event(one.what, one.to_state)) in endpoint.happenings and what
    ]
    whose = _enrollments_of(session, [one for one, _ in heard])
    found = [
        _Found(f"event:{one.id}", what, enrollment, one.at, message=one.message_id)
        for one, what in heard
        if (enrollment := whose.get(one.id or 0)) is not None
    ]
    _write(session, endpoint, found, now)
    if events:
        endpoint.read_event = events[-1].id or 0
    return len(events) == AT_ONCE


def _collect_replies(session: Session, endpoint: WebhookEndpoint, now: datetime) -> bool:
    read = select(Reply).where(col(Reply.id) > endpoint.read_reply).order_by(col(Reply.id)).limit(AT_ONCE)
    replies = _up_to_a_gap(list(session.scalars(read)), endpoint.read_reply, now)
    found = []
    for one in replies:
        what = of_reply(urgent=one.urgent, choice=one.choice)
        if what is not None and what in endpoint.happenings:
            newest = select(Enrollment).where(col(Enrollment.phone) == one.phone).order_by(col(Enrollment.id).desc())
            if one.office is not None:  # another office's patient may be on the number too, and did not write to it
                newest = newest.where(or_(col(Enrollment.office) == one.office, col(Enrollment.office).is_(None)))
            if (enrollment := session.scalar(newest.limit(1))) is not None:
                found.append(_Found(f"reply:{one.id}", what, enrollment, one.at, reply=one.id))
    _write(session, endpoint, found, now)
    if replies:
        endpoint.read_reply = replies[-1].id or 0
    return len(replies) == AT_ONCE


def _up_to_a_gap(rows: Sequence[Any], after: int, now: datetime) -> Sequence[Any]:
    for index, row in enumerate(rows):
        if row.id != after + 1 and row.at > now - _UNDER_WAY:
            return rows[:index]
        after = row.id
    return rows


def _enrollments_of(session: Session, events: Sequence[Event]) -> dict[int, Enrollment]:
    """By event, the enrollment that it is about; events of texts name the text alone."""
    messages = {one.message_id for one in events if one.message_id and not one.enrollment_id}
    named = dict(
        session.execute(select(col(Message.id), col(Message.enrollment_id)).where(col(Message.id).in_(messages))).all()
    )
    by_event = {one.id or 0: one.enrollment_id or named.get(one.message_id) for one in events}
    found = select(Enrollment).where(col(Enrollment.id).in_({one for one in by_event.values() if one}))
    enrollments = {one.id: one for one in session.scalars(found)}
    return {event: enrollments[id_] for event, id_ in by_event.items() if id_ in enrollments}


def _write(session: Session, endpoint: WebhookEndpoint, found: Sequence[_Found], now: datetime) -> None:
    heard = [one for one in found if endpoint.office in (None, one.enrollment.office)]
    first = (
        select(col(Enrollment.phone), func.min(col(Enrollment.id)))
        .where(col(Enrollment.phone).in_({one.enrollment.phone for one in heard}))
        .group_by(col(Enrollment.phone))
    )
    patients = dict(session.execute(first).all())
    rows = [
        {
            "endpoint_id": endpoint.id,
            "source": one.source,
            "happening": one.happening.value,
            "patient": patients[one.enrollment.phone],
            "ids": one.ids,
            "at": one.at,
            "next_at": now,
        }
        for one in heard
    ]
    insert_rows(session, WebhookDelivery, rows)
