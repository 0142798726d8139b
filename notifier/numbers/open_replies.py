"""The hold is the open reply: what a patient wrote holds texts of its numbers until a person closes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.events import record_event
from notifier.db.rows import insert_if_new, table_of
from notifier.db.tables import Reply, ReplyPhone
from notifier.domain.open_replies import HELD_BESIDE_URGENT, HELD_KINDS, WHOLE, OpenReply, TextsDecision
from notifier.domain.waiting import OpenHold
from notifier.numbers.holds import holds_on

# Tables, not classes: an office's narrowing is for what is listed, not for what keeps it.
_reply, _on = table_of(Reply).alias(), table_of(ReplyPhone).alias()
_OPEN = (
    select(_on.c.phone, _reply.c.id, _reply.c.at, _reply.c.meaning, _reply.c.urgent, _reply.c.office)
    .join(_reply, _reply.c.id == _on.c.reply_id)
    .where(_reply.c.closed_at.is_(None))
    .order_by(_reply.c.urgent.desc(), _reply.c.at, _reply.c.id)
)
_ON_PHONES = _OPEN.where(in_array(_on.c.phone, "phones"))


def hold_by_reply(session: Session, reply_id: int, phones: Iterable[str], *, at: datetime) -> None:
    """Let this reply hold the texts of these numbers as long as it is open."""
    for phone in phones:
        insert_if_new(session, ReplyPhone, {"reply_id": reply_id, "phone": phone, "since": at})


def open_replies_on(session: Session, phones: Collection[str]) -> dict[str, list[OpenReply]]:
    """What nobody has closed of what holds these numbers, by number: urgent ones first, then the oldest."""
    found: dict[str, list[OpenReply]] = defaultdict(list)
    for phone, *about in session.execute(_ON_PHONES, {"phones": set(phones)}):
        found[phone].append(OpenReply(*about))
    return dict(found)


def what_holds_for(session: Session, phone: str, office: str | None) -> list[OpenHold]:
    """Everything for which texts to this number wait, as staff of that office may read it."""
    return [seen_from(one, office) for one in what_holds(session, {phone}).get(phone, ())]


def seen_from(hold: OpenHold, office: str | None) -> OpenHold:
    """The same as staff of that office may read it."""
    return hold.seen_from(office) if isinstance(hold, OpenReply) else hold


def what_holds(session: Session, phones: Collection[str]) -> dict[str, list[OpenHold]]:
    """Everything for which texts to these numbers wait, by number: open replies first, then holds by staff."""
    found: dict[str, list[OpenHold]] = defaultdict(list)
    for phone, replies in open_replies_on(session, phones).items():
        found[phone] += replies
    for phone, holds in holds_on(session, phones).items():
        found[phone] += holds
    return dict(found)


def held_by_reply(phone: ColumnElement[Any], kind: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that an open reply holds a text of this kind to this number: `OpenReply.covers` in SQL."""
    held = or_(
        _reply.c.meaning.in_(list(WHOLE)),
        kind.in_([one.value for one in HELD_KINDS]),
        and_(_reply.c.urgent.is_(True), kind == HELD_BESIDE_URGENT.value),
    )
    return select(literal_column("1")).where(_on.c.phone == phone, *_is_open(), held).exists()


def has_open_reply(phone: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that an open reply holds this number, whatever it holds."""
    return select(literal_column("1")).where(_on.c.phone == phone, *_is_open()).exists()


def close_open_reply(session: Session, reply_id: int, *, at: datetime, by: str, decision: TextsDecision) -> bool:
    """Somebody has read it and decided; False where it was closed before. What it held goes on with the next claim."""
    closed = session.execute(
        update(Reply)
        .where(col(Reply.id) == reply_id, col(Reply.closed_at).is_(None))
        .values(closed_at=at, closed_by=by, decision=decision.value)
        .returning(col(Reply.id))
    ).first()
    if closed is not None:
        record_event(session, at=at, by=by, what="reply_closed", why=f"reply {reply_id}: texts {decision.value}")
    return closed is not None


def reopen_reply(session: Session, reply_id: int, *, at: datetime, by: str) -> bool:
    """Open a reply again, whatever has closed it; it holds its numbers from now on. False where it is open."""
    reopened = session.execute(
        update(Reply)
        .where(col(Reply.id) == reply_id, col(Reply.closed_at).is_not(None))
        .values(closed_at=None, closed_by=None, decision=None)
        .returning(col(Reply.phone))
    ).first()
    if reopened is not None:
        hold_by_reply(session, reply_id, [reopened.phone], at=at)
        record_event(session, at=at, by=by, what="reply_reopened", why=f"reply {reply_id}")
    return reopened is not None


def numbers_held_by(session: Session, reply_id: int) -> list[str]:
    """The numbers that this reply holds, or held before it was closed."""
    return list(session.scalars(select(col(ReplyPhone.phone)).where(col(ReplyPhone.reply_id) == reply_id)))


def follow_number(session: Session, old: str, new: str, *, at: datetime) -> None:
    """What a patient wrote from the old number holds the new one too."""
    for reply in open_replies_on(session, {old}).get(old, ()):
        hold_by_reply(session, reply.id, [new], at=at)


def numbers_with_open_replies(session: Session) -> set[str]:
    """Every number that an open reply holds."""
    return {phone for phone, *_ in session.execute(_OPEN)}


def count_held_since_upgrade(session: Session) -> int:
    """How many replies that were open at the upgrade hold a number, and are not closed yet."""
    found = select(func.count(_reply.c.id.distinct())).select_from(_on).where(*_is_open(), _on.c.since.is_(None))
    return session.scalar(found) or 0


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return _reply.c.id == _on.c.reply_id, _reply.c.closed_at.is_(None)
