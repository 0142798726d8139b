"""What the tables say of sending, cheaply: each query reads an index's end, or a bounded number of rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Mapped, Session
from sqlmodel import col

from notifier.db.engine import is_sqlite
from notifier.db.outbox import in_state
from notifier.db.schema import HEAD, current_revision
from notifier.db.tables import Alert, Enrollment, Event, Message, Receipt, WorkerRow
from notifier.domain.states import MessageState
from notifier.oversight.alerts.alert_rules import Filtered
from notifier.oversight.health import VitalSigns
from notifier.sending.gates.circuits import open_circuits, what_stops
from notifier.sending.gates.heartbeats import doubts, living
from notifier.sending.gates.polls import since_last_poll
from notifier.sending.gates.recoveries import sentences
from notifier.sms.codes import FILTERED_CODE

MOST_COUNTED: Final = 10_000
"""A count never goes further: "10000" then means that many or more."""
_LATELY: Final = timedelta(hours=1)
_LATEST_EVENTS, _LATEST_RECEIPTS = 500, 20
_S = MessageState


def read_vital_signs(session: Session, now: datetime) -> VitalSigns:
    """Everything that health and metrics are made of, as of one moment; only the revision where it is not ours.

    Texts are those of the whole installation: a condition on the clinic would lead SQLite past the partial indexes.
    """
    revision = current_revision(session.connection())
    if revision != HEAD:
        return VitalSigns(revision=revision, wanted=HEAD)
    due = col(Message.due_at) <= now
    alive = living(session, now)
    unread_for = since_last_poll(session, now)
    stopped = open_circuits(session)
    return VitalSigns(
        revision=revision,
        wanted=HEAD,
        read_only=_read_only(session),
        working_since=alive[0].started_at if alive else None,
        worker_seen_at=session.scalar(select(func.max(col(WorkerRow.seen_at)))),
        inbound_read_at=None if unread_for is None else now - unread_for,
        doubts=tuple(doubts(session, now)),
        recoveries=tuple(sentences(session, now)),
        circuits=tuple(what_stops(one) for one in stopped if one.sender is None),
        stopped_senders=tuple((one.sender[-4:], what_stops(one)) for one in stopped if one.sender),
        overdue_since=_first(session, col(Message.due_at), in_state(_S.PLANNED), due),
        attempting_since=_first(session, col(Message.left_at), in_state(_S.ATTEMPTING)),
        unknown_since=_first(session, col(Message.left_at), in_state(_S.UNKNOWN)),
        last_departure_at=_last_departure(session),
        last_event_at=session.scalar(select(col(Event.at)).order_by(col(Event.id).desc()).limit(1)),
        receipts_only_by_poll=_receipts_only_by_poll(session),
        undelivered_alerts=session.scalar(
            select(func.count()).select_from(Alert).where(col(Alert.cleared_at).is_(None), col(Alert.told_at).is_(None))
        )
        or 0,
        waiting={
            "due": _count(session, in_state(_S.PLANNED), due),
            "attempting": _count(session, in_state(_S.ATTEMPTING)),
            "unknown": _count(session, in_state(_S.UNKNOWN)),
            "needs_review": _count(session, in_state(_S.NEEDS_REVIEW)),
            "no_last_receipt": _count(session, in_state(_S.ACCEPTED, _S.SENT)),
        },
    )


def moves_since(session: Session, event_id: int | None) -> tuple[int, dict[str, int]]:
    """How many texts came into each state after that event, and the last event that was looked at.

    None: from now on. At most some thousand events at a time; the next call goes on from there. On PostgreSQL a
    transaction that ends later than one begun after it may be missed: good enough to watch, not to bill.
    """
    latest = session.scalar(select(func.max(col(Event.id)))) or 0
    if event_id is None:
        return latest, {}
    upto = min(latest, event_id + MOST_COUNTED)
    found = (
        select(col(Event.to_state), func.count())
        .where(col(Event.id) > event_id, col(Event.id) <= upto, col(Event.what) == "state")
        .group_by(col(Event.to_state))
    )
    return upto, {str(state): count for state, count in session.execute(found)}


def filtered_lately(session: Session, now: datetime) -> Filtered | None:
    """What carriers filtered of the texts that left within the last hour; None for nothing.

    Only the hour's own texts are counted, from the index of what left, and that only where one was filtered.
    """
    lately = (col(Message.left_at).is_not(None), col(Message.left_at) > now - _LATELY, col(Message.left_at) <= now)
    many = func.count(func.distinct(col(Message.id)))
    found = (
        select(col(Enrollment.protocol), col(Message.step), many)
        .select_from(Message)
        .join(Receipt, (col(Receipt.sid) == col(Message.sid)) & (col(Receipt.error_code) == FILTERED_CODE))
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(*lately, col(Message.state).in_([_S.FAILED, _S.UNDELIVERED]))
        .group_by(col(Enrollment.protocol), col(Message.step))
        .order_by(many.desc(), col(Enrollment.protocol), col(Message.step))
    )
    steps = tuple((protocol, step, count) for protocol, step, count in session.execute(found))
    if not steps:
        return None
    left = select(func.count()).select_from(Message).where(*lately, col(Message.enrollment_id).is_not(None))
    return Filtered(session.scalar(left) or 0, steps)


def _read_only(session: Session) -> bool:
    """Whether PostgreSQL takes no writes: a standby, or switched so. SQLite's file is looked at from outside."""
    if is_sqlite(session.get_bind().engine):
        return False
    standing = text("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool")
    return bool(session.scalar(standing))


def _first(session: Session, when: Mapped[datetime | None], *which: ColumnElement[bool]) -> datetime | None:
    """The earliest of these instants. Not min(): SQLite would read all of them."""
    return session.scalar(select(when).where(when.is_not(None), *which).order_by(when).limit(1))


def _count(session: Session, *which: ColumnElement[bool]) -> int:
    bounded = select(col(Message.id)).where(*which).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(bounded)) or 0


def _last_departure(session: Session) -> datetime | None:
    latest = select(col(Event.at), col(Event.to_state)).order_by(col(Event.id).desc()).limit(_LATEST_EVENTS).subquery()
    last: datetime | None = session.scalar(
        select(func.max(latest.c.at)).where(latest.c.to_state == _S.ATTEMPTING.value)
    )
    return last


def _receipts_only_by_poll(session: Session) -> bool:
    latest = select(col(Receipt.source)).order_by(col(Receipt.id).desc()).limit(_LATEST_RECEIPTS)
    sources = session.scalars(latest).all()
    return len(sources) == _LATEST_RECEIPTS and set(sources) == {"poll"}
